"""How instants, lengths and strangers' words stand in what people read.

In: values. Out: one line of text each, the same for the same value.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from aupkeep.base.clock import DAY, HOUR, MINUTE, SECOND, to_datetime

_UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def spoken(instant: int, zone: str) -> str:
    """Return an instant in the provider's zone and in UTC: `2026-03-02 01:00 MST (08:00 UTC)`."""
    there = to_datetime(instant).astimezone(ZoneInfo(zone))
    utc = to_datetime(instant)
    name = there.tzname() or zone
    if there.utcoffset() == timedelta(0):
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    day = "" if there.date() == utc.date() else f"{utc:%Y-%m-%d} "
    return f"{there:%Y-%m-%d %H:%M} {name} ({day}{utc:%H:%M} UTC)"


def length(micros: int) -> str:
    """Return how long something lasts in its largest whole unit: `1 hour`, `90 minutes`."""
    for unit, word in _UNITS:
        if micros % unit == 0:
            count = micros // unit
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return f"{micros / SECOND:g} seconds"


def one_line(text: str) -> str:
    """Return strangers' text as one line in which nothing is hidden."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else f"[U+{ord(char):04X}]"
        for char in text
    )
