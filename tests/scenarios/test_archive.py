"""The archive through the installed command: found, broken, held, erased, detected over again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from installed import END, Command

from aupkeep.base.clock import parse_instant
from aupkeep.detection.engine import Engine
from aupkeep.flow.founding import found
from aupkeep.flow.installation import PolicyBook, open_installation
from aupkeep.flow.rules import rules_by_provider
from aupkeep.store.archive.look import batches
from aupkeep.store.database import close_store

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

[[inlet]]
provider = "jasmo"
format = "sshd"
path = "raw/auth.log*"
"""


@pytest.fixture(scope="module")
def read_once(aupkeep: Command, fortnight: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has read a fortnight of one provider's logs."""
    folder = tmp_path_factory.mktemp("archive") / "installation"
    found(
        folder,
        SETTINGS,
        policies=("jasmo",),
        holdings=fortnight / "holdings.csv",
        profiles=fortnight / "profiles.csv",
        now=parse_instant(END) - 15 * 86_400_000_000,
    )
    close_store()
    (folder / "raw").mkdir()
    for path in (fortnight / "jasmo").glob("*.log*"):
        shutil.copy2(path, folder / "raw")
    done = aupkeep("engine", folder, "--once")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def folder(read_once: Path, tmp_path: Path) -> Path:
    target = tmp_path / "installation"
    shutil.copytree(read_once, target, copy_function=shutil.copy2)
    return target


def rows_of(folder: Path) -> int:
    path = folder / "data" / "aupkeep.sqlite3"
    with closing(sqlite3.connect(path)) as store:
        query = "select sum(rows) from store_archivefile where not gone"
        return int(store.execute(query).fetchone()[0])


def findings(folder: Path) -> list[dict[str, object]]:
    path = folder / "data" / "aupkeep.sqlite3"
    with closing(sqlite3.connect(path)) as store:
        bodies = store.execute("select body from store_finding order by id").fetchall()
    return [json.loads(row[0]) for row in bodies]


def test_the_events_of_a_finding(aupkeep: Command, folder: Path) -> None:
    finding = max(findings(folder), key=lambda item: len(str(item["events"])))
    events = finding["events"]
    assert isinstance(events, list)
    words = [word for name in events for word in ("--event", name)]
    done = aupkeep("archive", "find", "--dir", folder, "--json", *words)
    assert (done.code, done.err) == (0, "")
    got = done.objects()
    assert {item["event"] for item in got} == set(events)
    assert {item["customer"] for item in got} == {finding["customer"]}


def test_look_ups(aupkeep: Command, folder: Path) -> None:
    def find(*words: object) -> list[dict[str, object]]:
        done = aupkeep("archive", "find", "--dir", folder, "--json", "--limit", 0, *words)
        assert (done.code, done.err) == (0, "")
        return done.objects()

    everything = find()
    assert len(everything) == rows_of(folder) > 10_000
    assert [item["time"] for item in everything] == sorted(str(i["time"]) for i in everything)
    customer = next(item["customer"] for item in everything if item["customer"])
    own = [item for item in everything if item["customer"] == customer]
    assert find("--customer", customer) == own
    day = str(own[0]["time"])[:10]
    assert find("--customer", customer, "--from", day, "--until", day) == [
        item for item in own if str(item["time"]).startswith(day)
    ]
    login = next(item for item in everything if item["kind"] == "login")
    assert isinstance(login["fields"], dict)
    address = login["fields"]["client_ip"]
    found_ = find("--address", address)
    assert login in found_
    assert all(address in item["fields"].values() for item in found_)  # type: ignore[attr-defined]
    few = aupkeep("archive", "find", "--dir", folder, "--limit", 3)
    assert len(few.out.splitlines()) == 3
    assert "more than these 3 events" in few.err
    assert few.code == 0


def test_wrong_words(aupkeep: Command, folder: Path) -> None:
    for words, why in (
        (("find", "--kind", "mial"), "did you mean `mail`?"),
        (("find", "--from", "yesterday"), "is no instant"),
        (("find", "--event", "x"), "is no event id"),
        (("find", "--provider", "jazmo"), "did you mean `jasmo`?"),
        (("hold", "--customer", "c-1"), "`--reason` is needed"),
        (("find", "--from", "2026-03-10", "--until", "2026-03-09"), "there is no time between"),
        (
            ("hold", "--from", "2026-03-10", "--until", "2026-03-09", "--reason", "why"),
            "there is no time between",
        ),
        (("hold", "--reason", "why"), "a hold says of whom"),
        (("erase", "--reason", "why"), "either `--customer` or `--address`"),
        (("hold", "release", "abc"), "no hold in force"),
    ):
        done = aupkeep("archive", *words, "--dir", folder)
        assert done.code == 2, words
        assert why in done.err, words


@pytest.mark.parametrize("harm", ["truncated", "altered", "missing"])
def test_a_broken_file_is_named_everywhere(aupkeep: Command, folder: Path, harm: str) -> None:
    there = (folder / "data" / "archive").rglob("*.parquet")
    bad = max(there, key=lambda path: path.stat().st_size)
    data = bad.read_bytes()
    whole = rows_of(folder)
    if harm == "missing":
        bad.unlink()
    elif harm == "truncated":
        bad.write_bytes(data[: len(data) // 2])
    else:
        bad.write_bytes(data[:500] + bytes([data[500] ^ 4]) + data[501:])
    doctor = aupkeep("doctor", "--dir", folder)
    assert doctor.code == 1
    assert f"trouble: {bad}" in doctor.out
    for words in (("find", "--limit", "0"), ("verify",)):
        done = aupkeep("archive", *words, "--dir", folder)
        assert done.code == 1
        assert str(bad) in done.err
        assert "left out" in done.err
        assert len(done.out.splitlines()) < whole
    aupkeep("archive", "compact", "--dir", folder)
    assert aupkeep("engine", folder, "--once").code == 0, "an engine works on"
    bad.write_bytes(data)
    assert aupkeep("archive", "verify", "--dir", folder).code == 0
    doctor = aupkeep("doctor", "--dir", folder)
    assert str(bad) not in doctor.out


def test_held_erased_and_read_again(aupkeep: Command, folder: Path) -> None:
    customer = str(next(item["customer"] for item in findings(folder) if item["customer"]))
    why = ("--reason", "court order", "--by", "Ada Legal", "--dir", folder)
    held = aupkeep("archive", "hold", "--customer", customer, *why)
    assert held.code == 0, held.err
    refused = aupkeep("archive", "erase", "--customer", customer, *why)
    assert refused.code == 3
    assert "under hold" in refused.err
    assert "Ada Legal: court order" in refused.err
    (hold,) = aupkeep("archive", "hold", "list", "--json", "--dir", folder).objects()
    assert hold["customer"] == customer
    assert aupkeep("archive", "hold", "release", hold["id"], "--dir", folder).code == 0
    before = rows_of(folder)
    done = aupkeep("archive", "erase", "--customer", customer, *why, "--json")
    assert done.code == 0, done.err
    (said,) = done.objects()
    assert said["rows"] > 100
    assert rows_of(folder) == before - said["rows"]
    none = aupkeep("archive", "find", "--customer", customer, "--dir", folder)
    assert (none.code, none.out) == (0, "")
    record = aupkeep("record", "export", "--dir", folder).out
    assert customer not in record.split('"act":"archive_held"')[1]
    assert aupkeep("record", "verify", "--dir", folder).code == 0
    files = [path.read_bytes() for path in (folder / "data" / "archive").rglob("*.parquet")]
    assert not any(customer.encode() in data for data in files)


def test_the_same_findings_over_the_archive(read_once: Path) -> None:
    """What was kept, given to the same engine, leads to what was found when it came in."""
    installation = open_installation(read_once)
    policies = PolicyBook(installation.policies()).in_force(parse_instant(END))
    engine = Engine(rules_by_provider(policies))
    frames = {}
    for kind in ("mail", "login"):
        read = batches(installation.archive, "jasmo", kind, -(2**60), 2**60, lambda *_: None)
        rows = pl.concat(list(read)).with_columns(source=pl.lit(0, pl.Int32))
        assert not rows["late"].any()
        frames[kind] = rows
    end = max(int(rows["event_time"][-1]) for rows in frames.values())
    last = {item.id: item for item in engine.feed(frames, end)}
    last |= {item.id: item for item in engine.finish()}
    close_store()
    wanted = {
        str(item["id"]): (item["rule"], item["customer"], item["first"], item["events"])
        for item in findings(read_once)
    }
    assert len(wanted) > 5
    got = {
        name: (item.rule, item.customer, item.first, list(item.events))
        for name, item in last.items()
    }
    assert got == wanted
