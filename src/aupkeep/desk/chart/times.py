"""The axis of time: which stretch is shown, in how long bars, with which ticks.

In: instants. Out: a window whose ends are whole bars, and words for instants. All in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aupkeep.base.clock import DAY, HOUR, MINUTE, to_datetime
from aupkeep.desk.chart.values import Count, Moment, Span

#: Lengths of a bar; beyond the last, whole days as many as are needed.
STEPS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY)
MOST_BARS = 96
#: A shorter stretch is widened to this, so that one report does not fill the picture.
SHORTEST = 30 * MINUTE

_TICKS = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_MOST_TICKS = 9
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch that is shown: whole bars from `since` to `until`."""

    since: int
    until: int
    step: int

    @property
    def bars(self) -> int:
        """How many bars there is room for."""
        return (self.until - self.since) // self.step

    def start(self, instant: int) -> int:
        """Return the start of the bar that `instant` is in."""
        return instant // self.step * self.step

    def share(self, instant: int) -> float:
        """Return how far along the axis `instant` is: 0 at the start, 1 at the end, never more."""
        return min(max((instant - self.since) / (self.until - self.since), 0.0), 1.0)

    def shows(self, instant: int) -> bool:
        """Say whether `instant` is within the stretch."""
        return self.since <= instant <= self.until


def window(
    series: Sequence[Count],
    spans: Sequence[Span],
    moments: Sequence[Moment] = (),
    *,
    until: int | None = None,
) -> Window:
    """Return the stretch that holds the counts and findings, in the finest bars that fit.

    `until` is how far is known; what still holds lasts until then. Moments lengthen the stretch by
    half at most, and only while the bars stay as fine as they are.
    """
    instants = [item.at for item in series] + [item.at + MINUTE for item in series]
    for item in spans:
        instants += [item.first, item.last if item.last is not None else until or item.first]
    instants = instants or [item.at for item in moments] or [until or 0]
    first, last = min(instants), max(instants)
    lacking = max(SHORTEST - (last - first), 0)
    found = _fitted(first - lacking // 2, last + lacking - lacking // 2)
    most = min(found.bars * 3 // 2, MOST_BARS)
    for moment in sorted(moments, key=lambda one: (max(one.at - last, first - one.at), one.at)):
        low, high = min(found.since, moment.at), max(found.until, moment.at + 1)
        wider = _aligned(low, high, found.step)
        found = wider if wider.bars <= most else found
    return found


def _fitted(first: int, last: int) -> Window:
    for step in STEPS:
        found = _aligned(first, last, step)
        if found.bars <= MOST_BARS:
            return found
    days = (last - first) // (DAY * (MOST_BARS - 2)) + 1
    return _aligned(first, last, days * DAY)


def _aligned(first: int, last: int, step: int) -> Window:
    return Window(since=first // step * step, until=-(-last // step) * step, step=step)


def ticks(shown: Window) -> list[int]:
    """Return the instants to label, at most nine, all whole hours, quarters, days and the like."""
    length = shown.until - shown.since
    steps = [minutes * MINUTE for minutes in _TICKS]
    step = next((step for step in steps if length // step < _MOST_TICKS), 0)
    if not step:
        step = (length // (DAY * _MOST_TICKS) + 1) * DAY
    first = -(-shown.since // step) * step
    return list(range(first, shown.until + 1, step))


def merged(spans: Iterable[Span], until: int) -> list[Span]:
    """Return spans of one label without overlaps, the earliest first; open ones are kept open."""
    found: list[Span] = []
    for item in sorted(spans, key=lambda item: item.first):
        before = found[-1] if found else None
        if before is None or item.first > (until if before.last is None else before.last):
            found.append(item)
        elif before.last is not None:
            last = None if item.last is None else max(before.last, item.last)
            found[-1] = replace(before, last=last)
    return found


def day(instant: int) -> str:
    """Return `13 Mar`."""
    moment = to_datetime(instant)
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def hour(instant: int) -> str:
    """Return `10:05`."""
    moment = to_datetime(instant)
    return f"{moment.hour:02}:{moment.minute:02}"


def full(instant: int) -> str:
    """Return `13 Mar 2026 10:05`."""
    return f"{day(instant)} {to_datetime(instant).year} {hour(instant)}"


def near(instant: int, other: int) -> str:
    """Return the hour of `instant`, with its day where that is not the day of `other`."""
    same = instant // DAY == other // DAY
    return hour(instant) if same else f"{day(instant)} {hour(instant)}"


def length(micros: int) -> str:
    """Return `5 minutes`, `1 hour`, `2 days` for a whole number of minutes."""
    for unit, word in ((DAY, "day"), (HOUR, "hour")):
        if micros % unit == 0:
            return _many(micros // unit, word)
    return _many(micros // MINUTE, "minute")


def per(micros: int) -> str:
    """Return `per minute`, `per 5 minutes`, `per hour`."""
    return f"per {length(micros).removeprefix('1 ')}"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
