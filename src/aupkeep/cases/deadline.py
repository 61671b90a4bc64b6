"""Business time: when something is due that only the provider's working days count towards.

In: an instant, a length in microseconds, a calendar. Out: the instant at which it is due. A
business day is a whole day of the provider's time zone that is neither of the weekend nor a
holiday; what it lasts is what passes between its two midnights, 23 or 25 hours where clocks are
changed. The laws: a later start or a longer time is never due earlier; what is due is due on a
business day; and just the length asked for lies between, whatever the clocks did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aupkeep.base.clock import to_datetime, to_micros
from aupkeep.policy.model import Clause, Policy
from aupkeep.policy.words import WEEKDAYS

_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days of a time zone are business days."""

    #: IANA name.
    zone: str
    #: Days of the week, such as `saturday`; never all seven.
    weekend: frozenset[str] = frozenset()
    #: Days such as `2026-12-25`.
    holidays: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a week without a business day with `ValueError`: nothing would ever be due."""
        if self.weekend >= set(WEEKDAYS):
            raise ValueError("a week needs a day that is not of the weekend")

    def works(self, day: date) -> bool:
        """Whether `day` is a business day."""
        return WEEKDAYS[day.weekday()] not in self.weekend and day.isoformat() not in self.holidays

    def day(self, instant: int) -> date:
        """Return the day in which `instant` lies."""
        return to_datetime(instant).astimezone(ZoneInfo(self.zone)).date()

    def begin(self, day: date) -> int:
        """Return the first instant of `day`."""
        return to_micros(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)))


def calendar_of(policy: Policy) -> Calendar:
    """Return the calendar of the policy's front matter."""
    return Calendar(
        zone=policy.time_zone,
        weekend=frozenset(policy.weekend),
        holidays=frozenset(policy.holidays),
    )


def due(start: int, length: int, calendar: Calendar) -> int:
    """Return when `length` microseconds of business time have passed since `start`.

    What would be due at the last midnight of a business day is due when the next one begins.
    Raises `OverflowError` beyond the year 9999.
    """
    day, left = calendar.day(start), length
    at = start
    while True:
        following = calendar.begin(day + _ONE)
        if calendar.works(day):
            if at + left < following:
                return at + left
            left -= following - at
        day, at = day + _ONE, following


def decide_by(policy: Policy, clause: Clause, aware_at: int) -> int | None:
    """Return by when a person must have decided, or None where the clause has no clock."""
    if not clause.decide_within:
        return None
    if clause.business_days:
        return due(aware_at, clause.decide_within, calendar_of(policy))
    return aware_at + clause.decide_within
