"""When people and machines do things: office days, nights, steady trickles.

In: a span, a brand's local time, dice. Out: sorted instants inside the span.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.demo.brand import Brand

#: 1970-01-01 was a Thursday.
_FIRST_WEEKDAY = 3
_DAYS_OF_WEEK = 7
#: How much of a weekday's work is done on a day off.
_WEEKEND_SHARE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` to `end`, microseconds UTC, half-open."""

    start: int
    end: int

    def holds(self, instant: int) -> bool:
        """Tell whether `instant` lies inside."""
        return self.start <= instant < self.end

    def inner(self, before: int, after: int) -> Span:
        """Return the span without its first `before` and its last `after` microseconds."""
        return Span(start=self.start + before, end=self.end - after)


def local_days(span: Span, brand: Brand) -> list[int]:
    """Return the UTC instants of every local midnight whose day touches the span."""
    first = (span.start + brand.offset) // DAY
    last = (span.end + brand.offset) // DAY
    return [day * DAY - brand.offset for day in range(first, last + 1)]


def is_weekend(midnight: int, brand: Brand) -> bool:
    """Tell whether the local day that begins at `midnight` is a day off."""
    weekday = ((midnight + brand.offset) // DAY + _FIRST_WEEKDAY) % _DAYS_OF_WEEK
    return weekday in brand.weekend


def office(roll: Random, span: Span, brand: Brand, per_day: float) -> list[int]:
    """Return instants of office work: some `per_day` on a weekday, most of it around midday."""
    found = []
    for midnight in local_days(span, brand):
        usual = per_day * (_WEEKEND_SHARE if is_weekend(midnight, brand) else 1.0)
        for _ in range(round(usual * (0.6 + 0.8 * roll.random()))):
            hour = 7.5 + 5.5 * (roll.random() + roll.random())
            found.append(midnight + int(hour * HOUR))
    return sorted(instant for instant in found if span.holds(instant))


def trickle(roll: Random, span: Span, count: int) -> list[int]:
    """Return `count` instants anywhere in the span."""
    width = span.end - span.start
    return sorted(span.start + int(roll.random() * width) for _ in range(count))


def nightly(roll: Random, span: Span, brand: Brand, hour: float) -> list[int]:
    """Return one instant a night at about `hour` local time."""
    found = [
        midnight + int(hour * HOUR) + roll.randrange(10 * MINUTE)
        for midnight in local_days(span, brand)
    ]
    return [instant for instant in found if span.holds(instant)]


def paced(roll: Random, start: int, length: int, count: int) -> list[int]:
    """Return `count` instants spread evenly over `length`, each a little off its place."""
    step = length / count
    return [start + int((number + 0.8 * roll.random()) * step) for number in range(count)]
