"""Commands that arm, list, lift, pause and acknowledge, as they are typed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from aupkeep.base.clock import DAY, parse_instant
from aupkeep.cli import alarms as alarm_face
from aupkeep.cli import arm as arm_face
from aupkeep.cli import person as person_face
from aupkeep.cli import sanctions as sanction_face
from aupkeep.flow.alarms import raise_alarm
from aupkeep.flow.changing import keep
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store.database import close_store, unit

NOW = parse_instant("2026-03-02T08:00:00Z")
SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[mail]
outbox = "outbox"

[[power]]
provider = "jasmo"
measure = "hold_mail"
map = "map"
"""
HOSTILE = "[/red]\x1b[2J\n[bold]ann"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation in which nobody works."""
    folder = tmp_path_factory.mktemp("made")
    found(folder, SETTINGS, policies=("jasmo",), now=NOW)
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


def say(app: Any, folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--dir", str(folder)], env={"COLUMNS": "200"})


def put(number: int, *, state: State, target: str = "ann@c.example") -> Sanction:
    made = Sanction(
        id=f"{number:032x}",
        case="c" * 32,
        provider="jasmo",
        customer="c-1",
        clause="spam",
        step="stop-sending",
        measure="hold_mail",
        scope="mailbox",
        target=target,
        power="hold_mail",
        state=state,
        would_do=False,
        since=NOW + number,
        until=NOW + DAY,
        people=1,
        approved_by=("ann",),
        applied_at=None if state in (State.PROPOSED, State.APPROVED) else NOW,
        touches_service=True,
        length=DAY,
    )
    with unit():
        recording = Recording()
        keep(made, recording, now=NOW)
        recording.keep()
    return made


def test_arming_says_what_is_still_missing(folder: Path) -> None:
    half = say(arm_face.arm_app, folder, "hold_mail")
    assert half.exit_code == 0
    assert half.stdout == (
        "armed: power hold_mail of jasmo\n"
        "jasmo: no clause is armed, so nothing is carried out yet\n"
    )
    whole = say(arm_face.arm_app, folder, "spam")
    assert whole.stdout.endswith("jasmo: hold_mail for spam\n")
    assert "armed already" in say(arm_face.arm_app, folder, "spam").stdout


def test_a_misspelt_name_arms_nothing(folder: Path) -> None:
    wrong = say(arm_face.arm_app, folder, "spam", "hold_mial")
    assert wrong.exit_code == 2
    assert "did you mean `hold_mail`?" in wrong.stderr
    assert "armed already" not in say(arm_face.arm_app, folder, "spam").stdout


def test_disarming_names_what_it_refuses_as_one_line(folder: Path) -> None:
    say(arm_face.arm_app, folder, "hold_mail", "spam")
    put(1, state=State.PROPOSED, target=HOSTILE)
    put(2, state=State.FAILED)
    done = say(arm_face.disarm_app, folder, "hold_mail")
    assert done.stdout.splitlines() == [
        "disarmed: power hold_mail of jasmo",
        "refused: hold_mail on [/red][U+001B][2J [bold]ann, sanction 000000000000",
        "taken back: hold_mail on ann@c.example, sanction 000000000000",
    ]
    assert say(arm_face.disarm_app, folder, "hold_mail").stdout == "was not armed\n"


def test_a_strangers_login_is_text_in_the_table(folder: Path) -> None:
    put(1, state=State.ANNOUNCED, target=HOSTILE)
    table = say(sanction_face.app, folder, "list")
    assert table.exit_code == 0, table.exception
    assert "\x1b" not in table.stdout
    assert "[/red][U+001B][2J [bold]ann" in table.stdout
    assert len(table.stdout.splitlines()) == 2


def test_the_object_of_a_sanction(folder: Path) -> None:
    one = put(1, state=State.ANNOUNCED)
    put(2, state=State.REFUSED)
    said = say(sanction_face.app, folder, "list", "--json", "--state", "announced")
    (told,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert {name: told[name] for name in ("id", "case", "measure", "target", "power", "state")} == {
        "id": one.id,
        "case": one.case,
        "measure": "hold_mail",
        "target": "ann@c.example",
        "power": "hold_mail",
        "state": "announced",
    }
    assert (told["from"], told["until"]) == ("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z")
    assert told["approved_by"] == ["ann"]


def test_lifting_needs_a_reason_and_something_in_force(folder: Path) -> None:
    standing, waiting = put(0xA << 120, state=State.ANNOUNCED), put(1, state=State.PROPOSED)
    assert say(sanction_face.app, folder, "lift", standing.id).exit_code == 2
    assert say(sanction_face.app, folder, "lift", standing.id, "--reason", " ").exit_code == 3
    assert say(sanction_face.app, folder, "lift", waiting.id, "--reason", "so").exit_code == 3
    done = say(sanction_face.app, folder, "lift", standing.id[:4], "--reason", "so", "--release")
    assert done.stdout == "hold_mail on ann@c.example is lifting\n"
    assert say(sanction_face.app, folder, "lift", "zz", "--reason", "so").exit_code == 3


def test_comparing_names_both_sides(folder: Path) -> None:
    one = put(1, state=State.ANNOUNCED)
    (folder / "map").write_text("eve@c.example HOLD by hand\n")
    said = say(sanction_face.app, folder, "reconcile")
    assert said.exit_code == 1
    orphan, missing = said.stdout.splitlines()
    assert orphan.startswith("orphan: hold_mail on eve@c.example of jasmo: it was not written by")
    assert missing == f"missing: hold_mail on ann@c.example: sanction {one.id} has no mark"
    told = [
        json.loads(line)
        for line in say(sanction_face.app, folder, "reconcile", "--json").stdout.splitlines()
    ]
    assert [item["difference"] for item in told] == ["orphan", "missing"]
    assert [item["sanction"] for item in told] == ["", one.id]


def test_nothing_to_compare(folder: Path) -> None:
    said = say(sanction_face.app, folder, "reconcile")
    assert (said.exit_code, said.stdout) == (0, "what is in force is what the sanctions say\n")


def test_pausing_going_on_and_the_alarm(folder: Path) -> None:
    assert say(alarm_face.pause_app, folder, "hold_mail").exit_code == 2
    assert say(alarm_face.pause_app, folder, "holdmail", "--reason", "so").exit_code == 2
    once = say(alarm_face.pause_app, folder, "hold_mail", "--reason", "so")
    assert once.stdout == "hold_mail of jasmo is paused\n"
    again = say(alarm_face.pause_app, folder, "hold_mail", "--reason", "so")
    assert again.stdout == "hold_mail of jasmo is paused already\n"
    said = say(alarm_face.app, folder, "list", "--json")
    (told,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert (told["kind"], told["subject"], told["acknowledged_by"]) == ("paused", "hold_mail", "")
    assert say(alarm_face.app, folder, "acknowledge", told["id"][:8]).exit_code == 0
    assert say(alarm_face.app, folder, "list").stdout == ""
    assert say(alarm_face.app, folder, "list", "--all").stdout.count("\n") == 1
    assert say(alarm_face.app, folder, "acknowledge", "zz").exit_code == 3
    assert say(alarm_face.resume_app, folder, "hold_mail", "--reason", "well").exit_code == 0
    assert say(alarm_face.resume_app, folder, "hold_mail", "--reason", "well").exit_code == 3


def test_an_alarm_is_one_line(folder: Path) -> None:
    raise_alarm("jasmo", "orphan", "x", "a\nb\x1b[2J", now=NOW)
    assert len(say(alarm_face.app, folder, "list").stdout.splitlines()) == 1


def test_people_and_their_links(folder: Path) -> None:
    first = say(person_face.app, folder, "add", "ann")
    assert first.stdout.startswith("http://127.0.0.1:8000/sign-in/")
    again = say(person_face.app, folder, "add", "ann").stdout.splitlines()
    assert again[0] == "ann is let in already"
    link = say(person_face.app, folder, "link", "ann").stdout
    assert link not in (first.stdout, again[1] + "\n")
    assert say(person_face.app, folder, "link", "bob").exit_code == 2
    assert say(person_face.app, folder, "add", "a\tb").exit_code == 2
    listed = say(person_face.app, folder, "list", "--json").stdout
    assert json.loads(listed) == {"name": "ann", "active": True, "role": "lead"}


def test_nothing_waits(folder: Path) -> None:
    one = put(1, state=State.LIFTED)
    assert say(sanction_face.app, folder, "retry", one.id).exit_code == 3
    assert say(sanction_face.app, folder, "settle", one.id, "--sent").exit_code == 3
    assert say(sanction_face.app, folder, "settle", one.id).exit_code == 2
    other = replace(one, id="f" * 32)
    assert say(sanction_face.app, folder, "retry", other.id).exit_code == 3
