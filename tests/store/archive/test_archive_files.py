"""Files of the archive: where they lie, what is read of them, what is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_stage import TODAY, Stage, frame, mails, open_stage
from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError
from aupkeep.events.schema import KINDS, ORDER
from aupkeep.store import models
from aupkeep.store.archive import catalog, columns, files, keys, look, merging, unnamed
from aupkeep.store.archive.batch import Batch
from aupkeep.store.archive.columns import VERSION, addresses, folder_of, in_form, stored
from aupkeep.store.archive.rewriting import FAN_IN, FILE_ROWS, to_merge
from aupkeep.store.database import close_store, unit


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield Stage(open_stage(tmp_path / "installation"))
    close_store()


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100)


@given(st.lists(NAMES, min_size=2, max_size=4, unique=True))
def test_no_two_providers_share_a_folder(names: list[str]) -> None:
    folders = [folder_of(name, "mail", 1) for name in ["", *names]]
    assert len({name.lower() for name in folders}) == len(folders)
    for name in folders:
        provider, kind, day = name.split("/")
        assert provider not in ("", ".", "..")
        assert len(provider.encode()) <= 255
        assert (kind, day) == ("mail", "1970-01-02")


@pytest.mark.parametrize("day", [-(10**9), -719_163, -1, 0, 2_932_896, 10**9])
def test_every_day_has_a_name(day: int) -> None:
    assert "/" not in columns.day_text(day)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_addresses_to_be_found_by(kind: str) -> None:
    assert addresses(kind)
    assert all(stored(kind)[name] == pl.String for name in addresses(kind))


def test_rows_come_back_as_they_were(stage: Stage) -> None:
    row = {
        "event_time": TODAY - DAY,
        "position": 7,
        "part": 3,
        "stream": 2**62,
        "customer": "c-1",
        "recipient": "bob@x.example",
        "delay": 0.1,
        "size": -(2**62),
        "final": True,
        "late": True,
    }
    (written,) = stage.put("mail", [row])
    assert written.path.startswith("jasmo/mail/2024-10-03/e000000000001-0")
    (found,) = stage.find()
    assert found["event"] == "4000000000000000:7.3"
    assert found["source"] == "mail.log"
    assert {name: found[name] for name in row} == row
    assert found["login"] is None


def test_a_commit_is_split_by_provider_and_day(stage: Stage) -> None:
    rows = [
        {"event_time": TODAY + DAY, "position": 1, "provider": "b"},
        {"event_time": TODAY, "position": 2, "provider": "a"},
        {"event_time": TODAY - 1, "position": 3, "provider": None},
        {"event_time": -(10**17), "position": 4, "provider": "a"},
        {"event_time": 10**18, "position": 5, "provider": "a"},
    ]
    written = stage.put("report", rows)
    assert len(written) == 5
    assert {Path(item.path).parts[0] for item in written} == {"a", "b", columns.NOBODY}
    assert stage.positions() == [4, 3, 2, 1, 5]
    assert stage.positions(provider="b") == [3, 1], "rows of nobody are everybody's"


@pytest.mark.parametrize("harm", ["truncated", "emptied", "altered", "missing", "longer"])
def test_a_broken_file_is_named_and_left_out(stage: Stage, harm: str) -> None:
    stage.put("mail", mails(3))
    (bad,) = stage.put("mail", mails(3, first=10))
    path = stage.folder / bad.path
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {
                "truncated": data[:-9],
                "emptied": b"",
                "altered": data[:100] + bytes([data[100] ^ 1]) + data[101:],
                "longer": data + b"x",
            }[harm]
        )
    assert stage.positions() == [0, 1, 2]
    (fault,) = stage.faults
    assert fault.place is not None
    assert fault.place.file == str(path)
    assert "left out" in fault.what
    assert not files.seems_whole(stage.folder, bad)


def test_a_newer_form_is_refused_by_name(stage: Stage) -> None:
    (item,) = stage.put("mail", mails(1))
    models.ArchiveFile.objects.filter(path=item.path).update(version=VERSION + 1)
    assert stage.find() == []
    assert stage.faults[0].code == "newer-archive-file"
    assert "install that version" in stage.faults[0].hint


def test_an_older_form_lacks_columns() -> None:
    rows = in_form("mail", frame("mail", mails(2)).with_columns(source=pl.lit("a")))
    older = rows.drop("counted", "plans")
    again = in_form("mail", older)
    assert again.columns == rows.columns
    assert again["counted"].to_list() == [None, None]
    assert again.drop("counted", "plans").equals(rows.drop("counted", "plans"))


def test_what_nothing_names_is_removed(stage: Stage) -> None:
    (kept,) = stage.put("mail", mails(1))
    batch = Batch()
    batch.see("mail", frame("mail", mails(1)))
    lost = batch.write(stage.folder, 9, ["mail.log"], [], [])
    rewritten = Path(lost[0].path).with_name("m0123456789abcdef.parquet")
    (stage.folder / rewritten).write_bytes(b"")
    mine = (stage.folder / rewritten).with_name("notes.parquet")
    mine.write_bytes(b"")
    assert unnamed.remove_engines(stage.folder) == [lost[0].path]
    assert unnamed.remove_all(stage.folder) == [rewritten.as_posix()]
    mine.unlink()
    assert stage.on_disk() == {kept.path}


def test_a_disk_that_refuses_leaves_nothing_behind(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage.folder / "jasmo").mkdir()
    (stage.folder / "jasmo" / "login").write_text("no folder")
    batch = Batch()
    batch.see("mail", frame("mail", mails(2)))
    batch.see("login", frame("login", [{"event_time": TODAY, "position": 1}]))
    with pytest.raises(AupkeepError, match="cannot be written") as error:
        batch.write(stage.folder, 1, ["mail.log"], [], [])
    assert error.value.faults[0].code == "disk-refuses"
    assert stage.on_disk() == set()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    batch = Batch()
    batch.see("mail", frame("mail", mails(2)))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AupkeepError, match="No space left"):
        batch.write(stage.folder, 1, ["mail.log"], [], [])
    assert stage.on_disk() == set()


TIMES = st.lists(st.integers(0, 6), max_size=12)


@given(commits=st.lists(TIMES, min_size=1, max_size=6), group=st.integers(1, 4), pick=st.booleans())
def test_many_files_are_read_in_one_order(
    *, commits: list[list[int]], group: int, pick: bool
) -> None:
    """However rows were cut into files and groups, they come in the order of evaluation."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setattr(merging, "GROUP_ROWS", group)
        written, everything = [], []
        for number, times in enumerate(commits):
            rows = [
                {"event_time": time, "position": number * 100 + n, "stream": n % 3}
                for n, time in enumerate(times)
            ]
            everything += rows
            if rows:
                batch = Batch()
                batch.see("mail", frame("mail", rows))
                written += batch.write(folder, number, ["a"], [], [])
        wanted = (lambda _: pl.col("stream") == 1) if pick else None
        found = [
            row
            for part in merging.merged(folder, written, lambda *_: None, wanted)
            for row in part.select(ORDER).iter_rows()
        ]
        expected = sorted(
            (row["event_time"], row["stream"], row["position"], 0) for row in everything
        )
        assert found == [row for row in expected if not pick or row[1] == 1]


def test_what_becomes_one_file() -> None:
    one = files.Stored(
        path="p", provider="a", kind="mail", day=1, first=0, last=1, rows=10, size=1, sha256=""
    )
    few = [replace(one, path=str(n)) for n in range(FAN_IN - 1)]
    large = [replace(one, path="large", rows=FILE_ROWS), replace(one, path="half", rows=60_000)]
    assert to_merge([*few, *large], closed=False) == []
    more = [*few, replace(one, path="more", rows=12)]
    assert to_merge([*more, *large], closed=False) == [more]
    assert to_merge([*few, *large], closed=True) == [[*few, large[1]]]
    assert to_merge([one, replace(one, kind="login"), replace(one, day=2)], closed=True) == []
    bad = [replace(item, trouble="broken") for item in more]
    assert to_merge(bad, closed=True) == []


def test_look_ups(stage: Stage) -> None:
    stage.put("mail", mails(3, message_id="a@x", client_ip="192.0.2.1"))
    stage.put("mail", mails(2, first=10, customer="c-2", recipient="bob@x.example"))
    stage.put("mail", mails(1, first=20, at=TODAY + DAY, login="bob@x.example"))
    stage.put("login", mails(1, first=30, at=TODAY + HOUR, client_ip="192.0.2.1"))
    stage.put("report", mails(1, first=40, at=TODAY + HOUR, message_id="a@x"))
    assert stage.positions(customer="c-2") == [10, 11]
    assert stage.positions(message_id="a@x") == [0, 1, 2, 40]
    assert stage.positions(address="192.0.2.1") == [0, 1, 2, 30]
    assert stage.positions(address="bob@x.example") == [10, 11, 20]
    assert stage.positions(address="192.0.2.1", kind="login") == [30]
    assert stage.positions(since=TODAY + 1_000_000, until=TODAY + 2_000_000) == [1, 11]
    assert stage.positions(customer="c-1", since=TODAY + HOUR) == [30, 40, 20]
    assert stage.positions(events=((1, 30, 0), (1, 11, 0))) == [11, 30]
    assert stage.positions(events=((1, 30, 1),)) == []
    assert look.parse_event("00000000000000ff:30.2") == (255, 30, 2)


def test_batches_for_a_second_reading(stage: Stage) -> None:
    stage.put("mail", mails(3))
    stage.put("mail", mails(3, first=10, at=TODAY - DAY))
    stage.put("mail", mails(3, first=20, provider="other"))
    read = look.batches(
        stage.folder, "jasmo", "mail", TODAY - DAY + 1, TODAY + DAY, lambda *_: None
    )
    rows = pl.concat(list(read))
    assert rows["position"].to_list() == [11, 12, 0, 1, 2]
    assert rows.schema == pl.Schema(stored("mail"))


def test_who_reads_keeps_the_file(stage: Stage) -> None:
    from aupkeep.flow.sweeping import remove_gone  # noqa: PLC0415  # of the floor above

    (item,) = stage.put("mail", mails(2))
    stage.put("mail", mails(2, at=TODAY + DAY, first=10))
    reading = look.find(stage.folder, look.Wanted(), lambda *_: None)
    assert next(reading)["position"] == 0
    with unit():
        catalog.unname([item])
    assert remove_gone(stage.folder, patience=0) == 1
    assert [row["position"] for row in reading] == [1, 10, 11]
    assert remove_gone(stage.folder, patience=0) == 0
    assert catalog.gone() == []
    assert item.path not in stage.on_disk()


def test_large_files_are_passed_over_by_key(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter spares reading and is never believed where it could be wrong."""
    monkeypatch.setattr(keys, "LEAST_ROWS", 1)
    one, two = (
        stage.put("mail", mails(50, first=100 * n, customer=f"c-{n}", stream=n, sender=f"{n}@x"))[0]
        for n in range(2)
    )
    for item in (one, two):
        rows = pl.concat(list(merging.groups(stage.folder, item)))
        keys.write(stage.folder / item.path, rows, "mail", item.sha256)
    opened: list[str] = []
    whole = files.read

    def counted(folder: Path, item: files.Stored) -> bytes:
        opened.append(item.path)
        return whole(folder, item)

    monkeypatch.setattr(files, "read", counted)

    def asked(**wanted: object) -> list[str]:
        opened.clear()
        stage.find(**wanted)
        return list(opened)

    assert stage.positions(customer="c-1") == list(range(100, 150))
    assert asked(customer="c-1") == [two.path]
    assert asked(address="0@x") == [one.path]
    assert asked(events=((1, 110, 0), (5, 1, 0))) == [two.path]
    assert asked(customer="c-1", address="0@x") == []
    assert asked(message_id="nobody") == []
    beside = keys.beside(stage.folder / one.path)
    data = beside.read_bytes()
    for harm in (b"", data[:-3], data[:100], data[:90] + bytes(8) + data[98:], b"x" + data[1:]):
        beside.write_bytes(harm)
        found = [asked(customer=f"c-{n}") for n in range(2)]
        assert one.path in found[0], "what is damaged says nothing"
    beside.write_bytes(keys.beside(stage.folder / two.path).read_bytes())
    assert one.path in asked(customer="c-0"), "that of another file says nothing"
    beside.unlink()
    assert one.path in asked(customer="c-0")
    files.remove(stage.folder, [two.path])
    assert not keys.beside(stage.folder / two.path).exists()


@given(st.sets(st.text(max_size=8), max_size=60), st.text(max_size=8))
def test_a_key_that_is_there_is_never_passed_over(there: set[str], other: str) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "LEAST_ROWS", 0)
        path = Path(name) / "a.parquet"
        rows = in_form("mail", frame("mail", mails(1)).with_columns(source=pl.lit("a")))
        listed = pl.Series(sorted(there), dtype=pl.String)
        many = pl.concat([rows] * (len(there) + 1)).with_columns(
            message_id=pl.concat([listed, pl.Series([None], dtype=pl.String)])
        )
        keys.write(path, many, "mail", "00" * 32)
        assert all(keys.may_hold(path, "00" * 32, [key]) for key in there)
        assert keys.may_hold(path, "11" * 32, [other])
