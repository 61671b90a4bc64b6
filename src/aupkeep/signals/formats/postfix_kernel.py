"""Compiled reader of the Postfix lines that make up nearly all of a mail log.

In: the bytes of a block and where its syslog parts are. Out: one text record a line that matters,
fields parted by SEPARATOR, records by line feeds; lines that need the full grammar are only named.

Free text (addresses, replies, logins) cannot forge a field: a record is read from its two ends
inwards, each field at its place, and what does not fit the whole form is no record. Control bytes,
which Postfix itself prints as `?`, become `?` here, so that no text holds a separator.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

SEPARATOR = "\x1f"

# Kinds of records, as their first letter.
CLIENT, MESSAGE_ID, QUEUED, OUTCOME, REMOVED, PICKED, FULL, BROKEN = (ord(c) for c in "CMQORPFX")
_NOTHING = 0

_END, _PART = 10, 0x1F
_SPACE, _COMMA, _COLON, _SLASH, _LESS, _MORE = 32, 44, 58, 47, 60, 62
_OPEN, _CLOSE, _ROUND, _UNROUND, _QUOTE, _BACKSLASH = 91, 93, 40, 41, 34, 92
_SHORTEST_ID, _LONGEST_ID = 3, 40


def _word(text: str) -> Bytes:
    return np.frombuffer(text.encode(), dtype=np.uint8)


_POSTFIX = _word("postfix")
_NOQUEUE = _word("NOQUEUE")
_SMTPD, _CLEANUP, _QMGR, _PICKUP = _word("smtpd"), _word("cleanup"), _word("qmgr"), _word("pickup")
_NQMGR, _BOUNCE, _POSTSUPER = _word("nqmgr"), _word("bounce"), _word("postsuper")
_K_CLIENT, _K_MESSAGE_ID, _K_FROM = _word("client="), _word("message-id="), _word("from=<")
_K_TO, _K_REMOVED = _word("to="), _word("removed")
_ORIG_TO, _RELAY, _STATUS = _word(", orig_to="), _word(", relay="), _word(", status=")
_DELAY, _DSN = _word(", delay="), _word(", dsn=")
_METHOD, _LOGIN = _word(", sasl_method="), _word(", sasl_username=")
_SASL_SENDER = _word(", sasl_sender=")
_ORIG_ID, _ORIG_CLIENT = _word(", orig_queue_id="), _word(", orig_client=")
_UID, _SENDER, _ORIG = _word("uid="), _word(" from=<"), _word("> orig_id=")
_SIZE, _NRCPT = _word(">, size="), _word(", nrcpt=")
_REJECT, _HOLD, _MILTER = _word("reject: "), _word("hold: "), _word("milter-")
_PROXY = _word("proxy-reject: ")

#: More separators, kind and line feed than any record has.
_ROOM = 24


@njit(cache=True)
def _is(data: Bytes, at: int, end: int, word: Bytes) -> bool:
    """Return whether `word` stands at `at`, wholly before `end`."""
    if end - at < word.size:
        return False
    for i in range(word.size):  # noqa: SIM110 - numba compiles no generator expression
        if data[at + i] != word[i]:
            return False
    return True


@njit(cache=True)
def _find(data: Bytes, at: int, end: int, word: Bytes) -> int:
    """Return the first place of `word` from `at`, or -1."""
    for i in range(at, end - word.size + 1):
        if data[i] == word[0] and _is(data, i, end, word):
            return i
    return -1


@njit(cache=True)
def _byte(data: Bytes, at: int, end: int, wanted: int) -> int:
    """Return the first place of a byte from `at`, or `end`."""
    while at < end and data[at] != wanted:
        at += 1
    return at


@njit(cache=True)
def _same(data: Bytes, at: int, end: int, word: Bytes) -> bool:
    """Return whether `word` is all there is between `at` and `end`."""
    return end - at == word.size and _is(data, at, end, word)


@njit(cache=True)
def _put(out: Bytes, size: int, data: Bytes, at: int, end: int) -> int:
    """Append a field after a separator; return the new size."""
    out[size] = _PART
    return _copy(out, size + 1, data, at, end)


@njit(cache=True)
def _copy(out: Bytes, size: int, data: Bytes, at: int, end: int) -> int:
    """Append bytes; return the new size."""
    for i in range(at, end):
        byte = data[i]
        out[size] = 63 if byte < 32 or byte == 127 else byte  # noqa: PLR2004 - ASCII control
        size += 1
    return size


@njit(cache=True)
def _queue_id_end(data: Bytes, at: int, end: int) -> int:
    """Return where the queue id at `at` ends, or -1 where none with `: ` stands there.

    Ids are hexadecimal or base 52: they have a digit or an inner capital, which words of prose
    (`warning: `, `Deleted: `) have not.
    """
    begin = at
    marked = False
    while at < end:
        byte = data[at]
        digit = 48 <= byte <= 57  # noqa: PLR2004 - 0-9
        capital = 65 <= byte <= 90  # noqa: PLR2004 - A-Z
        if not digit and not capital and not 97 <= byte <= 122:  # noqa: PLR2004 - a-z
            break
        marked = marked or digit or (capital and at > begin)
        at += 1
    fits = _SHORTEST_ID <= at - begin <= _LONGEST_ID and marked and at + 1 < end
    return at if fits and data[at] == _COLON and data[at + 1] == _SPACE else -1


@njit(cache=True)
def _address(data: Bytes, at: int, end: int, next1: Bytes, next2: Bytes) -> tuple[int, int, int]:
    """Read `<address>` or a bare address that `next1` or `next2` follows.

    Returns begin, end, and the place after it, or -1. A quoted local part (RFC 5321 section
    4.1.2) is skipped as a whole, so that nothing inside quotes ends the address.
    """
    if at < end and data[at] != _LESS:
        stop = at
        while stop < end and not _is(data, stop, end, next1) and not _is(data, stop, end, next2):
            stop += 1
        return at, stop, stop if stop < end else -1
    begin = at + 1
    after = begin
    if after < end and data[after] == _QUOTE:
        after += 1
        while after < end and data[after] != _QUOTE:
            after += 2 if data[after] == _BACKSLASH else 1
        if after >= end:
            after = begin
    stop = _byte(data, after, end, _MORE)
    while stop < end:
        if _is(data, stop + 1, end, next1) or _is(data, stop + 1, end, next2):
            return begin, stop, stop + 1
        stop = _byte(data, stop + 1, end, _MORE)
    return begin, end, -1


@njit(cache=True)
def _value(data: Bytes, at: int, end: int) -> int:
    """Return where a value without free text ends: at `, ` or the end of the line."""
    while at < end and not (data[at] == _COMMA and at + 1 < end and data[at + 1] == _SPACE):
        at += 1
    return at


@njit(cache=True)
def _outcome(data: Bytes, at: int, end: int, out: Bytes, size: int) -> int:
    """Read `to=<>, orig_to=<>, relay=, ..., dsn=, status=word (reply)`; -1 where it is not that."""
    begin, stop, at = _address(data, at + 3, end, _RELAY, _ORIG_TO)
    if at < 0:
        return -1
    size = _put(out, size, data, begin, stop)
    begin, stop = at, at
    if _is(data, at, end, _ORIG_TO):
        begin, stop, at = _address(data, at + _ORIG_TO.size, end, _RELAY, _RELAY)
        if at < 0:
            return -1
    size = _put(out, size, data, begin, stop)
    stop = _value(data, at + _RELAY.size, end)
    size = _put(out, size, data, at + _RELAY.size, stop)
    delay, delay_end, dsn, dsn_end = 0, 0, 0, 0
    while stop < end and not _is(data, stop, end, _STATUS):
        at = stop
        stop = _value(data, at + 1, end)
        if _is(data, at, end, _DELAY):
            delay, delay_end = at + _DELAY.size, stop
        elif _is(data, at, end, _DSN):
            dsn, dsn_end = at + _DSN.size, stop
    if stop >= end:
        return -1
    size = _put(out, _put(out, size, data, delay, delay_end), data, dsn, dsn_end)
    at = stop + _STATUS.size
    stop = _byte(data, at, end, _SPACE)
    size = _put(out, size, data, at, stop)
    if end - stop > 2 and data[stop + 1] == _ROUND:  # noqa: PLR2004 - a space, a bracket, more
        return _put(out, size, data, stop + 2, end - 1 if data[end - 1] == _UNROUND else end)
    return _put(out, size, data, end, end)


@njit(cache=True)
def _peer(data: Bytes, at: int, end: int, out: Bytes, size: int) -> tuple[int, int]:
    """Read `name[address]` or `name[address]:port`: size and where it ends (-1: it is not that)."""
    name_end = _byte(data, at, end, _OPEN)
    close = _byte(data, name_end, end, _CLOSE)
    if close >= end:
        return size, -1
    size = _put(out, _put(out, size, data, at, name_end), data, name_end + 1, close)
    at = close + 1
    if at < end and data[at] == _COLON:
        at += 1
        while at < end and 48 <= data[at] <= 57:  # noqa: PLR2004 - 0-9
            at += 1
    return size, at


@njit(cache=True)
def _client(data: Bytes, at: int, end: int, out: Bytes, size: int) -> int:
    """Read `client=name[ip], sasl_method=, sasl_username=, sasl_sender=, orig_queue_id=, ...`.

    Nothing after `sasl_sender`, which the client wrote, is believed.
    """
    size, at = _peer(data, at + _K_CLIENT.size, end, out, size)
    if at < 0:
        return -1
    if _is(data, at, end, _METHOD):
        at = _value(data, at + _METHOD.size, end)
    begin, stop = at, at
    if _is(data, at, end, _LOGIN):
        begin, stop = at + _LOGIN.size, end
        for word in (_SASL_SENDER, _ORIG_ID, _ORIG_CLIENT):
            place = _find(data, begin, stop, word)
            stop = place if place >= 0 else stop
        at = stop
    size = _put(out, size, data, begin, stop)
    begin, stop = at, at
    if _is(data, at, end, _ORIG_ID):
        begin = at + _ORIG_ID.size
        stop = at = _value(data, begin, end)
    size = _put(out, size, data, begin, stop)
    if _is(data, at, end, _ORIG_CLIENT):
        size, at = _peer(data, at + _ORIG_CLIENT.size, end, out, size)
        return size if at >= 0 else -1
    return _put(out, _put(out, size, data, end, end), data, end, end)


@njit(cache=True)
def _number_before(data: Bytes, at: int, least: int) -> int:
    """Return where the digits that end at `at` begin."""
    while at > least and 48 <= data[at - 1] <= 57:  # noqa: PLR2004 - 0-9
        at -= 1
    return at


@njit(cache=True)
def _queued(data: Bytes, at: int, end: int, out: Bytes, size: int) -> int:
    """Read `from=<sender>, size=1, nrcpt=1 (queue active)` from its end, or -1."""
    sender = at + _K_FROM.size
    round_ = end - 1
    while round_ > sender and data[round_] != _ROUND:
        round_ -= 1
    stop = round_ - 1
    count = _number_before(data, stop, sender)
    size_end = count - _NRCPT.size
    if size_end < sender or stop == count or not _is(data, size_end, end, _NRCPT):
        return -1
    begin = _number_before(data, size_end, sender)
    sender_end = begin - _SIZE.size
    if sender_end < sender or begin == size_end or not _is(data, sender_end, end, _SIZE):
        return -1
    size = _put(out, size, data, sender, sender_end)
    return _put(out, _put(out, size, data, begin, size_end), data, count, stop)


@njit(cache=True)
def _picked(data: Bytes, at: int, end: int, out: Bytes, size: int) -> int:
    """Read `uid=33 from=<sender>` and `... orig_id=id`, whose end is read first; -1 otherwise."""
    uid = at + _UID.size
    stop = uid
    while stop < end and 48 <= data[stop] <= 57:  # noqa: PLR2004 - 0-9
        stop += 1
    sender = stop + _SENDER.size
    first = end
    while first > sender and data[first - 1] != 61:  # noqa: PLR2004 - an equals sign
        first -= 1
    sender_end = first - _ORIG.size
    if data[end - 1] == _MORE:
        first, sender_end = end, end - 1
    elif sender_end < sender or not _is(data, sender_end, end, _ORIG):
        return -1
    if stop == uid or sender_end < sender or not _is(data, stop, end, _SENDER):
        return -1
    size = _put(out, _put(out, size, data, uid, stop), data, sender, sender_end)
    return _put(out, size, data, first, end)


@njit(cache=True)
def _message_id(data: Bytes, at: int, end: int, out: Bytes, size: int) -> int:
    """Read `message-id=<id>`; an id without angle brackets is taken as it is."""
    at += _K_MESSAGE_ID.size
    if end - at > 1 and data[at] == _LESS and data[end - 1] == _MORE:
        return _put(out, size, data, at + 1, end - 1)
    return _put(out, size, data, at, end)


@njit(cache=True)
def _refused(data: Bytes, at: int, end: int) -> bool:
    """Return whether an action stands at `at` that ends or stops a message before the queue."""
    if _is(data, at, end, _REJECT) or _is(data, at, end, _HOLD):
        return True
    return _is(data, at, end, _MILTER) or _is(data, at, end, _PROXY)


@njit(cache=True)
def _received(data: Bytes, place: Places, queued: bool) -> int:  # noqa: FBT001 - by position
    """Return what a line of smtpd or cleanup is."""
    at, end = place[6], place[7]
    if queued and _is(data, at, end, _K_CLIENT):
        return CLIENT
    if queued and _is(data, at, end, _K_MESSAGE_ID):
        return MESSAGE_ID
    return FULL if _refused(data, at, end) else _NOTHING


@njit(cache=True)
def _kind(data: Bytes, place: Places) -> int:
    """Return what the line at `place` (see `_record`) is."""
    program, program_end, at, end = place[2], place[3], place[6], place[7]
    queued = not _same(data, place[4], place[5], _NOQUEUE)
    for word in (_SMTPD, _CLEANUP):
        if _same(data, program, program_end, word):
            return int(_received(data, place, queued))
    if _is(data, at, end, _K_TO):
        return OUTCOME
    if _same(data, at, end, _K_REMOVED):
        return REMOVED
    return int(_handled(data, place))


@njit(cache=True)
def _handled(data: Bytes, place: Places) -> int:
    """Return what a line of qmgr, pickup, bounce or postsuper is."""
    program, program_end, at, end = place[2], place[3], place[6], place[7]
    if _same(data, program, program_end, _PICKUP):
        return PICKED if _is(data, at, end, _UID) else _NOTHING
    for word in (_QMGR, _NQMGR):
        if _same(data, program, program_end, word):
            return QUEUED if _is(data, at, end, _K_FROM) else _NOTHING
    for word in (_BOUNCE, _POSTSUPER):
        if _same(data, program, program_end, word):
            return FULL
    return _NOTHING


@njit(cache=True)
def _record(data: Bytes, kind: int, place: Places, out: Bytes, size: int) -> int:
    """Append the fields of one record; return the new size, or -1 where the line is not that.

    `place`: begin and end of host, last part of the program, queue id; begin and end of the rest.
    """
    size = _put(out, size, data, place[0], place[1])
    out[size] = _SPACE
    size = _copy(out, size + 1, data, place[4], place[5])
    at, end = place[6], place[7]
    if kind == CLIENT:
        return _client(data, at, end, out, size)
    if kind == MESSAGE_ID:
        return _message_id(data, at, end, out, size)
    if kind == QUEUED:
        return _queued(data, at, end, out, size)
    if kind == PICKED:
        return _picked(data, at, end, out, size)
    if kind == OUTCOME:
        return _outcome(data, at, end, out, _put(out, size, data, place[2], place[3]))
    return size


@njit(cache=True)
def _places(data: Bytes, heads: Places, place: Places) -> bool:
    """Fill `place` (see `_record`) from a line's syslog parts; False where it is not ours."""
    program, program_end, body, end = heads[2], heads[3], heads[4], heads[5]
    if not _is(data, program, program_end, _POSTFIX):
        return False
    last = program_end
    while last > program and data[last - 1] != _SLASH:
        last -= 1
    stop = _queue_id_end(data, body, end) if last > program else -1
    place[0], place[1], place[2], place[3] = heads[0], heads[1], last, program_end
    place[4], place[5], place[6], place[7] = body, stop, stop + 2, end
    return last > program and stop > 0


@njit(cache=True)
def compile_records(data: Bytes, heads: Places) -> tuple[Bytes, Places, Bytes]:
    """Return the records' text, the line each is of, and its kind.

    `heads` has a row a line: host, host end, program, program end, body, end.
    """
    total = 0
    for i in range(heads.shape[0]):
        total += heads[i, 5] - heads[i, 0] + _ROOM
    out = np.empty(total, dtype=np.uint8)
    owners = np.empty(heads.shape[0], dtype=np.int64)
    kinds = np.empty(heads.shape[0], dtype=np.uint8)
    place = np.empty(8, dtype=np.int64)
    size, found = 0, 0
    for i in range(heads.shape[0]):
        if not _places(data, heads[i], place):
            continue
        kind = _kind(data, place)
        if kind == _NOTHING:
            continue
        out[size] = kind
        after = _record(data, kind, place, out, size + 1)
        if after < 0:
            kind = FULL if kind == QUEUED else BROKEN
            out[size] = kind
            after = _record(data, kind, place, out, size + 1)
        out[after] = _END
        size = after + 1
        owners[found], kinds[found] = i, kind
        found += 1
    return out[:size], owners[:found], kinds[:found]


def to_heads(*columns: NDArray[Any]) -> Places:
    """Return the table that `compile_records` takes."""
    return np.ascontiguousarray(np.column_stack(columns).astype(np.int64, copy=False))
