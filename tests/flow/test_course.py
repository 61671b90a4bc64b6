"""Minute counts around findings: right by definition, and the same however the input is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR, MINUTE, SECOND, format_instant, parse_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.detection.finding import Finding
from aupkeep.events.frontier import NEVER
from aupkeep.flow.course import MARKS, REACH, Course
from aupkeep.flow.engine import Running, run_to_end, start
from aupkeep.flow.founding import found
from aupkeep.flow.installation import Installation, open_installation
from aupkeep.policy.model import Tier
from aupkeep.store import intake
from aupkeep.store.course import Minute, minutes
from aupkeep.store.database import close_store
from aupkeep.store.states import read_state, write_state

T0 = parse_instant("2026-03-01T00:00:00Z")
Cell = tuple[str, str, str, str, int]
Table = dict[Cell, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One row, as much of it as is counted."""

    at: int
    customer: str = "c-1"
    kind: str = "mail"
    mark: str = "sent"
    provider: str = "jasmo"
    attribution: str = "attributed"
    counted: bool = True


def finding(first: int, last: int, *, state: str = "open", customer: str = "c-1") -> Finding:
    return Finding(
        id=f"{customer} {first} {last}",
        state=state,
        provider="jasmo",
        rule="bulk",
        rule_version="1",
        rule_status="automatic",
        policy_version="1",
        clause="spam",
        tier=Tier.FACT,
        key={},
        customer=customer,
        service=None,
        attribution="attributed",
        actor="",
        first=first,
        last=last if state == "ended" else first,
        observed_at=first,
        value=1,
        threshold=1,
        events=("0:0:0",),
    )


def frames(rows: Iterable[Row]) -> Iterator[tuple[str, pl.DataFrame]]:
    for kind, mark in MARKS.items():
        listed = [row for row in rows if row.kind == kind]
        if listed:
            columns: dict[str, Any] = {
                "provider": [row.provider for row in listed],
                "customer": [row.customer for row in listed],
                "attribution": [row.attribution for row in listed],
                "event_time": [row.at for row in listed],
                "counted": [row.counted for row in listed],
            }
            if mark:
                columns[mark] = [row.mark for row in listed]
            yield kind, pl.DataFrame(columns)


def store(table: Table, stored: Iterable[Minute]) -> None:
    for item in stored:
        table[item.provider, item.customer, item.kind, item.mark, item.at] = item.n


def play(
    rows: Sequence[Row], findings: Sequence[Finding], cuts: Sequence[tuple[int, bool, bool]]
) -> Table:
    """Feed everything; each cut is (instant, whether to commit there, whether to restart there).

    `findings` are given in their last state; they are handed on when their instants have come.
    """
    course, table = Course(), Table()
    waiting: list[Finding] = []
    past = NEVER
    for until, commits, restarts in cuts:
        for kind, frame in frames([row for row in rows if past <= row.at < until]):
            course.see(kind, frame)
        for item in findings:
            if past <= item.first < until:
                waiting.append(replace(item, state="open", last=item.first))
            if item.state == "ended" and past <= item.last < until:
                waiting.append(item)
        past = until
        if commits:
            store(table, course.settle(waiting, until))
            waiting = []
            saved = msgspec.msgpack.decode(msgspec.msgpack.encode(course.save()))
            if restarts:
                course = Course.restore(saved)
    store(table, course.settle(waiting, past))
    return table


def expected(rows: Iterable[Row], findings: Sequence[Finding]) -> Table:
    """The definition, word for word."""
    table: Counter[Cell] = Counter()
    for row in rows:
        at = row.at // MINUTE * MINUTE
        wanted = any(
            item.customer == row.customer
            and item.provider == row.provider
            and item.first // MINUTE * MINUTE - HOUR <= at
            and (item.state != "ended" or at <= item.last // MINUTE * MINUTE + HOUR)
            for item in findings
        )
        if wanted and row.attribution == "attributed" and (row.kind != "mail" or row.counted):
            table[row.provider, row.customer, row.kind, row.mark, at] += 1
    return dict(table)


instants = st.integers(0, 6 * 60).map(lambda half: T0 + half * 30 * SECOND) | st.integers(
    T0, T0 + 6 * HOUR
)
customers = st.sampled_from(["c-1", "c-2"])
marked = st.sampled_from(
    [("mail", "sent"), ("mail", "bounced"), ("login", "failed"), ("flow", ""), ("report", "spam")]
)
some_rows = st.lists(
    st.builds(
        lambda at, who, kind, said, counted: Row(at, who, kind[0], kind[1], said, counted=counted),
        instants,
        customers,
        marked,
        st.sampled_from(["jasmo", "jasmo", "jasmo", "injazat"]),
        st.sampled_from([True, True, True, False]),
    ),
    max_size=60,
)
some_findings = st.lists(
    st.builds(
        lambda first, length, state, who: finding(first, first + length, state=state, customer=who),
        instants,
        st.integers(0, 2 * HOUR) | st.just(0),
        st.sampled_from(["open", "ended", "ended"]),
        customers,
    ),
    max_size=4,
)
some_cuts = st.lists(st.tuples(instants, st.booleans(), st.booleans()), max_size=12)
WHOLE = (T0 + DAY, True, False)


@settings(max_examples=150)
@given(some_rows, some_findings, some_cuts)
@example([Row(T0)], [finding(T0 + HOUR, T0 + HOUR)], [(T0 + HOUR, True, True)])
@example([Row(T0), Row(T0 + 40 * SECOND)], [finding(T0, T0)], [(T0 + 30 * SECOND, True, True)])
@example(
    [Row(T0 + 2 * HOUR)], [finding(T0, T0 + HOUR, state="ended")], [(T0 + 2 * HOUR, True, True)]
)
def test_any_cutting_stores_what_the_definition_says(
    rows: list[Row], findings: list[Finding], cuts: list[tuple[int, bool, bool]]
) -> None:
    findings = [item for item in findings if item.last < T0 + DAY]
    ordered = sorted(rows, key=lambda row: row.at)
    by_definition = expected(ordered, findings)
    assert play(ordered, findings, [WHOLE]) == by_definition
    assert play(ordered, findings, [*sorted(cuts), WHOLE]) == by_definition


def test_nothing_is_stored_without_a_finding() -> None:
    assert play([Row(T0), Row(T0 + HOUR)], [], [WHOLE]) == {}


def test_only_attributed_rows_count_and_a_changed_outcome_does_not_count_again() -> None:
    rows = [
        Row(T0, mark="deferred"),
        Row(T0 + SECOND, mark="sent", counted=False),
        Row(T0, attribution="ambiguous"),
        Row(T0, attribution="outsider"),
    ]
    table = play(rows, [finding(T0, T0)], [WHOLE])
    assert table == {("jasmo", "c-1", "mail", "deferred", T0): 1}


def test_a_finding_of_nobody_in_particular_watches_nobody() -> None:
    unknown = replace(finding(T0, T0), customer=None, attribution="unknown")
    doubtful = replace(finding(T0, T0), attribution="ambiguous")
    course = Course()
    for kind, frame in frames([Row(T0)]):
        course.see(kind, frame)
    assert course.settle([unknown, doubtful], T0 + HOUR) == []


def test_counts_are_absolute_and_an_unchanged_minute_is_not_given_again() -> None:
    course = Course()
    for kind, frame in frames([Row(T0), Row(T0 + 90 * SECOND)]):
        course.see(kind, frame)
    first = course.settle([finding(T0, T0)], T0 + 100 * SECOND)
    assert [(item.at - T0, item.n) for item in first] == [(0, 1), (MINUTE, 1)]
    for kind, frame in frames([Row(T0 + 110 * SECOND)]):
        course.see(kind, frame)
    second = course.settle([], T0 + 3 * MINUTE)
    assert [(item.at - T0, item.n) for item in second] == [(MINUTE, 2)]
    assert course.settle([], T0 + 4 * MINUTE) == []


def test_what_is_kept_does_not_grow_with_time() -> None:
    course = Course()
    sizes = []
    for minute in range(0, 600, 7):
        at = T0 + minute * MINUTE
        rows = [Row(at + second * SECOND, f"c-{second}") for second in range(40)]
        for kind, frame in frames(rows):
            course.see(kind, frame)
        found = [finding(at, at + 1, state="ended", customer="c-3")]
        course.settle(found if minute % 70 == 0 else [], at + MINUTE)
        sizes.append(len(msgspec.msgpack.encode(course.save())))
    # An hour holds nine of these minutes, from then on the size stays the same.
    assert max(sizes[9:]) < 1.2 * sizes[9]
    quiet = course.settle([], T0 + DAY)
    assert quiet == []
    assert course.save()["past"] == []
    assert course.save()["watches"] == {}


def test_a_state_of_a_newer_program_is_refused() -> None:
    with pytest.raises(AupkeepError, match="form 99"):
        Course.restore({**Course().save(), "version": 99})


def test_reach_is_an_hour() -> None:
    assert REACH == HOUR


SETTINGS = """
clock = "event"

[[provider]]
name = "jasmo"
policy = "policies/jasmo"
networks = ["198.51.100.0/24"]

[[inlet]]
provider = "jasmo"
format = "sshd"
path = "auth.log"
"""
HOLDINGS = """provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at
jasmo,ip,198.51.100.7,,,c-7,vps-7,vps,2026-01-01T00:00:00Z,,billing,2026-01-01T00:00:00Z
jasmo,ip,198.51.100.8,,,c-8,vps-8,vps,2026-01-01T00:00:00Z,,billing,2026-01-01T00:00:00Z
"""
NOW = T0 + DAY


def attempts(address: str, since: int, until: int, every: int) -> list[bytes]:
    lines = []
    for number, at in enumerate(range(since, until, every)):
        said = f"Failed password for root from {address} port {2000 + number} ssh2"
        lines.append(f"{format_instant(at)} shared1 sshd[{3000 + number}]: {said}\n".encode())
    return lines


#: One address tries every five minutes for hours, and in between thirty times in one minute.
TRIED = sorted(
    attempts("198.51.100.7", T0, T0 + 6 * HOUR, 5 * MINUTE)
    + attempts("198.51.100.7", T0 + 3 * HOUR + 2 * SECOND, T0 + 3 * HOUR + 62 * SECOND, 2 * SECOND)
    + attempts("198.51.100.8", T0, T0 + 6 * HOUR, 7 * MINUTE)
)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "holdings.csv").write_text(HOLDINGS)
    found(tmp_path, SETTINGS, policies=("jasmo",), now=T0, holdings=tmp_path / "holdings.csv")
    yield open_installation(tmp_path)
    close_store()


def clock() -> int:
    return NOW


def until_silent(running: Running) -> None:
    while running.step():
        pass


def test_the_engine_stores_the_minutes_around_a_finding(installation: Installation) -> None:
    (installation.folder / "auth.log").write_bytes(b"".join(TRIED))
    run_to_end(installation, clock)
    stored = minutes("jasmo", "c-7", 0, NOW)
    assert {(item.kind, item.mark) for item in stored} == {("login", "failed")}
    at = {(item.at - T0) // MINUTE: item.n for item in stored}
    # The twentieth try opens it; it ends ten minutes after the burst, and an hour is added.
    assert min(at) == 120
    assert at[180] == 30
    assert 240 < max(at) <= 255
    assert minutes("jasmo", "c-8", 0, NOW) == []


def test_an_engine_that_stops_and_goes_on_stores_the_same(installation: Installation) -> None:
    log = installation.folder / "auth.log"
    for begin in range(0, len(TRIED), 17):
        with log.open("ab") as out:
            out.writelines(TRIED[begin : begin + 17])
        running = start(installation, clock)
        until_silent(running)
        running.doors.close()
    run_to_end(installation, clock)
    piecewise = minutes("jasmo", "c-7", 0, NOW)
    assert [item.n for item in piecewise].count(30) == 1

    other = installation.folder / "other"
    other.mkdir()
    (other / "holdings.csv").write_text(HOLDINGS)
    close_store()
    found(other, SETTINGS, policies=("jasmo",), now=T0, holdings=other / "holdings.csv")
    (other / "auth.log").write_bytes(log.read_bytes())
    run_to_end(open_installation(other), clock)
    assert minutes("jasmo", "c-7", 0, NOW) == piecewise


def test_an_older_state_without_counts_is_taken_up(installation: Installation) -> None:
    log = installation.folder / "auth.log"
    log.write_bytes(b"".join(TRIED[:30]))
    running = start(installation, clock)
    until_silent(running)
    running.doors.close()
    committed = intake.latest()
    assert committed is not None
    state = read_state(installation.states, committed.state_file)
    del state["course"]
    assert write_state(installation.states, committed.number, state) == committed.state_file

    log.write_bytes(b"".join(TRIED))
    run_to_end(installation, clock)
    stored = minutes("jasmo", "c-7", 0, NOW)
    assert [item.n for item in stored].count(30) == 1
