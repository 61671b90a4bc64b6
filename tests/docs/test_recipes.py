"""The recipes of CONTRIBUTING, followed word for word on a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, Fenced, fenced

from aupkeep.detection.reading import read_rules
from aupkeep.policy.draft import open_folder

PAGE = ROOT / "CONTRIBUTING.md"
_NEW = re.compile(r"(?:\d+\. )?New file `([^`]+)`:")
_CHANGED = re.compile(r"In `([^`]+)`:")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of what a recipe changes."""
    for name in ("src", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def _recipe(title: str) -> list[Fenced]:
    """Return the blocks of the section with this title, in order."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"\n## {title}\n")
    end = text.find("\n## ", start + 4)
    return list(fenced(text[start : end if end > 0 else len(text)], PAGE))


def follow(title: str, tree: Path) -> list[str]:
    """Do what the recipe says; return what each block of commands printed."""
    said = []
    for block in _recipe(title):
        new, changed = _NEW.fullmatch(block.before), _CHANGED.fullmatch(block.before)
        if block.info == "sh":
            said.append(_run(block.text, tree))
        elif new:
            path = tree / new[1]
            assert not path.exists(), f"{new[1]} is there already"
            path.write_text(block.text, encoding="utf-8")
        else:
            assert changed, f"where does this belong? {block.text}"
            assert block.info == "diff"
            _change(tree / changed[1], block.text)
    return said


def _change(path: Path, diff: str) -> None:
    text = path.read_text(encoding="utf-8")
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines()
        old = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "-"))
        new = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "+"))
        assert text.count(old) == 1, f"{path.name} does not hold this place once:\n{old}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _run(script: str, tree: Path) -> str:
    program = tree / "bin" / "aupkeep"
    if not program.exists():
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aupkeep "$@"\n')
        program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(tree / "src"),
        "COLUMNS": "200",
    }
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _samples(tree: Path) -> int:
    """Return how many samples the rules of the copy's policy hold."""
    folder = tree / "policies" / "jasmo"
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in (".md", ".yml")
    }
    draft = open_folder(texts)
    rules = read_rules(draft.rules, clauses=tuple(draft.clauses), plans=None)
    return sum(len(rule.aup.samples) for rule in rules.rules.values() if rule.aup)


def test_add_a_format(tree: Path) -> None:
    (said,) = follow("Add a format", tree)
    row, ignored, *_ = said.splitlines()
    assert "row" in row.split()
    assert "user='root'" in row
    assert "ignored" in ignored.split()
    assert "2 lines, 1 events; 1 ignored, 0 rejected" in said


def test_add_a_rule(tree: Path) -> None:
    before = _samples(tree)
    (said,) = follow("Add a rule", tree)
    assert "no fault" in said
    assert f"{before + 2} samples, 0 failures" in said


def test_add_a_power(tree: Path) -> None:
    _, said = follow("Add a power", tree)
    assert "no fault" in said
    assert "ladder readers: warn, hold_mail, deny_service" in said
    assert "power: deny_service" not in said
    assert "armed: power deny_service of jasmo" in said
    assert "what is in force is what the sanctions say" in said
    assert (tree / "play" / "denied").is_dir()


def test_a_recipe_that_has_drifted_is_noticed(tree: Path) -> None:
    with pytest.raises(AssertionError, match="does not hold this place once"):
        _change(tree / "src" / "aupkeep" / "settings.py", " a line that nobody wrote\n+another\n")
