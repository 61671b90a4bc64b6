"""Instants as values: whole microseconds since 1970-01-01T00:00:00Z, as an `int`.

In: ISO 8601 text with a zone. Out: microseconds, and the text back. Nothing here reads a clock:
the present is an argument everywhere, and only the faces and `flow` ask the system for it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"([0-9]+)\s*(s|m|h|d|w)")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def parse_instant(text: str) -> int:
    """Return the instant of ISO 8601 `text`; raises `ValueError` where it has no zone."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        raise ValueError(f"`{text}` has no time zone")
    return to_micros(moment)


def to_micros(moment: datetime) -> int:
    """Return the microseconds of an aware `moment`, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: int) -> datetime:
    """Return `instant` as an aware UTC datetime; raises `OverflowError` outside years 1-9999."""
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: int) -> str:
    """Return `instant` as ISO 8601 UTC ending in `Z`, with microseconds where there are any."""
    moment = to_datetime(instant).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds" if instant % SECOND else "seconds") + "Z"


def parse_duration(text: str) -> int:
    """Return the microseconds of `90s`, `5m`, `24h`, `14d`, `2w`; raises `ValueError` otherwise."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is not a duration such as 90s, 5m, 24h, 14d or 2w")
    return int(match[1]) * _UNITS[match[2]]


def format_duration(micros: int) -> str:
    """Return the shortest whole-unit text that `parse_duration` reads back."""
    for unit in ("w", "d", "h", "m"):
        if micros and micros % _UNITS[unit] == 0:
            return f"{micros // _UNITS[unit]}{unit}"
    return f"{micros // SECOND}s"
