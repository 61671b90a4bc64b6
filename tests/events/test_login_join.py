"""One row an attempt, however many lines tell of it."""

import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import SECOND, parse_instant
from aupkeep.events.login import MOST_PROCESSES, ONE_ATTEMPT, LoginJoin
from aupkeep.events.schema import LOGIN
from aupkeep.signals.formats import sshd
from aupkeep.signals.formats.syslog import LineClock

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data"
NOW = parse_instant("2026-02-01T00:00:00Z")
#: (pid, seconds after ten o'clock, body)
Line = tuple[int, int, str]

UNKNOWN = "Invalid user bob from 192.0.2.1 port 9"
NONE = "Failed none for invalid user bob from 192.0.2.1 port 9 ssh2"
PAM = "error: PAM: Authentication failure for illegal user bob from 192.0.2.1"
PASSWORD = "Failed password for invalid user bob from 192.0.2.1 port 9 ssh2"
MAXIMUM = (
    "error: maximum authentication attempts exceeded for invalid user bob from 192.0.2.1"
    " port 9 ssh2 [preauth]"
)
LEFT = "Received disconnect from 192.0.2.1 port 9:3: Auth fail [preauth]"
NOTE = "pam_unix(sshd:auth): authentication failure; rhost=192.0.2.1"
ACCEPTED = "Accepted password for bob from 192.0.2.1 port 9 ssh2"
REPEATED = f"message repeated 3 times: [ {PASSWORD}]"


def log(*lines: Line) -> bytes:
    return b"".join(
        f"2026-01-05T10:{second // 60:02d}:{second % 60:02d}Z mx1 sshd[{pid}]: {body}\n".encode()
        for pid, second, body in lines
    )


def take(join: LoginJoin, block: bytes, at: int = 0) -> None:
    found = sshd.parse(block, LineClock(now=NOW))
    join.take(found.records, found.times, found.offsets + at, source=2, stream=7)


def rows(*lines: Line) -> pl.DataFrame:
    join = LoginJoin()
    take(join, log(*lines))
    return join.rows()


def reasons(*lines: Line) -> list[str]:
    return [str(reason) for reason in rows(*lines)["reason"].to_list()]


def test_a_row_has_every_column_in_the_schema_with_its_type() -> None:
    frame = rows((1, 0, PASSWORD))
    assert frame.columns == ["event_time", "stream", "position", "part", "source", *LOGIN]
    assert {name: frame.schema[name] for name in LOGIN} == LOGIN
    assert rows().schema == frame.schema
    assert frame.to_dicts()[0] == {
        "event_time": parse_instant("2026-01-05T10:00:00Z"),
        "stream": 7,
        "position": 0,
        "part": 0,
        "source": 2,
        "host": "mx1",
        "program": "sshd",
        "user": "bob",
        "client_ip": "192.0.2.1",
        "client_host": "192.0.2.1",
        "client_port": 9,
        "outcome": "failed",
        "method": "password",
        "reason": "invalid_user",
    }


def test_all_lines_of_one_attempt_make_one_row_with_the_id_of_the_first() -> None:
    told = [(1, 0, UNKNOWN), (1, 0, NONE), (1, 2, PAM), (1, 2, PASSWORD), (1, 3, MAXIMUM)]
    frame = rows(*told, (1, 3, LEFT))
    assert frame["position"].to_list() == [0]
    assert frame["event_time"].to_list() == [parse_instant("2026-01-05T10:00:00Z")]


def test_the_same_stage_again_is_the_next_attempt() -> None:
    assert len(rows((1, 0, UNKNOWN), (1, 1, PASSWORD), (1, 1, PASSWORD), (1, 2, PASSWORD))) == 3
    assert len(rows((1, 0, PAM), (1, 0, PASSWORD), (1, 1, PAM), (1, 1, PASSWORD))) == 2
    assert len(rows((1, 0, PAM), (1, 0, PAM))) == 2


def test_other_process_user_or_client_is_another_attempt() -> None:
    assert len(rows((1, 0, UNKNOWN), (2, 0, PASSWORD))) == 2
    assert len(rows((1, 0, UNKNOWN), (1, 0, PASSWORD.replace("bob", "eve")))) == 2
    assert len(rows((1, 0, UNKNOWN), (1, 0, PASSWORD.replace("2.1", "2.7")))) == 2
    assert len(rows((1, 0, UNKNOWN), (1, 1, ACCEPTED), (1, 2, PASSWORD))) == 3


def test_lines_too_far_apart_are_not_joined() -> None:
    apart = ONE_ATTEMPT // SECOND
    assert len(rows((1, 0, UNKNOWN), (1, apart, PASSWORD))) == 1
    assert len(rows((1, 0, UNKNOWN), (1, apart + 1, PASSWORD))) == 2


def test_lines_without_a_process_are_not_joined() -> None:
    block = log((1, 0, UNKNOWN), (1, 0, PASSWORD)).replace(b"sshd[1]", b"sshd")
    join = LoginJoin()
    take(join, block)
    assert len(join.rows()) == 2


def test_folded_lines_are_parts() -> None:
    frame = rows((1, 0, PASSWORD), (1, 1, REPEATED))
    assert frame["part"].to_list() == [0, 0, 1, 2]
    assert frame["position"].n_unique() == 2
    assert len(rows((1, 0, UNKNOWN), (1, 1, REPEATED))) == 3


def test_accepted_logins_are_rows() -> None:
    frame = rows((1, 0, PASSWORD), (1, 1, ACCEPTED))
    assert frame["outcome"].to_list() == ["failed", "accepted"]


def test_trace_says_what_became_of_each_record() -> None:
    trace: list[tuple[int, str]] = []
    lines = [(1, 0, NOTE), (1, 0, UNKNOWN), (1, 0, PASSWORD)]
    take(LoginJoin(trace=trace), log(*lines))
    starts = [len(log(*lines[:number])) for number in range(3)]
    assert trace == list(zip(starts, ["part", "row", "part"], strict=True))


def test_memory_is_bounded() -> None:
    join = LoginJoin()
    count = MOST_PROCESSES + 10
    record = sshd.parse(log((1, 0, UNKNOWN)), LineClock(now=NOW)).records[0]
    many = [(record[0], pid, *record[2:]) for pid in range(count)]
    join.take(many, [0] * count, list(range(count)), source=0, stream=0)
    assert len(join.save()["told"]) == MOST_PROCESSES
    assert len(join.rows()) == count


def test_state_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        LoginJoin.restore({"version": 99, "told": []})


LINES = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(0, 3),
        st.sampled_from(
            [UNKNOWN, NONE, PAM, PASSWORD, MAXIMUM, LEFT, NOTE, ACCEPTED, REPEATED, "chatter"]
        ),
    ),
    max_size=16,
)


@settings(max_examples=80, deadline=None)
@given(LINES, st.data())
def test_any_blocks_and_a_restart_between_give_the_same_rows(
    lines: list[Line], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=3)))
    whole = LoginJoin()
    take(whole, log(*lines))
    pieces, frames, at = LoginJoin(), [], 0
    for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True):
        block = log(*lines[start:end])
        take(pieces, block, at)
        at += len(block)
        frames.append(pieces.rows())
        pieces = LoginJoin.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(pieces.save())))
    assert pl.concat(frames).equals(whole.rows())
    assert pieces.save() == whole.save()


@settings(max_examples=80, deadline=None)
@given(LINES)
def test_every_password_that_failed_is_counted_once(lines: list[Line]) -> None:
    only = [(pid, second, body) for pid, second, body in lines if body in (UNKNOWN, PASSWORD)]
    expected = 0
    for pid in (1, 2):
        bodies = [body for number, _, body in only if number == pid]
        joined = sum(pair == (UNKNOWN, PASSWORD) for pair in itertools.pairwise(bodies))
        expected += len(bodies) - joined
    assert len(rows(*only)) == expected


@pytest.mark.skipif(not SAMPLES.exists(), reason="the development samples are not here")
def test_annotated_lines_read_as_one_log_keep_their_rows() -> None:
    path = SAMPLES / "mail" / "fail2ban" / "labels.jsonl"
    labels: list[dict[str, Any]] = [
        label
        for label in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if label["file"] == "sshd"
    ]
    block = b""
    wanted: set[int] = set()
    unwanted: set[int] = set()
    for label in labels:
        options = label["filter_options"]
        modes = options if isinstance(options, list) else [options]
        if not label.get("context_incomplete"):
            expected = label["match"] and any("mode" not in mode for mode in modes)
            (wanted if expected else unwanted).add(len(block))
        block += label["line"].encode() + b"\n"
    found = sshd.parse(block, LineClock(now=NOW))
    join = LoginJoin()
    join.take(found.records, found.times, found.offsets, source=0, stream=0)
    failed = set(join.rows().filter(pl.col("outcome") == "failed")["position"].to_list())
    assert wanted <= failed
    assert not unwanted & failed


@pytest.mark.skipif(not SAMPLES.exists(), reason="the development samples are not here")
def test_two_hosts_guess_in_the_small_real_log() -> None:
    block = (SAMPLES / "logs" / "ssh_auth_bruteforce.log").read_bytes()
    join = LoginJoin()
    take(join, block)
    counts = join.rows().group_by("client_ip", "outcome").len().sort("len").rows()
    assert counts == [
        ("192.0.2.97", "accepted", 1),
        ("116.31.116.27", "failed", 3),
        ("202.109.143.106", "failed", 18),
    ]
