"""Compiled loops of the line clock: years for lines without one, instants for lines without zone.

In: arrays in the order of the lines and the state before. Out: arrays and the state after.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: The state before the first line, and the answer for a day that does not exist.
UNKNOWN = -(2**63)

_DAY = 86_400_000_000
#: So far back a line is out of order; further back it belongs to the next year.
_BACK = 30 * _DAY
#: So far back lines of one log are out of order at most, as a rule.
_DISORDER = 60_000_000
#: So far ahead of the line before a line may be, whatever the present is.
_AHEAD = 7 * _DAY
#: Between two leap years lie at most eight years.
_YEARS_TRIED = 9


@njit(cache=True)
def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date of the Gregorian calendar."""
    shifted = year - (1 if month <= 2 else 0)  # noqa: PLR2004 - the year starts in March here
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return int(era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468)


@njit(cache=True)
def days_in_month(year: int, month: int) -> int:
    """Return how many days `month` has in `year`."""
    if month == 2:  # noqa: PLR2004 - February
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@njit(cache=True)
def _year_of(local: int) -> int:
    """Return the calendar year of local microseconds."""
    days = local // _DAY
    year = 1970 + days // 366
    while days_from_civil(year + 1, 1, 1) <= days:
        year += 1
    while days_from_civil(year, 1, 1) > days:
        year -= 1
    return int(year)


@njit(cache=True)
def _at(year: int, month: int, day: int, clock: int) -> int:
    """Return local microseconds, or the least int64 where the year lacks that day."""
    if day > days_in_month(year, month):
        return UNKNOWN
    return int(days_from_civil(year, month, day) * _DAY + clock)


@njit(cache=True)
def _first(month: int, day: int, clock: int, year: int, limit: int) -> int:
    """Return the first line's time: in `year`, or in the latest one that is within `limit`."""
    if year != 0:
        return int(_at(year, month, day, clock))
    latest = _year_of(limit)
    for back in range(_YEARS_TRIED):
        moment = _at(latest - back, month, day, clock)
        if moment != UNKNOWN and moment <= limit:
            return int(moment)
    return UNKNOWN


@njit(cache=True)
def _next(month: int, day: int, clock: int, last: int, limit: int) -> int:
    """Return the time of a line that follows one at `last`.

    1. A time near the line before is taken, be it in the year before or after (New Year).
    2. Else the next such time after it, where that is not in the future.
    3. Else the latest one that is not in the future.
    """
    year = _year_of(last)
    forward = UNKNOWN
    within = UNKNOWN
    for candidate in (year - 1, year, year + 1):
        moment = _at(candidate, month, day, clock)
        if moment == UNKNOWN:
            continue
        if last - _BACK <= moment <= last + _AHEAD:
            return int(moment)
        if moment > last and forward == UNKNOWN:
            forward = moment
        if moment <= limit:
            within = moment
    if forward != UNKNOWN and forward <= limit:
        return int(forward)
    return int(within)


@njit(cache=True)
def date_years(
    month_day: NDArray[np.int64], clock: NDArray[np.int64], year: int, last: int, limit: int
) -> tuple[NDArray[Any], int]:
    """Return local microseconds a line, and the state after the last one."""
    out = np.empty(month_day.size, dtype=np.int64)
    for i in range(month_day.size):
        month, day = month_day[i] // 100, month_day[i] % 100
        if last == UNKNOWN:
            moment = _first(month, day, clock[i], year, limit)
        else:
            moment = _next(month, day, clock[i], last, limit)
        out[i] = moment
        if moment != UNKNOWN:
            last = moment
    return out, last


@njit(cache=True)
def place_times(
    local: NDArray[np.int64], early: NDArray[np.int64], late: NDArray[np.int64], last: int
) -> tuple[NDArray[Any], int]:
    """Return instants, given both offsets that each local time can have; and the last of them."""
    out = np.empty(local.size, dtype=np.int64)
    for i in range(local.size):
        instant = local[i] - early[i]
        if early[i] != late[i] and last != UNKNOWN and instant < last - _DISORDER:
            instant = local[i] - late[i]
        out[i] = instant
        last = instant
    return out, last
