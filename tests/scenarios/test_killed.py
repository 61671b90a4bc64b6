"""Killed at any moment and started again, an engine comes to the same end."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from installed import END, Command

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.flow.founding import found
from aupkeep.store.database import close_store

KILLS = 50
SETTINGS = """
clock = "event"

[[provider]]
name = "jasmo"
policy = "policies/jasmo"
networks = ["198.51.100.0/24", "198.18.16.0/24", "192.0.2.0/26"]

[[inlet]]
provider = "jasmo"
format = "postfix"
path = "raw/mail.log*"
"""
LOGINS = """
[[inlet]]
provider = "jasmo"
format = "sshd"
path = "raw/auth.log*"

[[inlet]]
provider = "jasmo"
format = "report"
path = "raw/reports"
"""


def founded(folder: Path, fortnight: Path, settings: str) -> Path:
    """Make an installation without any input yet."""
    found(
        folder,
        settings,
        policies=("jasmo",),
        holdings=fortnight / "holdings.csv",
        profiles=fortnight / "profiles.csv",
        now=parse_instant(END) - 14 * 86_400_000_000,
    )
    close_store()
    (folder / "raw" / "reports").mkdir(parents=True)
    return folder


def between(path: Path, since: bytes, until: bytes) -> list[bytes]:
    lines = path.read_bytes().splitlines(keepends=True)
    return [line for line in lines if since <= line[: len(since)] < until]


@dataclass
class Log:
    """A log that is written, rotated and cut off as logrotate does it."""

    path: Path
    turns: int = 0
    written: int = 0

    def write(self, lines: list[bytes]) -> None:
        with self.path.open("ab") as out:
            out.writelines(lines)
        self.written += len(lines)

    def rotate(self, *, copy: bool) -> None:
        if not self.path.exists() or not self.path.stat().st_size:
            return
        for turn in range(self.turns, 0, -1):
            self._shift(turn)
        first = self.path.with_name(self.path.name + ".1")
        if copy:
            shutil.copy2(self.path, first)
            self.path.write_bytes(b"")
        else:
            self.path.rename(first)
            self.path.touch()
        self.turns += 1

    def _shift(self, turn: int) -> None:
        plain = self.path.with_name(f"{self.path.name}.{turn}")
        packed = plain.with_name(plain.name + ".gz")
        target = self.path.with_name(f"{self.path.name}.{turn + 1}.gz")
        if packed.exists():
            packed.rename(target)
        else:
            target.write_bytes(gzip.compress(plain.read_bytes()))
            plain.unlink()


@dataclass(frozen=True)
class Outcome:
    """Everything an installation has come to."""

    cases: str
    record: str
    findings: dict[str, str] = field(default_factory=dict)


def outcome(aupkeep: Command, folder: Path) -> Outcome:
    verified = aupkeep("record", "verify", "--dir", folder, "--json")
    assert verified.code == 0, verified.out
    assert all(item["ok"] for item in verified.objects())
    with database(folder) as store:
        findings = dict(store.execute("select id, body from store_finding order by id"))
        named = store.execute("select state_file from store_commit").fetchone()[0]
    assert [path.name for path in (folder / "data" / "state").iterdir()] == [named]
    cases = aupkeep("case", "list", "--dir", folder, "--json")
    record = aupkeep("record", "export", "--dir", folder)
    entered = [
        (e["provider"], e["act"], e["subject"], e["body"].get("content")) for e in record.objects()
    ]
    assert len({json.dumps(item) for item in entered}) == len(entered), "an act was entered twice"
    return Outcome(cases.out, _told(record.objects()), findings)


def _told(entries: list[dict[str, Any]]) -> str:
    """Return what entries state; keys of envelopes are by chance, and hashes follow from them."""
    chance = {"hash", "prev", "sealed"}
    return "\n".join(
        json.dumps({name: value for name, value in entry.items() if name not in chance})
        for entry in entries
    )


def kept(aupkeep: Command, folder: Path, *, waiting: bool = False) -> list[str]:
    """Every event of the archive, once each, in files that are all named and whole."""
    assert aupkeep("archive", "verify", "--dir", folder).code == 0
    with database(folder) as store:
        named = {row[0] for row in store.execute("select path from store_archivefile")}
        rows = store.execute("select sum(rows) from store_archivefile where not gone").fetchone()[0]
        told = store.execute("select counts from store_sourcestate").fetchall()
    archive = folder / "data" / "archive"
    on_disk = {path.relative_to(archive).as_posix() for path in archive.rglob("*.parquet")}
    assert on_disk == named
    found = aupkeep("archive", "find", "--limit", 0, "--json", "--dir", folder)
    assert (found.code, found.err) == (0, "")
    events = found.objects()
    assert len({item["event"] for item in events}) == len(events) == rows
    counted = sum(json.loads(row[0]).get("events", 0) for row in told)
    assert rows <= counted if waiting else rows == counted
    for item in events:
        # What the file was called when it was read differs from one reading to the other.
        del item["fields"]["source"]
    return [json.dumps(item) for item in events]


def database(folder: Path) -> closing[sqlite3.Connection]:
    path = folder / "data" / "aupkeep.sqlite3"
    return closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10))


def run(
    aupkeep: Command, folder: Path, *words: str, command: str = "run"
) -> subprocess.Popen[bytes]:
    with (folder / "run.log").open("ab") as log:
        return subprocess.Popen(
            [*aupkeep.words, command, str(folder), *words], stdout=log, stderr=log
        )


def engines(supervisor: subprocess.Popen[bytes]) -> list[int]:
    """The processes that a supervisor started."""
    try:
        listed = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in listed.split()]


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited too long: {what}"
        time.sleep(0.05)


@pytest.fixture
def prepared(fortnight: Path, tmp_path: Path) -> Iterator[Path]:
    yield founded(tmp_path / "killed", fortnight, SETTINGS + LOGINS)
    close_store()


def copied(folder: Path, name: str) -> Path:
    target = folder.with_name(name)
    shutil.copytree(folder, target)
    return target


@pytest.mark.slow
def test_fifty_kills(aupkeep: Command, fortnight: Path, prepared: Path) -> None:
    """A growing, rotating set of logs; each round is cut off at a moment drawn by lot."""
    undisturbed = copied(prepared, "undisturbed")
    began = time.monotonic()
    assert aupkeep("engine", prepared, "--once").code == 0
    usual = time.monotonic() - began
    shutil.rmtree(prepared)
    shutil.copytree(undisturbed, prepared)

    dice = random.Random(20_260_315)
    logs = {name: Log(prepared / "raw" / name) for name in ("mail.log", "auth.log")}
    since, until = b"2026-03-09T22", b"2026-03-12T06"
    lines = {
        "mail.log": between(fortnight / "jasmo/mail.log.1", since, until)
        + between(fortnight / "jasmo/mail.log", since, until),
        "auth.log": between(fortnight / "jasmo/auth.log", since, until),
    }
    marks = sorted(
        line[:19] for line in dice.sample(lines["mail.log"] + lines["auth.log"], KILLS - 1)
    )
    reports = received(fortnight)
    assert reports
    tmp = prepared.parent / "letters"
    tmp.mkdir()
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        assert rounds <= 3 * KILLS, "the processes end before they can be killed"
        low = marks[rounds - 2] if 2 <= rounds <= KILLS else b""
        high = marks[rounds - 1] if rounds < KILLS else b"3"
        if rounds <= KILLS:
            # Reports first, each whole and dated at once: an engine of the round before that still
            # reads must not come past their time before they are there.
            for path, at in reports:
                if low <= at < high:
                    fresh = tmp / path.name
                    shutil.copy2(path, fresh)
                    os.utime(fresh, (0, parse_instant(at.decode() + "-07:00") / 1_000_000))
                    fresh.rename(prepared / "raw" / "reports" / path.name)
            for name, log in logs.items():
                log.write([line for line in lines[name] if low <= line[:19] < high])
                if rounds % 7 == 0:
                    log.rotate(copy=rounds % 2 == 0)
        kills += cut_off(aupkeep, prepared, dice, usual)
    assert sum(log.written for log in logs.values()) == sum(map(len, lines.values()))
    wait_until(lambda: aupkeep("run", prepared, "--once").code == 0, 60, "a run to the end")

    shutil.copytree(prepared / "raw", undisturbed / "raw", dirs_exist_ok=True)
    assert aupkeep("run", undisturbed, "--once").code == 0
    wanted, got = outcome(aupkeep, undisturbed), outcome(aupkeep, prepared)
    assert len(wanted.findings) > 3
    assert got.findings == wanted.findings
    assert got.cases == wanted.cases
    assert got.record == wanted.record
    assert kept(aupkeep, prepared) == kept(aupkeep, undisturbed)


def received(fortnight: Path) -> list[tuple[Path, bytes]]:
    """The reports of the provider, each with its receipt in the time of the provider's logs."""
    sources = json.loads((fortnight / "sources.json").read_text(encoding="utf-8"))["sources"]
    found = []
    for item in sources:
        if item["received"] and item["provider"] == "jasmo":
            at = parse_instant(item["received"]) - 7 * 3_600_000_000
            found.append((fortnight / item["path"], format_instant(at)[:19].encode()))
    return found


def cut_off(aupkeep: Command, folder: Path, dice: random.Random, usual: float) -> bool:
    """Start, and kill the engine or its supervisor; True if there was something to kill."""
    first, second = dice.uniform(0.05, 1.2) * usual, dice.uniform(0, 0.3) * usual
    whole = dice.random() < 0.3
    process = run(aupkeep, folder, "--once", command="run" if whole else "engine")
    try:
        process.wait(first)
    except subprocess.TimeoutExpired:
        # Stopped first, so that it starts nothing between the look and its end.
        process.send_signal(signal.SIGSTOP)
        children = engines(process)
        process.kill()
        process.wait()
        if children:
            # Its engine does not see that the supervisor is gone before it has done its work.
            time.sleep(second)
        for pid in children:
            kill(pid)
        return True
    return False


def test_live_run_over_rotation(aupkeep: Command, fortnight: Path, tmp_path: Path) -> None:
    """A live `run` follows its log while it is written, rotated, cut off, packed; and is killed."""
    folder = founded(tmp_path / "live", fortnight, SETTINGS)
    still = copied(folder, "still")
    log = Log(folder / "raw" / "mail.log")
    lines = between(fortnight / "jasmo/mail.log.1", b"2026-03-09T22", b"2026-03-10T03")
    size = len(lines) // 12 + 1
    parts = [lines[at : at + size] for at in range(0, len(lines), size)]
    supervisor = run(aupkeep, folder)
    try:
        for turn, part in enumerate(parts):
            log.write(part)
            if turn % 4 == 1:
                # Renamed with lines in it that nobody may have read yet.
                log.rotate(copy=False)
            elif turn % 4 == 2:
                for pid in engines(supervisor):
                    kill(pid)
            elif turn % 4 == 3:
                # What is cut off must have been read before.
                wait_until(partial(has_taken, folder, log.written), 90, "the log is read")
                log.rotate(copy=True)
        wait_until(partial(has_taken, folder, log.written), 90, "the log is read")
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(60)
    assert "Traceback" not in (folder / "run.log").read_text()
    assert taken(folder) == log.written, "lines were counted twice"

    shutil.copytree(folder / "raw", still / "raw", dirs_exist_ok=True)
    assert aupkeep("run", still, "--once").code == 0
    wanted, got = outcome(aupkeep, still), outcome(aupkeep, folder)
    assert wanted.findings
    assert got == wanted
    # What came in the last seconds may still wait in the engine's state.
    early, whole = kept(aupkeep, folder, waiting=True), kept(aupkeep, still)
    assert set(early) <= set(whole)
    assert len(early) > 0.9 * len(whole)


def has_taken(folder: Path, lines: int) -> bool:
    return taken(folder) >= lines


def taken(folder: Path) -> int:
    """How many lines the engine has taken, as of its last commit."""
    with database(folder) as store:
        counts = store.execute("select counts from store_sourcestate").fetchall()
    return sum(json.loads(row[0]).get("lines", 0) for row in counts)


JOURNALCTL = """#!{python}
import os, sys, time
after = next((int(word.split("=")[1]) for word in sys.argv if "--after-cursor=" in word), -1)
parent = os.getppid()
with open({entries!r}) as entries:
    for number, line in enumerate(entries):
        if number > after:
            sys.stdout.write(line)
            if number % 200 == 0:
                sys.stdout.flush()
                time.sleep(0.05)
sys.stdout.flush()
while os.getppid() == parent:
    time.sleep(0.1)
"""
JOURNAL = """
clock = "event"

[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[[inlet]]
provider = "jasmo"
format = "postfix"
journal = ["postfix/smtpd"]
"""


def journal_entries(lines: list[bytes]) -> str:
    entries = []
    for cursor, line in enumerate(lines):
        stamp, host, tag, message = line.decode().rstrip("\n").split(" ", 3)
        name, _, pid = tag.rstrip("]:").partition("[")
        entry = {
            "__CURSOR": str(cursor),
            "__REALTIME_TIMESTAMP": str(parse_instant(stamp)),
            "_HOSTNAME": host,
            "SYSLOG_IDENTIFIER": name,
            "_PID": pid,
            "MESSAGE": message,
        }
        entries.append(json.dumps(entry) + "\n")
    return "".join(entries)


@pytest.mark.slow
def test_journal_goes_on_after_its_cursor(
    aupkeep: Command, fortnight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed engine goes on in the same stream of the journal: same ids, no entry lost."""
    lines = between(fortnight / "jasmo/mail.log.1", b"2026-03-09T22", b"2026-03-10T03")
    (tmp_path / "bin").mkdir()
    entries, program = tmp_path / "entries", tmp_path / "bin" / "journalctl"
    entries.write_text(journal_entries(lines))
    program.write_text(JOURNALCTL.format(python=sys.executable, entries=str(entries)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    killed = founded(tmp_path / "killed", fortnight, JOURNAL)
    whole = copied(killed, "whole")
    for folder, marks in ((whole, []), (killed, [1, len(lines) // 2])):
        supervisor = run(aupkeep, folder)
        try:
            for mark in marks:
                wait_until(partial(has_taken, folder, mark), 90, "entries are read")
                for pid in engines(supervisor):
                    kill(pid)
            wait_until(partial(has_taken, folder, len(lines)), 90, "the journal is read")
        finally:
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(60)
        assert taken(folder) == len(lines)
    wanted = outcome(aupkeep, whole)
    assert wanted.findings
    assert outcome(aupkeep, killed) == wanted
