"""Instants and durations: exact, and the text reads back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import (
    DAY,
    SECOND,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
    to_datetime,
    to_micros,
)

FIRST = to_micros(datetime.min.replace(tzinfo=UTC))
LAST = to_micros(datetime.max.replace(tzinfo=UTC))
INSTANTS = st.integers(FIRST, LAST)


@settings(max_examples=300, deadline=None)
@given(INSTANTS)
def test_an_instant_reads_back(instant: int) -> None:
    text = format_instant(instant)
    assert parse_instant(text) == instant
    assert text.endswith("Z")
    assert ("." in text) == (instant % SECOND != 0)
    assert to_micros(to_datetime(instant)) == instant


@settings(max_examples=200, deadline=None)
@given(INSTANTS, INSTANTS)
def test_text_of_whole_seconds_sorts_as_time(one: int, two: int) -> None:
    one, two = one - one % SECOND, two - two % SECOND
    if min(one, two) >= FIRST:
        assert (format_instant(one) < format_instant(two)) == (one < two)


@settings(max_examples=200, deadline=None)
@given(st.integers(FIRST + 2 * DAY, LAST - 2 * DAY), st.integers(-1439, 1439))
def test_the_zone_does_not_matter(instant: int, minutes: int) -> None:
    there = timezone(timedelta(minutes=minutes))
    moment = to_datetime(instant).astimezone(there)
    assert to_micros(moment) == instant
    assert parse_instant(f" {moment.isoformat()} ") == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-03-02T09:00:00+01:00", 1_772_438_400_000_000),
        ("2026-03-02 08:00Z", 1_772_438_400_000_000),
    ],
)
def test_known_instants(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text", ["", "now", "2026-03-02T08:00:00", "2026-03-02", "2026-02-30T00:00:00Z", "1772438400"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|ISO|format|out of range|must be"):
        parse_instant(text)


@pytest.mark.parametrize("instant", [FIRST - 1, LAST + 1])
def test_no_calendar_reaches_that_far(instant: int) -> None:
    with pytest.raises(OverflowError):
        to_datetime(instant)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 60, 3600, 86_400, 604_800]))
def test_a_duration_of_whole_seconds_reads_back(count: int, unit: int) -> None:
    micros = count * unit * SECOND
    assert parse_duration(format_duration(micros)) == micros


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0s"), (90, "90s"), (300, "5m"), (86_400, "1d"), (48 * 3600, "2d"), (1_209_600, "2w")],
)
def test_the_shortest_text(micros: int, text: str) -> None:
    assert format_duration(micros * SECOND) == text


@pytest.mark.parametrize(
    "text", ["", "24", "h", "1.5h", "-1h", "24 hours", "1d12h", "24H", "٣h", "1y"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        parse_duration(text)


def test_durations_may_have_space() -> None:
    assert parse_duration(" 24 h ") == DAY
