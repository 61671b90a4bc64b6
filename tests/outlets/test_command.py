"""The command: a real program behind the door, hostile targets, and every way to break off."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aupkeep.base.clock import DAY
from aupkeep.outlets.command.power import MOST, PLACES, Command, _fill
from aupkeep.outlets.command.shape import CommandShape
from aupkeep.outlets.remit import Remit
from aupkeep.sanctions.power import Order, PowerFault
from orders import NOW, Clock, order

#: A door as a provider would write it: a file a sanction.
DOOR = """\
#!/bin/sh
# ACT FOLDER SANCTION TARGET: keeps a file for each sanction.
set -eu
folder=$2
[ ! -e "$folder/mood" ] || . "$folder/mood"
case $1 in
    apply) [ -e "$folder/on/$3" ] || {
            printf '%s' "$4" > "$folder/on/$3"
            echo "$3" >> "$folder/done"
        } ;;
    look)
        said="not in force"
        [ "$(cat "$folder/on/$3" 2>/dev/null)" != "$4" ] || said="in force"
        echo "$said"
        echo "looked" ;;
    undo) rm -f "$folder/on/$3" ;;
    marks) for one in "$folder"/on/*; do [ ! -e "$one" ] || echo "${one##*/} $(cat "$one")"; done ;;
esac
[ ! -e "$folder/after" ] || . "$folder/after"
"""


@dataclass
class CommandWorld:
    """A program and what it keeps."""

    power: Command
    folder: Path
    clock: Clock

    def order(self, number: int = 1, **changes: Any) -> Order:
        asked = {"measure": self.power.measure, "scope": "service", "target": f"svc-{number}"}
        return order(number, **(asked | changes))

    def standing(self) -> set[str]:
        return {path.name for path in (self.folder / "on").iterdir()}

    def mood(self, script: str, *, after: bool = False) -> None:
        """Let the program do something else first, or last."""
        (self.folder / ("after" if after else "mood")).write_text(script + "\n")

    def calm(self) -> None:
        for name in ("mood", "after"):
            (self.folder / name).unlink(missing_ok=True)


@contextmanager
def world(
    folder: Path, *, measure: str = "deny_service", delay: int = 0, patience: float = 10
) -> Iterator[CommandWorld]:
    """Write the program and the power that runs it."""
    (folder / "on").mkdir()
    door = program(folder / "door", DOOR)
    clock = Clock()
    ends = [str(folder), "{sanction}", "{target}"]
    words = {act: (str(door), act, *ends) for act in ("apply", "look", "undo")}
    power = Command(
        provider="jasmo",
        remit=Remit(measure=measure, delay=delay, clock=clock),
        words=words | {"marks": (str(door), "marks", str(folder))},
        patience=patience,
    )
    yield CommandWorld(power, folder, clock)


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def one(tmp_path: Path) -> Iterator[CommandWorld]:
    with world(tmp_path) as made:
        yield made


def test_there_and_back(one: CommandWorld) -> None:
    power, asked = one.power, one.order()
    assert power.plan(asked) == ""
    assert power.look(asked).how.endswith("says: not in force; looked")
    power.apply(asked)
    power.apply(asked)
    assert power.look(asked).in_force
    (mark,) = power.marks()
    assert (mark.sanction, mark.target) == (asked.sanction, asked.target)
    power.undo(asked)
    power.undo(asked)
    assert not power.look(asked).in_force
    assert (one.folder / "done").read_text().split() == [asked.sanction]
    assert power.troubles() == []


@pytest.mark.parametrize(
    ("script", "said", "retry"),
    [
        ("exit 1", "exit code 1", False),
        ("echo 'no such service' >&2; exit 3", "exit code 3: no such service", False),
        ("exit 75", "exit code 75", True),
        ("kill -9 $$", "a signal ended", True),
        ("exec sleep 60", "gave no answer within 0.5 s", True),
        ("sleep 60 & wait", "gave no answer within 0.5 s", True),
        ("exec cat /dev/zero", "says more than", False),
        ("exec cat /dev/zero >&2", "says more than", False),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before it acted", "after it acted"])
@pytest.mark.parametrize("act", ["apply", "undo"])
def test_every_break_off_ends_well_at_the_next_try(
    tmp_path: Path, act: str, script: str, said: str, *, after: bool, retry: bool
) -> None:
    with world(tmp_path, patience=0.5 if "sleep" in script else 20) as one:
        patient = Command(
            provider="jasmo", remit=one.power.remit, words=one.power.words, patience=20
        )
        asked = one.order()
        if act == "undo":
            patient.apply(asked)
        one.mood(script, after=after)
        with pytest.raises(PowerFault, match=said) as fault:
            getattr(one.power, act)(asked)
        assert fault.value.retry == retry
        one.calm()
        getattr(patient, act)(asked)
        assert patient.look(asked).in_force == (act == "apply")
        assert (one.folder / "done").read_text().split() == [asked.sanction]


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    with world(tmp_path, patience=0.5) as one:
        one.mood(f"sleep 61 & echo $! > {one.folder}/child; wait")
        with pytest.raises(PowerFault, match="gave no answer"):
            one.power.apply(one.order())
        child = Path("/proc") / (one.folder / "child").read_text().strip()
        until = time.monotonic() + 30
        while child.exists() and "(sleep) Z" not in (child / "stat").read_text():
            assert time.monotonic() < until
            time.sleep(0.01)


def test_what_goes_on_in_the_background_holds_nobody_up(one: CommandWorld) -> None:
    one.mood("sleep 5 &", after=True)
    began = time.monotonic()
    one.power.apply(one.order())
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "script",
    ["exit 0", "echo yes; exit 0", "echo 'it is in force'; exit 0", "echo; echo in force; exit 0"],
)
def test_only_words_say_that_it_is_in_force(one: CommandWorld, script: str) -> None:
    one.power.apply(one.order())
    one.mood(script)
    with pytest.raises(PowerFault, match="its first line is neither"):
        one.power.look(one.order())


def test_a_look_that_broke_off_says_nothing(one: CommandWorld) -> None:
    one.power.apply(one.order())
    one.mood("echo 'not in force'; exit 1")
    with pytest.raises(PowerFault, match="exit code 1"):
        one.power.look(one.order())


def test_marks_of_people_and_lines_that_are_none(one: CommandWorld) -> None:
    one.mood("echo '- svc-9 by hand'; exit 0")
    (mark,) = one.power.marks()
    assert (mark.sanction, mark.target) == ("", "svc-9 by hand")
    one.mood("echo what; exit 0")
    with pytest.raises(PowerFault, match="SANCTION TARGET"):
        one.power.marks()


def test_what_the_program_gets_to_know(tmp_path: Path) -> None:
    told = tmp_path / "told"
    tell = "[sys.argv[1:], dict(os.environ), os.getcwd(), sys.stdin.read()]"
    script = program(
        tmp_path / "tell",
        f"#!/usr/bin/python3\nimport json, os, sys\njson.dump({tell}, open({str(told)!r}, 'w'))\n",
    )
    power = Command(
        provider="jasmo",
        remit=Remit(measure="deny_service"),
        words={"apply": (str(script), "--", *PLACES, "$(id)", "*")},
    )
    hostile = "$(touch${IFS}x);`id`|'\"{case}*"
    power.apply(order(measure="deny_service", scope="service", target=hostile))
    words, environment, folder, given_in = json.loads(told.read_text())
    assert words == [
        *("--", hostile, "service", f"{1:032x}", "case-1", "c-1", "jasmo"),
        *("deny_service", "2026-03-03T08:00:00Z", "$(id)", "*"),
    ]
    assert set(environment) <= {"PATH", "LC_ALL", "LC_CTYPE"}
    assert (folder, given_in) == ("/", "")
    power.apply(order(measure="deny_service", scope="service", target="svc-1", until=None))
    assert json.loads(told.read_text())[0][-3] == "never"


@given(st.text(), st.lists(st.sampled_from([*PLACES, "a", "-b"])))
def test_a_value_is_always_one_argument(value: str, words: list[str]) -> None:
    filled = _fill(words, dict.fromkeys(PLACES, value))
    assert len(filled) == len(words)
    assert all(
        new == (value if old in PLACES else old) for old, new in zip(words, filled, strict=True)
    )


@given(st.text())
def test_a_target_that_is_carried_is_no_option_and_no_second_line(target: str) -> None:
    if Remit(measure="deny_service").carries("service", target) == "":
        assert not target.startswith("-")
        assert target.split() == [target]
        assert "\0" not in target


def test_a_place_that_would_be_empty(one: CommandWorld) -> None:
    words = {"apply": (*one.power.words["apply"], "{customer}")}
    power = Command(provider="jasmo", remit=one.power.remit, words=words)
    for customer in ("", "-x", "a\0b"):
        with pytest.raises(PowerFault, match=r"`\{customer\}` would be empty or could be read"):
            power.apply(one.order(customer=customer))
    assert one.standing() == set()


def test_programs_that_cannot_be_run(one: CommandWorld) -> None:
    door = one.folder / "door"
    door.chmod(0o646)
    assert "cannot be run" in one.power.troubles()[0] or os.geteuid() == 0
    door.chmod(0o777)
    assert one.power.troubles() == [f"everybody may write to `{door}`"]
    door.chmod(0o755)
    one.mood("echo broken >&2; exit 9")
    assert one.power.troubles() == [f"`{door}` (marks): exit code 9: broken"]
    door.unlink()
    assert "is not there" in one.power.troubles()[0]
    with pytest.raises(PowerFault, match="cannot be started: no such file") as fault:
        one.power.apply(one.order())
    assert not fault.value.retry


def test_the_end_of_a_contract_waits_and_has_no_way_back(tmp_path: Path) -> None:
    with world(tmp_path, measure="terminate", delay=DAY) as one:
        asked = one.order(agreed_at=NOW - DAY + 1)
        with pytest.raises(PowerFault, match="may not be done before"):
            one.power.apply(asked)
        assert one.standing() == set()
        one.clock.now += 1
        one.power.apply(asked)
        one.power.undo(asked)
        assert one.power.look(asked).in_force
        assert not one.power.reversible


TABLE: dict[str, Any] = {
    "provider": "jasmo",
    "by": "command",
    "measure": "deny_service",
    "apply": ["/opt/door", "on", "{sanction}", "{target}"],
    "look": ["/opt/door", "look", "{sanction}"],
    "undo": ["/opt/door", "off", "{sanction}"],
    "marks": ["/opt/door", "list"],
}


def test_a_table_that_is_right() -> None:
    power = CommandShape.model_validate(TABLE).opened(Path("/x"))
    assert power.words["undo"] == ("/opt/door", "off", "{sanction}")
    ended = CommandShape.model_validate(
        {**TABLE, "measure": "terminate", "undo": [], "delay": "2d"}
    ).opened(Path("/x"))
    assert (ended.delay, "undo" in ended.words) == (2 * DAY, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"apply": []}, "at least 1"),
        ({"apply": ["door", "{sanction}"]}, "from the root"),
        ({"apply": ["/opt/door", "--of={target}", "{sanction}"]}, "a place is a whole argument"),
        ({"apply": ["/opt/door", "{who}", "{sanction}"]}, "a place is a whole argument"),
        ({"apply": ["/opt/door", "{target}"]}, "must be told `{sanction}`"),
        ({"apply": ["{target}"]}, "from the root"),
        ({"look": []}, "at least 1"),
        ({"undo": []}, "`undo` is needed"),
        ({"measure": "terminate"}, "`undo` is needed, but for `terminate`"),
        ({"marks": ["/opt/door", "{sanction}"]}, "lists what all have left"),
        ({"delay": "1m"}, "an hour at least"),
        ({"scopes": ["planet"]}, "`planet` is no scope"),
        ({"look": ["/opt/door", "a\0", "{sanction}"]}, "zero byte"),
    ],
)
def test_tables_that_are_wrong(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CommandShape.model_validate(TABLE | change)


def test_output_is_bounded() -> None:
    assert MOST == 1 << 20
