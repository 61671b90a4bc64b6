"""The documentation as values: pages, fenced blocks, tables, links.

In: the repository's Markdown files. Out: what the tests of this folder compare with the program.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"(?P<indent> *)```(?P<info>[^`]*)")
_HEADING = re.compile(r"(#+) (.*)")
_ROW = re.compile(r"\| `([^`]+)`((?:, `[^`]+`)*) \|")
_CUT = frozenset({"|", ">", ">>", "<", "&&", ";", "#"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """A fenced block: the last line of text before it, its info string, its text."""

    page: Path
    before: str
    info: str
    text: str


def pages() -> list[Path]:
    """Return every page of the documentation."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Fenced]:
    """Yield the fenced blocks of `page`, without the indent of the list they stand in."""
    yield from fenced(page.read_text(encoding="utf-8"), page)


def fenced(text: str, page: Path) -> Iterator[Fenced]:
    """Yield the fenced blocks of `text`, a part of `page`."""
    before, info, indent = "", None, 0
    inside: list[str] = []
    for line in text.splitlines():
        fence = _FENCE.fullmatch(line)
        if info is None and fence:
            info, indent, inside = fence["info"], len(fence["indent"]), []
        elif info is not None and fence and not fence["info"]:
            yield Fenced(page=page, before=before, info=info, text="\n".join(inside) + "\n")
            info = None
        elif info is not None:
            inside.append(line[indent:])
        elif line.strip():
            before = line.strip()


def prose(page: Path) -> Iterator[str]:
    """Yield the lines of `page` that stand in no fenced block."""
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if _FENCE.fullmatch(line):
            inside = not inside
        elif not inside:
            yield line


def sections(page: Path) -> dict[str, list[str]]:
    """Return heading -> its lines of prose, up to the next heading of any level."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in prose(page):
        heading = _HEADING.fullmatch(line)
        if heading:
            current = found.setdefault(heading[2], [])
        else:
            current.append(line)
    return found


def described(lines: list[str]) -> set[str]:
    """Return the words in code that the first cells of table rows name."""
    rows = filter(None, map(_ROW.match, lines))
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row[0])}


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


def calls(text: str) -> Iterator[list[str]]:
    """Yield the words after `aupkeep` in each call that shell text holds."""
    for line in text.splitlines():
        call: list[str] = []
        for word in [*shlex.split(line, comments=True), ";"]:
            if word not in _CUT:
                call.append(word)
                continue
            if call and (call[0] == "aupkeep" or call[0].endswith("/aupkeep")):
                yield call[1:]
            # What a call is redirected to is no call, and is skipped with it.
            call = []
