"""Every module says what it is, and those of the stages what comes in and what goes out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pages import ROOT

SOURCE = ROOT / "src" / "aupkeep"
#: Folders whose modules take values and give values.
STAGES = (
    *("base", "policy", "signals", "events", "attribution", "detection"),
    *("cases", "decisions", "sanctions", "record", "flow", "demo"),
)
#: Made by a program.
_MADE = "migrations"


def _modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if _MADE not in path.parts]


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def test_every_module_has_a_docstring() -> None:
    assert not [path.name for path in _modules(SOURCE) if not _docstring(path)]


@pytest.mark.parametrize("stage", STAGES)
def test_modules_of_a_stage_say_what_comes_in_and_goes_out(stage: str) -> None:
    modules = _modules(SOURCE / stage)
    assert modules
    silent = [
        str(path.relative_to(SOURCE))
        for path in modules
        if "In:" not in _docstring(path) or "Out:" not in _docstring(path)
    ]
    assert not silent


def test_the_architecture_names_every_folder() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()]
    assert not [name for name in folders if f"\n  {name}/ " not in text]
