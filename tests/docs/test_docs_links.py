"""Links lead somewhere, and nothing in the repository names the machine it was written on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ROOT, pages, prose, sections, slug

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SUFFIXES = frozenset({".md", ".py", ".toml", ".yml", ".txt", ".lock", ".cfg", ".sh", ""})
_LEFT_OUT = frozenset({"__pycache__"})
#: Written in two parts, so that this file is no hit.
_MACHINE = tuple(f"/{first}/" for first in ("work", "tmp/brief"))


def _links(page: Path) -> Iterator[str]:
    text = "\n".join(prose(page))
    yield from _LINK.findall(text)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    for link in _links(page):
        if link.startswith(("https:", "http:", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link} leaves the repository"
        if anchor:
            assert anchor in set(map(slug, sections(target))), f"{page.name}: {link}"


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _links(index)}
    missing = set(pages()) - linked - {index, ROOT / "README.md"}
    assert not missing


def _files() -> Iterator[Path]:
    for folder in ("src", "tests", "docs", "policies", "benchmarks", ".ci", "requirements"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not _LEFT_OUT & set(path.parts) and path.suffix in _SUFFIXES:
                yield path
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in _SUFFIXES)


def test_no_file_names_the_machine_it_was_written_on() -> None:
    hits = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in _files()
        for word in _MACHINE
        if re.search(
            rf"(?<![\w.$-]){re.escape(word)}", path.read_text(encoding="utf-8", errors="replace")
        )
    ]
    assert not hits
