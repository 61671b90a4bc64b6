"""Log lines as rsyslog writes them, in both time forms.

In: `Line` values in any order. Out: the bytes of a log file, lines in the order of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from aupkeep.base.clock import HOUR, MINUTE, SECOND, to_datetime
from aupkeep.demo.brand import Brand

#: Instant, host, program with process id, body.
Line = tuple[int, str, str, str]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Return the lines by time; lines of one instant keep their order."""
    return sorted(lines, key=itemgetter(0))


def render(lines: Iterable[Line], brand: Brand) -> bytes:
    """Return the text of `lines` in the brand's time form, UTF-8."""
    zone = _zone(brand.offset)
    known, head = -1, ""
    parts = []
    for at, host, program, body in lines:
        second, micros = divmod(at, SECOND)
        if second != known:
            known = second
            head = _iso(at + brand.offset) if brand.iso_time else _stamp(at + brand.offset)
        if brand.iso_time:
            parts.append(f"{head}.{micros:06d}{zone} {host} {program}: {body}\n")
        else:
            parts.append(f"{head} {host} {program}: {body}\n")
    return "".join(parts).encode()


def _iso(local: int) -> str:
    return to_datetime(local).strftime("%Y-%m-%dT%H:%M:%S")


def _stamp(local: int) -> str:
    moment = to_datetime(local)
    return f"{_MONTHS[moment.month - 1]} {moment.day:2d} {moment:%H:%M:%S}"


def stamp(at: int, brand: Brand) -> str:
    """Return the traditional `Jan  5 10:00:00` of an instant, in the brand's local time."""
    return _stamp(at + brand.offset)


def mail_date(at: int, brand: Brand) -> str:
    """Return the RFC 5322 date of an instant in the brand's zone, in English on every machine."""
    moment = to_datetime(at + brand.offset)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    zone = _zone(brand.offset).replace(":", "")
    month = _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment:%Y %H:%M:%S} {zone}"


def _zone(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    hours, rest = divmod(abs(offset), HOUR)
    return f"{sign}{hours:02d}:{rest // MINUTE:02d}"
