"""Times as mails and feedback reports write them.

In: text such as `Thu, 8 Mar 2005 17:40:36 EDT`. Out: microseconds UTC, or None. A time whose zone
is missing or has no one meaning is no time: a guess could name the wrong holder of an address.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from aupkeep.base.clock import parse_instant, to_micros

#: Zone abbreviations of one meaning, as minutes east. Those of RFC 5322 keep its meaning (CST,
#: EST ... are American). IST, BST, AST, GST and the military letters but Z mean too many things.
ZONES = {
    **dict.fromkeys(("UT", "UTC", "GMT", "Z", "WET"), 0),
    **dict.fromkeys(("CET", "MET", "WEST", "WAT"), 60),
    **dict.fromkeys(("CEST", "MEST", "EET", "SAST", "CAT"), 120),
    **dict.fromkeys(("EEST", "MSK", "EAT", "TRT"), 180),
    **dict.fromkeys(("MSD",), 240),
    **dict.fromkeys(("PKT",), 300),
    **dict.fromkeys(("WIB", "ICT"), 420),
    **dict.fromkeys(("HKT", "SGT", "AWST", "PHT"), 480),
    **dict.fromkeys(("JST", "KST"), 540),
    **dict.fromkeys(("AEST",), 600),
    **dict.fromkeys(("AEDT",), 660),
    **dict.fromkeys(("NZST",), 720),
    **dict.fromkeys(("NZDT",), 780),
    **dict.fromkeys(("BRT",), -180),
    **dict.fromkeys(("EDT",), -240),
    **dict.fromkeys(("EST", "CDT"), -300),
    **dict.fromkeys(("CST", "MDT"), -360),
    **dict.fromkeys(("MST", "PDT"), -420),
    **dict.fromkeys(("PST", "AKDT"), -480),
    **dict.fromkeys(("AKST",), -540),
    **dict.fromkeys(("HST",), -600),
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:[A-Za-z]{2,9}\.?,?\s+)?"  # the week day is not believed: senders get it wrong
    r"(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3})[a-z]*\.?[\s-]+(?P<year>\d{4}|\d{2})\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?"
    r"\s*(?:(?P<sign>[+-])(?P<offset>\d{4})|\(?(?P<zone>[A-Za-z]{1,5})\b)?"
)
_LONGEST = 120
_HALF_CENTURY = 50


def mail_time(text: str) -> int | None:
    """Return the instant of an RFC 5322 date or an ISO 8601 time with zone, else None.

    A numeric offset wins over an abbreviation behind it; `-0000` is UTC (RFC 5322, 3.3).
    """
    cut = text.strip()[:_LONGEST]
    match = _DATE.match(cut)
    try:
        return _of_match(match) if match else parse_instant(cut)
    except (ValueError, OverflowError):
        return None


def _of_match(match: re.Match[str]) -> int | None:
    east = _minutes_east(match)
    if east is None:
        return None
    moment = datetime(
        _year(match["year"]),
        _MONTHS.index(match["month"].lower()) + 1,
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"]),
        min(int(match["second"] or 0), 59),  # a leap second is the one before it
        tzinfo=UTC,
    )
    return to_micros(moment) - east * 60_000_000


def _minutes_east(match: re.Match[str]) -> int | None:
    if match["offset"]:
        hours, minutes = divmod(int(match["offset"]), 100)
        east = timedelta(hours=hours, minutes=minutes)
        if minutes >= 60 or east >= timedelta(hours=24):  # noqa: PLR2004 -- an hour, a day
            return None
        whole = east // timedelta(minutes=1)
        return -whole if match["sign"] == "-" else whole
    return ZONES.get((match["zone"] or "").upper())


def _year(text: str) -> int:
    """Read two digits as RFC 5322 section 4.3 does: 00-49 are of this century."""
    year = int(text)
    if len(text) > 2:  # noqa: PLR2004 -- a year of four digits
        return year
    return year + (2000 if year < _HALF_CENTURY else 1900)
