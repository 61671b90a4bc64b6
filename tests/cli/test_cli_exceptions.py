"""Making, listing and ending exceptions, as it is typed; and exceptions of files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from aupkeep.base.clock import DAY, format_instant, parse_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.cli import exceptions as face
from aupkeep.cli.excepted import exception_object, read_exceptions
from aupkeep.cli.faces import now
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.flow.signing_in import add_person
from aupkeep.store.database import close_store
from aupkeep.store.exceptions import exceptions

NOW = parse_instant("2026-03-02T08:00:00Z")
SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"
"""
ONE = (
    '{"customer": "c", "clause": "spam", "from": "2026-01-01T00:00Z", "until": "2026-02-01T00:00Z"'
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation in which one person works."""
    folder = tmp_path_factory.mktemp("made")
    found(folder, SETTINGS, policies=("jasmo",), now=NOW)
    open_installation(folder)
    add_person("ann", ("jasmo",), now=NOW)
    close_store()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a copy of it, opened."""
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    open_installation(copy)
    yield copy
    close_store()


def say(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(face.app, [*words, "--dir", str(folder)], env={"COLUMNS": "200"})


def add(folder: Path, **options: str) -> Result:
    given: dict[str, Any] = {
        "customer": "c-1",
        "clause": "spam",
        "until": format_instant(now() + 30 * DAY),
        "reason": "a campaign was announced",
        "by": "ann",
    } | options
    words = [word for name, value in given.items() if value for word in (f"--{name}", value)]
    return say(folder, "add", *words)


def test_an_exception_is_made_listed_and_ended(folder: Path) -> None:
    done = add(folder)
    assert done.exit_code == 0, done.output
    assert "customer c-1 is excepted from clause spam, until" in done.stdout
    (item,) = exceptions()
    listed = say(folder, "list")
    assert listed.stdout.startswith(item.id[:12])
    assert listed.stdout.endswith("a campaign was announced; 0 findings covered\n")
    assert say(folder, "end", item.id[:8], "--by", "ann", "--reason", "it is over").exit_code == 0
    assert say(folder, "list").stdout == "no exception is in force\n"
    (told,) = [
        json.loads(line) for line in say(folder, "list", "--all", "--json").stdout.split("\n")[:-1]
    ]
    assert (told["ended_by"], told["ended_why"], told["findings"]) == ("ann", "it is over", 0)


def test_a_rule_may_be_named_or_given_by_its_id(folder: Path) -> None:
    assert add(folder, clause="", rule="login_spam").exit_code == 0
    (item,) = exceptions()
    assert item.rule not in ("", "login_spam")
    assert add(folder, clause="", rule=item.rule, service="s", customer="").exit_code == 0
    assert {one.rule for one in exceptions()} == {item.rule}


def test_what_is_wrong_is_said_and_nothing_is_made(folder: Path) -> None:
    for options, why in (
        ({"until": "tomorrow"}, "no instant"),
        ({"from": "2026-01-01"}, "no instant"),
        ({"by": "bob"}, "is not a person"),
        ({"clause": "csam"}, "nobody is excepted"),
    ):
        refused = add(folder, **options)
        assert (refused.exit_code, why in refused.output) == (2, True), refused.output
    assert say(folder, "end", "0", "--by", "ann", "--reason", "x").exit_code == 2
    assert exceptions() == []


def test_a_hostile_reason_cannot_drive_a_terminal(folder: Path) -> None:
    assert "\x1b" not in add(folder, reason="all\x1b[2J clear\nnow").stdout


def test_what_list_prints_is_read_back(folder: Path, tmp_path: Path) -> None:
    add(folder)
    add(folder, service="s-1", customer="", clause="", rule="login_spam")
    path = tmp_path / "exceptions.jsonl"
    path.write_text(say(folder, "list", "--json").stdout, encoding="utf-8")
    assert read_exceptions(path) == exceptions()
    assert [exception_object(item)["by"] for item in read_exceptions(path)] == ["ann", "ann"]


def test_the_least_that_a_line_must_say(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.jsonl"
    path.write_text(ONE + "}\n\n", encoding="utf-8")
    (item,) = read_exceptions(path)
    assert (item.provider, item.reason, item.by) == ("", "no reason is given", "nobody named")


def test_every_fault_of_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.jsonl"
    lines = [
        "no json",
        "[]",
        ONE + ', "customr": "c"}',
        ONE + ', "service": "s"}',
        ONE + ', "reason": 7}',
        '{"customer": "c", "clause": "spam", "until": "2026-02-01T00:00Z"}',
        ONE + ', "ended_at": "soon"}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(AupkeepError) as refused:
        read_exceptions(path)
    places = [fault.place.line for fault in refused.value.faults if fault.place]
    assert places == [1, 2, 3, 4, 5, 6, 7]
