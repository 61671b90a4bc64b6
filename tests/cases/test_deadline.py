"""Business time: later and longer is never earlier, never on a holiday, and exact over changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR, parse_instant, to_micros
from aupkeep.cases.deadline import Calendar, due
from aupkeep.policy.words import WEEKDAYS

_ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe")
_START = parse_instant("2026-01-01T00:00:00Z")
_INSTANTS = st.integers(_START, _START + 500 * DAY)
_LENGTHS = st.integers(0, 30 * DAY)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    days = st.dates(date(2025, 12, 25), date(2028, 1, 1)).map(date.isoformat)
    return Calendar(
        zone=draw(st.sampled_from(_ZONES)),
        weekend=draw(st.frozensets(st.sampled_from(WEEKDAYS), max_size=6)),
        holidays=draw(st.frozensets(days, max_size=20)),
    )


def business(start: int, end: int, calendar: Calendar) -> int:
    """Return the business time between two instants, counted day by day."""
    total, day = 0, calendar.day(start)
    while calendar.begin(day) < end:
        following = day + timedelta(days=1)
        if calendar.works(day):
            begun, over = max(start, calendar.begin(day)), min(end, calendar.begin(following))
            total += over - begun
        day = following
    return total


@given(_INSTANTS, _LENGTHS, calendars())
def test_just_the_length_lies_between_and_the_day_is_a_working_one(
    start: int, length: int, calendar: Calendar
) -> None:
    end = due(start, length, calendar)
    assert end >= start + length
    assert calendar.works(calendar.day(end))
    assert business(start, end, calendar) == length


@given(_INSTANTS, _INSTANTS, _LENGTHS, calendars())
def test_a_later_start_is_never_due_earlier(
    one: int, two: int, length: int, calendar: Calendar
) -> None:
    first, second = sorted((one, two))
    assert due(first, length, calendar) <= due(second, length, calendar)


@given(_INSTANTS, _LENGTHS, _LENGTHS, calendars())
def test_a_longer_time_is_never_due_earlier(
    start: int, one: int, two: int, calendar: Calendar
) -> None:
    shorter, longer = sorted((one, two))
    assert due(start, shorter, calendar) <= due(start, longer, calendar)


@given(_INSTANTS, _LENGTHS, calendars(), st.dates(date(2025, 12, 25), date(2028, 1, 1)))
def test_one_more_holiday_is_never_due_earlier(
    start: int, length: int, calendar: Calendar, day: date
) -> None:
    more = Calendar(
        zone=calendar.zone,
        weekend=calendar.weekend,
        holidays=calendar.holidays | {day.isoformat()},
    )
    assert due(start, length, calendar) <= due(start, length, more)


def _local(text: str, zone: str) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        # Friday afternoon, two days: the weekend does not count.
        ("2026-07-10T15:00", 48, "2026-07-14T15:00"),
        # On a Saturday the time begins on Monday.
        ("2026-07-11T15:00", 24, "2026-07-14T00:00"),
        # Christmas is Friday: what begins the day before goes on at Monday.
        ("2026-12-24T12:00", 24, "2026-12-28T12:00"),
        # What would be due at Friday's last midnight is due when Monday begins.
        ("2026-07-10T12:00", 12, "2026-07-13T00:00"),
    ],
)
def test_some_days_in_berlin(start: str, hours: int, end: str) -> None:
    calendar = Calendar(
        zone="Europe/Berlin",
        weekend=frozenset({"saturday", "sunday"}),
        holidays=frozenset({"2026-12-25"}),
    )
    begun = _local(start, calendar.zone)
    assert due(begun, hours * HOUR, calendar) == _local(end, calendar.zone)


@pytest.mark.parametrize(
    ("start", "end"),
    # 24 hours over a day of 23, and over one of 25.
    [("2026-03-28T12:00", "2026-03-29T13:00"), ("2026-10-24T12:00", "2026-10-25T11:00")],
)
def test_a_day_of_another_length_counts_what_it_lasts(start: str, end: str) -> None:
    calendar = Calendar(zone="Europe/Berlin", weekend=frozenset({"friday"}))
    begun = _local(start, calendar.zone)
    assert due(begun, 24 * HOUR, calendar) == _local(end, calendar.zone)


def test_a_week_without_a_working_day_is_refused() -> None:
    with pytest.raises(ValueError, match="not of the weekend"):
        Calendar(zone="UTC", weekend=frozenset(WEEKDAYS))
