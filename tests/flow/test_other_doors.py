"""Measures through somebody else's door, from the installed commands to the door and back."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from handwork import NOW, FakePower, Place, put, state_of, waiting

from aupkeep.base.clock import DAY, HOUR
from aupkeep.flow.approving import refuse
from aupkeep.policy.model import Measure
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store.database import close_store
from moody import Moody, serving
from receiver import Receiver, secret_key

WORDS = (sys.executable, "-m", "aupkeep")
#: Keeps a file a sanction; says so only in words.
DOOR = """\
#!/bin/sh
set -eu
case $1 in
    apply)
        [ ! -e {0}/broken ] || exit 1
        [ -e {0}/on/$2 ] || {{ echo "$3" > {0}/on/$2; echo "$2" >> {0}/done; }} ;;
    look) if [ -e {0}/on/$2 ]; then echo "in force"; else echo "not in force"; fi ;;
    undo) rm -f {0}/on/$2 ;;
    marks)
        [ "$2" = block_traffic ] || exit 0
        for one in {0}/on/*; do [ ! -e "$one" ] || echo "${{one##*/}} $(cat "$one")"; done ;;
esac
"""
SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"
networks = ["198.51.100.0/24"]

[mail]
outbox = "outbox"

[[power]]
provider = "jasmo"
measure = "suspend_service"
by = "signed_webhook"
url = "{url}"
key_file = "key"
patience = 2

[[power]]
provider = "jasmo"
measure = "block_traffic"
by = "command"
apply = ["{door}", "apply", "{{sanction}}", "{{target}}"]
look = ["{door}", "look", "{{sanction}}"]
undo = ["{door}", "undo", "{{sanction}}"]
marks = ["{door}", "marks", "{{measure}}"]

[[power]]
provider = "jasmo"
measure = "terminate"
by = "command"
apply = ["{door}", "apply", "{{sanction}}", "{{target}}"]
look = ["{door}", "look", "{{sanction}}"]
marks = ["{door}", "marks", "{{measure}}"]
"""


@dataclass
class House:
    """An installation with two doors of other people's."""

    folder: Path
    doors: Path
    server: Moody
    receiver: Receiver

    def did(self, *words: str) -> str:
        done = subprocess.run(
            [*WORDS, *words, "--dir", str(self.folder)],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def standing(self) -> dict[str, str]:
        # Asked of the database, which is quicker than a command each time.
        path = self.folder / "data" / "aupkeep.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as store:
            rows = [
                json.loads(body) for (body,) in store.execute("select body from store_sanction")
            ]
        return {row["id"]: row["state"] for row in rows}

    def wait(self, wanted: dict[Sanction, str]) -> None:
        named = {one.id: state for one, state in wanted.items()}
        until = time.monotonic() + 150
        while (now := self.standing()) != named:
            assert time.monotonic() < until, f"{now} is not {named}: {self.log()}"
            time.sleep(0.1)

    def log(self) -> str:
        return (self.folder / "hand.log").read_text()

    def letters(self) -> list[str]:
        return sorted(path.read_text() for path in (self.folder / "outbox").glob("*.eml"))

    @contextmanager
    def hand(self) -> Iterator[subprocess.Popen[bytes]]:
        """Let the hand work; at the end it must end well."""
        with (self.folder / "hand.log").open("ab") as log:
            running = subprocess.Popen([*WORDS, "hand", str(self.folder)], stdout=log, stderr=log)
            try:
                yield running
            finally:
                running.send_signal(signal.SIGTERM)
                running.wait(60)
        assert "Traceback" not in self.log()


@pytest.fixture
def house(placed: Callable[..., Any], tmp_path: Path) -> Iterator[House]:
    doors = tmp_path / "doors"
    (doors / "on").mkdir(parents=True)
    door = doors / "door"
    door.write_text(DOOR.format(doors))
    door.chmod(door.stat().st_mode | stat.S_IXUSR)
    receiver = Receiver()
    moody = Moody(do=receiver.do, pretend=lambda _: b"{}", error=b'{"error": "no"}')
    with serving(moody, "/orders") as server:
        settings = SETTINGS.format(url=server.url, door=door)
        with placed(tmp_path / "here", settings=settings) as made:
            folder = made.installation.folder
            (folder / "key").write_text(secret_key())
            (folder / "key").chmod(0o600)
            yield House(folder, doors, server, receiver)


def test_there_told_and_back_through_the_installed_commands(house: House) -> None:
    held = put(1, measure=Measure.SUSPEND_SERVICE, scope="service", target="mail-1")
    blocked = put(2, measure=Measure.BLOCK_TRAFFIC, scope="address", target="198.51.100.7")
    close_store()
    house.did("arm", "suspend_service", "block_traffic", "terminate")
    # The receiver acts, and its reply is lost; then it says of what it did that all is well.
    house.server.moods = ["lost"]
    with house.hand():
        house.wait({held: "announced", blocked: "announced"})
        assert house.receiver.standing == {held.id: "mail-1"}
        assert (house.doors / "on" / blocked.id).read_text() == "198.51.100.7\n"
        assert len(house.letters()) == 2
        house.did("sanction", "reconcile")
        for one in (held, blocked):
            house.did("sanction", "lift", one.id, "--reason", "mended")
        house.wait({held: "lifted", blocked: "lifted"})
    assert house.receiver.effects == [("apply", held.id), ("undo", held.id)]
    assert list((house.doors / "on").iterdir()) == []
    assert (house.doors / "done").read_text().split() == [blocked.id]
    assert len(house.letters()) == 4


@pytest.mark.slow
def test_nobody_is_told_of_what_was_not_seen_and_a_killed_hand_goes_on(house: House) -> None:
    held = put(1, measure=Measure.SUSPEND_SERVICE, scope="service", target="mail-1")
    blocked = put(2, measure=Measure.BLOCK_TRAFFIC, scope="address", target="198.51.100.7")
    close_store()
    house.did("arm", "suspend_service", "block_traffic")
    (house.doors / "broken").touch()
    # It lies about every order, and answers looks as things are.
    honest = house.server.do
    house.server.do = lambda asked: b"{}" if b'"apply"' in asked.body else honest(asked)
    with house.hand() as running:
        house.wait({held: "failed", blocked: "failed"})
        assert house.letters() == []
        os.kill(running.pid, signal.SIGKILL)
        running.wait(60)
    (house.doors / "broken").unlink()
    house.server.do = honest
    house.did("sanction", "retry", blocked.id)
    house.did("sanction", "retry", held.id)
    with house.hand():
        house.wait({held: "announced", blocked: "announced"})
    assert house.receiver.effects == [("apply", held.id)]
    assert (house.doors / "done").read_text().split() == [blocked.id]
    assert len(house.letters()) == 2


@dataclass(slots=True)
class Slow(FakePower):  # type: ignore[misc]  # stands beside, found by pytest alone
    """A power that waits."""

    delay: int = DAY


def test_what_waits_is_not_called_before_and_can_be_refused(here: Place) -> None:
    here.power = power = Slow(fate=here.fate)
    ended, stopped = (
        put(number, people=2, approved_by=("ann", "bob"), ready_at=NOW, target=target)
        for number, target in ((1, "ann@c.example"), (2, "bob@c.example"))
    )
    here.work()
    for one in (ended, stopped):
        assert state_of(one) is State.APPROVED
        assert waiting(one).next_at == NOW + DAY
        assert "nothing is done before 2026-03-03T08:00:00Z" in waiting(one).trouble
    refuse(stopped.id, "cyd", "we have spoken", now=NOW + HOUR)
    here.later(DAY - 1)
    assert state_of(ended) is State.APPROVED
    assert power.called["apply"] == power.called["plan"] == 0
    here.later(1)
    assert state_of(ended) is State.ANNOUNCED
    assert state_of(stopped) is State.REFUSED
    assert power.done == {"applied": 1}
    assert here.alarms() == []
