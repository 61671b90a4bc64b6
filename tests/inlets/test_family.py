"""The files of one log, oldest first, whatever rotation calls them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.inlets.files.family import _age, families


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def found(folder: Path, pattern: str) -> list[tuple[str, list[str]]]:
    return [
        (
            family.path.relative_to(folder).as_posix(),
            [path.relative_to(folder).as_posix() for path in family.rotated],
        )
        for family in families(pattern, folder)
    ]


@pytest.mark.parametrize(
    ("names", "oldest_first"),
    [
        (
            ["mail.log", "mail.log.1", "mail.log.2.gz", "mail.log.10.gz"],
            ["mail.log.10.gz", "mail.log.2.gz", "mail.log.1"],
        ),
        (
            ["mail.log", "mail.log-20260101.gz", "mail.log-20251231.gz", "mail.log-20260110"],
            ["mail.log-20251231.gz", "mail.log-20260101.gz", "mail.log-20260110"],
        ),
        (
            ["mail.log", "mail.log-2026-01-02.gz", "mail.log-2026-01-01"],
            ["mail.log-2026-01-01", "mail.log-2026-01-02.gz"],
        ),
        (
            ["mail.log", "mail.log-20260101-1767225600", "mail.log-20260101-1767222000.gz"],
            ["mail.log-20260101-1767222000.gz", "mail.log-20260101-1767225600"],
        ),
        (["mail.log", "mail.log.gz"], ["mail.log.gz"]),
        (["mail.log.1"], ["mail.log.1"]),
        (["mail.log"], []),
    ],
)
def test_one_family_oldest_first(tmp_path: Path, names: list[str], oldest_first: list[str]) -> None:
    make(tmp_path, *names)
    assert found(tmp_path, "mail.log*") == [("mail.log", oldest_first)]


def test_logs_are_kept_apart(tmp_path: Path) -> None:
    make(tmp_path, "b/mail.log", "a/mail.log.1", "a/mail.err", "a/mail.err.1.gz")
    assert found(tmp_path, "*/mail.*") == [
        ("a/mail.err", ["a/mail.err.1.gz"]),
        ("a/mail.log", ["a/mail.log.1"]),
        ("b/mail.log", []),
    ]


def test_folders_are_no_logs_and_their_numbers_no_turns(tmp_path: Path) -> None:
    make(tmp_path, "host.1/mail.log", "host.2/mail.log")
    (tmp_path / "mail.log.d").mkdir()
    assert found(tmp_path, "mail.log?*") == []
    assert found(tmp_path, "host.*/mail.log*") == [
        ("host.1/mail.log", []),
        ("host.2/mail.log", []),
    ]


def test_a_plain_path_is_waited_for(tmp_path: Path) -> None:
    make(tmp_path, "mail.log.1")
    assert found(tmp_path, "mail.log") == [("mail.log", [])]
    assert found(tmp_path, "nothing*") == [("nothing", [])]
    assert found(tmp_path, "*") == [("mail.log", ["mail.log.1"])]
    assert found(tmp_path, "[x]*") == []


def test_a_packed_file_by_name_is_read_before_its_log(tmp_path: Path) -> None:
    assert found(tmp_path, "mail.log.gz") == [("mail.log", ["mail.log.gz"])]


def test_an_absolute_pattern_stays_what_it_is(tmp_path: Path) -> None:
    make(tmp_path, "mail.log")
    (family,) = families(str(tmp_path / "mail.lo?"), Path("/elsewhere"))
    assert family.path == tmp_path / "mail.log"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 99_999), unique=True, max_size=8), st.randoms())
def test_counts_go_down_to_the_newest(turns: list[int], dice: Random) -> None:
    names = [f"/var/log/x.log.{turn}" + (".gz" if turn % 2 else "") for turn in turns]
    dice.shuffle(names)
    ordered = sorted(names, key=_age)
    assert [int(name.split(".")[2]) for name in ordered] == sorted(turns, reverse=True)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dates(date(1970, 1, 1)), unique=True, max_size=8),
    st.sampled_from(["%Y%m%d", "%Y-%m-%d"]),
)
def test_dates_go_up_to_the_newest(days: list[date], form: str) -> None:
    names = [f"/var/log/x.log-{day:{form}}" for day in days]
    assert sorted(names, key=_age) == sorted(names)
