"""Compiled scanner of syslog line heads: time, host, program, process id, start of the body.

In: the bytes of a block and where its lines begin and end. Out: one row of numbers a line. The
forms are RFC 3164 (with its common omissions), RFC 3164 with RFC 3339 time, and RFC 5424.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aupkeep.signals.formats.lineclock_kernel import days_from_civil, days_in_month

Bytes = NDArray[np.uint8]
Row = NDArray[np.int64]

# Columns of a row.
STATUS, START, END, TIME, DATE, HOST, HOST_END, PROGRAM, PROGRAM_END, PID, BODY = range(11)
COLUMNS = 11

# What STATUS says. The first three are taken: TIME is an instant; TIME is local; TIME is since
# midnight and DATE is month * 100 + day.
INSTANT, LOCAL, YEARLESS, BLANK, CHATTER, NO_TIME, BAD_TIME, NO_PROCESS, BINARY, TOO_LONG = range(
    10
)

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_SPACE, _COLON, _DASH, _DOT, _OPEN, _CLOSE = 32, 58, 45, 46, 91, 93
_LESS, _MORE, _QUOTE, _BACKSLASH, _PLUS, _ZERO = 60, 62, 34, 92, 43, 48
_MONTHS = np.frombuffer(b"JanFebMarAprMayJunJulAugSepOctNovDec", dtype=np.uint8)
_NO_TAG_1 = np.frombuffer(b"-- MARK --", dtype=np.uint8)
_NO_TAG_2 = np.frombuffer(b"last message repeated ", dtype=np.uint8)
_NO_TAG_3 = np.frombuffer(b"message repeated ", dtype=np.uint8)
_JOURNAL = np.frombuffer(b"-- ", dtype=np.uint8)
_SOLARIS = np.frombuffer(b"[ID ", dtype=np.uint8)
_MARK_BYTES = np.frombuffer(b"\xef\xbb\xbf", dtype=np.uint8)


@njit(cache=True)
def begins(data: Bytes, at: int, end: int, word: Bytes) -> bool:
    """Return whether `word` stands at `at`, wholly before `end`."""
    if end - at < word.size:
        return False
    for i in range(word.size):  # noqa: SIM110 - numba compiles no generator expression
        if data[at + i] != word[i]:
            return False
    return True


@njit(cache=True)
def _number(data: Bytes, at: int, end: int, digits: int) -> int:
    """Return the number of exactly `digits` digits at `at`, or -1."""
    if end - at < digits:
        return -1
    value = 0
    for i in range(at, at + digits):
        digit = np.int64(data[i]) - _ZERO
        if digit < 0 or digit > 9:  # noqa: PLR2004 - decimal
            return -1
        value = int(value * 10 + digit)
    return value


@njit(cache=True)
def _clock(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read `HH:MM:SS[.fraction]`: microseconds since midnight (or -1) and where it ended."""
    hour, minute = _number(data, at, end, 2), _number(data, at + 3, end, 2)
    second = _number(data, at + 6, end, 2)
    if hour < 0 or minute < 0 or second < 0 or data[at + 2] != _COLON or data[at + 5] != _COLON:
        return -1, at
    if hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004 - RFC 3339 section 5.6, leap second
        return -1, at
    micros = 0
    at += 8
    if at < end and data[at] in (_DOT, 44):
        at += 1
        unit = _SECOND // 10
        while at < end and _ZERO <= data[at] <= _ZERO + 9:
            micros += int(np.int64(data[at]) - _ZERO) * unit
            unit //= 10
            at += 1
    return ((hour * 60 + minute) * 60 + second) * _SECOND + micros, at


@njit(cache=True)
def _zone(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Read `Z`, `+01:00` or `+0100`: 1 (none: 0, bad: -1), the offset in µs, where it ended."""
    if at < end and data[at] in (90, 122):
        return 1, 0, at + 1
    if at >= end or (data[at] != _PLUS and data[at] != _DASH):
        return 0, 0, at
    hours = _number(data, at + 1, end, 2)
    after = at + 3
    if after < end and data[after] == _COLON:
        after += 1
    minutes = _number(data, after, end, 2)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:  # noqa: PLR2004 - RFC 3339
        return -1, 0, at
    offset = (hours * 60 + minutes) * 60 * _SECOND
    return 1, -offset if data[at] == _DASH else offset, after + 2


@njit(cache=True)
def _full_time(data: Bytes, at: int, end: int, row: Row) -> int:
    """Read an RFC 3339 time into `row`; return where it ended, or -1."""
    year, month = _number(data, at, end, 4), _number(data, at + 5, end, 2)
    day = _number(data, at + 8, end, 2)
    row[STATUS] = BAD_TIME
    if year < 0 or month < 0 or day < 0 or end - at < 19 or data[at + 4] != _DASH:  # noqa: PLR2004
        row[STATUS] = NO_TIME
        return -1
    if data[at + 7] != _DASH or data[at + 10] not in (84, 116):
        return -1
    if year < 1970 or year > 9998 or month < 1 or month > 12:  # noqa: PLR2004 - the calendar
        return -1
    if day < 1 or day > days_in_month(year, month):
        return -1
    micros, at = _clock(data, at + 11, end)
    stated, offset, at = _zone(data, at, end)
    if micros < 0 or stated < 0:
        return -1
    row[TIME] = days_from_civil(year, month, day) * _DAY + micros - offset
    row[STATUS] = INSTANT if stated == 1 else LOCAL
    return at


@njit(cache=True)
def _short_time(data: Bytes, at: int, end: int, row: Row) -> int:
    """Read `Jan  5 10:00:00` into `row`; return where it ended, or -1."""
    row[STATUS] = NO_TIME
    month = 0
    if end - at >= 15:  # noqa: PLR2004 - the length of that form
        for i in range(12):
            if begins(data, at, end, _MONTHS[3 * i : 3 * i + 3]):
                month = i + 1
    if month == 0 or data[at + 3] != _SPACE:
        return -1
    at += 4
    while at < end and data[at] == _SPACE:
        at += 1
    width = 2 if _number(data, at, end, 2) >= 0 else 1
    day = _number(data, at, end, width)
    row[STATUS] = BAD_TIME
    if day < 1 or day > days_in_month(2000, month) or end - at < width + 9:
        return -1
    micros, after = _clock(data, at + width + 1, end)
    if micros < 0 or data[at + width] != _SPACE:
        return -1
    row[TIME], row[DATE], row[STATUS] = micros, month * 100 + day, YEARLESS
    return int(after)


@njit(cache=True)
def _token(data: Bytes, at: int, end: int) -> int:
    """Return where the word at `at` ends."""
    while at < end and data[at] != _SPACE:
        at += 1
    return at


@njit(cache=True)
def _spaces(data: Bytes, at: int, end: int) -> int:
    """Return the next place from `at` that is no space."""
    while at < end and data[at] == _SPACE:
        at += 1
    return at


@njit(cache=True)
def _name_end(data: Bytes, at: int, end: int) -> int:
    """Return where the program name at `at` ends."""
    while at < end and data[at] not in (_SPACE, _COLON, _OPEN, _CLOSE):
        at += 1
    return at


@njit(cache=True)
def _after_pid(data: Bytes, at: int, end: int, row: Row) -> int:
    """Read `[123]` at `at` into `row`; return where it ends, or -1 where there is none."""
    pid, at = 0, at + 1
    while at < end and _ZERO <= data[at] <= _ZERO + 9 and pid < 2**31:
        pid = int(pid * 10 + np.int64(data[at]) - _ZERO)
        at += 1
    if at >= end or data[at] != _CLOSE:
        return -1
    row[PID] = pid
    return at + 1


@njit(cache=True)
def _tag(data: Bytes, at: int, end: int, row: Row) -> bool:
    """Read `program[pid]: `, `program: ` or `[program] ` into `row`; False where there is none."""
    bracketed = at < end and data[at] == _OPEN
    at += 1 if bracketed else 0
    after = _name_end(data, at, end)
    row[PROGRAM], row[PROGRAM_END] = at, after
    if after in (at, end):
        return False
    mark = data[after]
    if bracketed:
        at = after + 1 if mark == _CLOSE else -1
    elif mark == _OPEN:
        at = _after_pid(data, after, end, row)
    else:
        at = after if mark == _COLON else -1
    if at < 0:
        return False
    row[BODY] = _spaces(data, at + 1 if at < end and data[at] == _COLON else at, end)
    return True


@njit(cache=True)
def _plain(data: Bytes, at: int, end: int, row: Row) -> None:
    """Read host, tag and body of an RFC 3164 line; the host may be missing."""
    after = _token(data, at, end)
    hostless = data[after - 1] == _COLON or data[at] == _OPEN
    row[HOST], row[HOST_END] = at, at if hostless else after
    at = at if hostless else _spaces(data, after, end)
    if not _tag(data, at, end, row):
        silent = begins(data, at, end, _NO_TAG_1) or begins(data, at, end, _NO_TAG_2)
        row[STATUS] = CHATTER if silent or begins(data, at, end, _NO_TAG_3) else NO_PROCESS
    elif begins(data, row[BODY], end, _SOLARIS):
        close = row[BODY]
        while close < end and data[close] != _CLOSE:
            close += 1
        if close < end:
            row[BODY] = _spaces(data, close + 1, end)


@njit(cache=True)
def _after_data(data: Bytes, at: int, end: int) -> int:
    """Return where the structured data of an RFC 5424 line (section 6.3) ends."""
    if at < end and data[at] == _DASH:
        return at + 1
    quoted = False
    while at < end:
        if quoted and data[at] == _BACKSLASH:
            at += 1
        elif data[at] == _QUOTE:
            quoted = not quoted
        elif not quoted and data[at] == _CLOSE and (at + 1 == end or data[at + 1] != _OPEN):
            return at + 1
        at += 1
    return end


@njit(cache=True)
def _versioned(data: Bytes, at: int, end: int, row: Row) -> None:
    """Read host, program, process id and body of an RFC 5424 line."""
    after = _token(data, at, end)
    nameless = after - at == 1 and data[at] == _DASH
    row[HOST], row[HOST_END] = at, at if nameless else after
    at = _spaces(data, after, end)
    after = _token(data, at, end)
    row[PROGRAM], row[PROGRAM_END] = at, after
    at = _spaces(data, after, end)
    stop = _token(data, at, end)
    row[PID] = _number(data, at, end, min(stop - at, 10))
    if after == row[PROGRAM] or stop == end:
        row[STATUS] = NO_PROCESS
        return
    at = _spaces(data, _token(data, _spaces(data, stop, end), end), end)
    at = _spaces(data, _after_data(data, at, end), end)
    row[BODY] = at + 3 if begins(data, at, end, _MARK_BYTES) else at


@njit(cache=True)
def _after_priority(data: Bytes, at: int, end: int) -> int:
    """Return where `<38>` ends, or `at` where there is none."""
    after = at + 1
    while after < end and after < at + 5 and _ZERO <= data[after] <= _ZERO + 9:
        after += 1
    if after < end and after > at + 1 and data[at] == _LESS and data[after] == _MORE:
        return after + 1
    return at


@njit(cache=True)
def _head(data: Bytes, row: Row, longest: int) -> None:
    """Read the line that `row` bounds."""
    at, end = row[START], row[END]
    row[PID] = -1
    if end - at > longest:
        row[STATUS] = TOO_LONG
        return
    if _spaces(data, at, end) == end:
        row[STATUS] = BLANK
        return
    if begins(data, at, end, _JOURNAL):
        row[STATUS] = CHATTER
        return
    begin = _after_priority(data, at, end)
    versioned = begin > at and end - begin > 2 and data[begin] == 49 and data[begin + 1] == _SPACE  # noqa: PLR2004
    at = begin + 2 if versioned else begin
    numeric = at < end and _ZERO <= data[at] <= _ZERO + 9
    at = _full_time(data, at, end, row) if numeric else _short_time(data, at, end, row)
    if at < 0:
        return
    if at >= end or data[at] != _SPACE or _spaces(data, at, end) == end:
        row[STATUS] = NO_PROCESS
    elif versioned:
        _versioned(data, _spaces(data, at, end), end, row)
    else:
        _plain(data, _spaces(data, at, end), end, row)


@njit(cache=True)
def scan_heads(
    data: Bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], longest: int
) -> NDArray[Any]:
    """Return one row of COLUMNS numbers a line; a line's CR before its end is not part of it."""
    rows = np.zeros((starts.size, COLUMNS), dtype=np.int64)
    for i in range(starts.size):
        row = rows[i]
        row[START], row[END] = starts[i], ends[i]
        if ends[i] > starts[i] and data[ends[i] - 1] == 13:  # noqa: PLR2004 - CR
            row[END] = ends[i] - 1
        _head(data, row, longest)
    return rows
