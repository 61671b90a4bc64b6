"""Every command line in the documentation can be typed, and every command is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from pages import ROOT, blocks, calls, described, pages, sections

from aupkeep.cli import COMMANDS
from aupkeep.cli.archive import row_object
from aupkeep.cli.archive_hold import hold_object
from aupkeep.cli.cases import case_object
from aupkeep.cli.events import _object
from aupkeep.cli.record import _say
from aupkeep.cli.report import _item_object, reading_object
from aupkeep.cli.sanctions import _say_difference, sanction_object
from aupkeep.cli.words import finding_object, summary_object

#: Languages of blocks that hold shell.
_SHELL = frozenset({"sh", "bash", "shell", "console"})


def _command(name: str) -> Any:
    module, attribute, _ = COMMANDS[name]
    return typer.main.get_command(getattr(importlib.import_module(module), attribute))


def _leaves() -> Iterator[tuple[str, Any]]:
    for name in COMMANDS:
        command = _command(name)
        below = getattr(command, "commands", None)
        if below is None:
            yield name, command
        else:
            for inner, leaf in below.items():
                yield f"{name} {inner}", leaf
                for deeper, last in getattr(leaf, "commands", {}).items():
                    yield f"{name} {inner} {deeper}", last


def _typed() -> list[tuple[str, list[str]]]:
    found = []
    for page in pages():
        for block in blocks(page):
            if block.info.split(" ")[0] in _SHELL:
                found += [(page.name, call) for call in calls(block.text)]
    return found


def _parse(command: Any, name: str, words: list[str]) -> None:
    """Parse `words` as the command line would; raises what click raises for what is wrong."""
    below = getattr(command, "commands", None)
    alone = getattr(command, "invoke_without_command", False)
    if below is None or (alone and (not words or words[0].startswith("--"))):
        command.make_context(name, list(words)).close()
    else:
        assert words, f"`{name}` needs a command"
        assert words[0] in below, f"`{name} {words[0]}` is no command"
        _parse(below[words[0]], f"{name} {words[0]}", words[1:])


def test_the_pages_hold_commands_to_try() -> None:
    assert len(_typed()) > 30


@pytest.mark.parametrize(("page", "words"), _typed(), ids=str)
def test_every_command_line_parses(page: str, words: list[str]) -> None:
    assert words[0] in COMMANDS, f"{page}: `aupkeep {words[0]}` is no command"
    _parse(_command(words[0]), words[0], words[1:])


def test_every_command_has_its_section_and_no_other_has_one() -> None:
    headings = sections(ROOT / "docs" / "reference" / "cli.md")
    named = {head.strip("`") for head in headings if head.startswith("`")}
    assert named == {f"aupkeep {name}" for name, _ in _leaves()}


@pytest.mark.parametrize(
    ("name", "command"), list(_leaves()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_option_is_described_and_no_other_is(name: str, command: Any) -> None:
    lines = sections(ROOT / "docs" / "reference" / "cli.md")[f"`aupkeep {name}`"]
    options = {
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--help"
    }
    assert {word for word in described(lines) if word.startswith("--")} == options


def _keys(function: Any) -> set[str]:
    """Return the keys of the JSON objects that `function` writes out."""
    tree = ast.parse(inspect.getsource(function))
    return {
        key.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


@pytest.mark.parametrize(
    ("command", "functions"),
    [
        ("detect", (finding_object, summary_object)),
        ("report parse", (reading_object, _item_object)),
        ("case list", (case_object,)),
        ("record verify", (_say,)),
        ("events", (_object,)),
        ("archive find", (row_object,)),
        ("archive hold list", (hold_object,)),
        ("sanction list", (sanction_object,)),
        ("sanction reconcile", (_say_difference,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_key_of_an_object_is_described(command: str, functions: tuple[Any, ...]) -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    own = page.partition(f"\n## `aupkeep {command}`\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"[\"`](\w+)[\"`]", own))
    stated = set().union(*map(_keys, functions))
    assert stated
    assert not stated - named
