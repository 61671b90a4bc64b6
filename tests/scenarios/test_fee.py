"""A fee on a real installation, by installed commands and a hand that is a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from installed import Command

from aupkeep.flow.changing import keep
from aupkeep.flow.installation import open_installation
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store.database import close_store, unit

FEE = "f" * 32
PATIENCE = 120


@contextmanager
def hand(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Let a hand work, and stop it."""
    process = subprocess.Popen(
        [*Command.words, "hand", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def agreed_fee(folder: Path) -> None:
    """Store a fee that the person who runs this has agreed to, as the desk does."""
    open_installation(folder)
    now = time.time_ns() // 1000
    made = Sanction(
        id=FEE,
        case="c" * 32,
        provider="injazat",
        customer="c-1",
        clause="spam",
        step="again",
        measure="fee",
        scope="account",
        target="c-1",
        power="fee",
        state=State.APPROVED,
        would_do=False,
        since=now,
        until=None,
        people=1,
        approved_by=("bob",),
        tier="fact",
        policy_version="1.0",
        amount=50000,
        currency="SAR",
    )
    with unit():
        recording = Recording()
        keep(made, recording, now=now, next_at=now)
        recording.keep()
    close_store()


@pytest.mark.slow
def test_charged_killed_disputed_upheld_and_credited(aupkeep: Command, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    assert aupkeep("init", folder, "--policy", "injazat", "--root", tmp_path).code == 0
    settings = folder / "aupkeep.toml"
    written = settings.read_text()
    if "[mail]" not in [line.strip() for line in written.splitlines()]:
        settings.write_text(written + '\n[mail]\noutbox = "outbox"\n')
    said = "provider,customer,service,name,value,from,to,recorded_at\n"
    book = tmp_path / "profiles.csv"
    since = "2026-01-01T00:00:00Z"
    book.write_text(f"{said}injazat,c-1,,contact,kim@c.example,{since},,{since}\n")
    here = ("--dir", folder)
    assert aupkeep("holdings", "import", book, "--source", "crm", *here).code == 0
    armed = aupkeep("arm", "fee", "spam", *here)
    assert armed.code == 0, armed.err

    def fee() -> dict[str, Any]:
        listed = aupkeep("fee", "list", "--json", *here).objects()
        return listed[0] if listed else {"state": "", "balance": {}}

    def state() -> str:
        return str(aupkeep("sanction", "list", "--json", *here).objects()[0]["state"])

    agreed_fee(folder)
    with hand(folder) as first:
        wait(lambda: fee()["state"] == "charged", "it is charged")
        os.kill(first.pid, signal.SIGKILL)
    with hand(folder):
        wait(lambda: state() == "announced", "the customer is told")
        assert fee()["balance"] == {"owed": 50000, "disputed": 0, "earned": -50000}
        assert aupkeep("fee", "dispute", FEE[:8], "--reason", "not me", *here).code == 0
        assert fee()["balance"] == {"owed": 0, "disputed": 50000, "earned": -50000}
        again = aupkeep("fee", "dispute", FEE[:8], "--reason", "not me", *here)
        assert (again.code, "a fee that is disputed cannot be disputed" in again.err) == (3, True)
        assert aupkeep("fee", "uphold", FEE[:8], "--reason", "it stands", *here).code == 0
        assert aupkeep("fee", "credit", FEE[:8], "--reason", "goodwill", *here).code == 0
        wait(lambda: state() == "lifted", "it is credited")
    ended = fee()
    assert ended["balance"] == {"owed": 0, "disputed": 0, "earned": 0}
    kinds = [one["kind"] for one in ended["bookings"]]
    assert kinds == ["charged", "disputed", "upheld", "credited"]
    text = aupkeep("fee", "list", *here).out
    assert "500.00 SAR to c-1 of injazat: credited" in text
    assert "owed: 0.00 SAR" in text
    letters = [path.read_text() for path in sorted((folder / "outbox").iterdir())]
    assert sum("A fee under your service contract" in one for one in letters) == 1
    assert sum("500.00 SAR is credited in full" in one for one in letters) == 1
    verified = aupkeep("record", "verify", *here, "--json")
    assert verified.code == 0, verified.out
    altered(folder)
    found = aupkeep("record", "verify", *here)
    assert found.code == 1
    assert "booking" in found.out + found.err


def altered(folder: Path) -> None:
    """Change an amount behind the program's back."""
    with closing(sqlite3.connect(folder / "data" / "aupkeep.sqlite3")) as store, store:
        row = store.execute("select id, body from store_booking where kind = 'charged'").fetchone()
        body = json.loads(row[1])
        body["postings"][0]["amount"] = 1
        store.execute("update store_booking set body = ? where id = ?", (json.dumps(body), row[0]))


def wait(done: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def test_what_waits_by_clause_and_altogether(aupkeep: Command, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    assert aupkeep("init", folder, "--policy", "injazat", "--root", tmp_path).code == 0
    here = ("--dir", folder)
    paused = aupkeep("pause", "spam", "--reason", "a bad rule", *here)
    assert paused.out == "spam of injazat is paused\n"
    assert (
        "everything of injazat is paused"
        in aupkeep("pause", "--all", "--reason", "stop", *here).out
    )
    both = aupkeep("pause", "spam", "--all", "--reason", "stop", *here)
    assert (both.code, "either one power or clause is named, or --all" in both.err) == (2, True)
    assert aupkeep("pause", "spma", "--reason", "stop", *here).code == 2
    doctor = aupkeep("doctor", *here).out
    assert "spam of injazat is paused: a bad rule" in doctor
    assert "everything of injazat is paused: stop" in doctor
    assert aupkeep("resume", "--all", "--reason", "well", *here).code == 0
    assert aupkeep("resume", "--all", "--reason", "well", *here).code == 3
    assert aupkeep("resume", "spam", "--reason", "mended", *here).code == 0
    alarms = aupkeep("alarm", "list", "--json", *here).objects()
    assert [one["subject"] for one in alarms] == ["spam", "everything"]
