"""Compiled kernels: windows a key, in panes, one pass over rows in order.

In: a `Store` (the state), `Params` (the rule) and `Rows`. Out: the changed state, a mark a row, and
transitions. The meaning is DESIGN section 4, points 1 and 4; `tests/oracle` holds these kernels to
it. A key that has rows in its window owns one slot; the others cost nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aupkeep.detection.ahead import FAR, ask
from aupkeep.detection.layout import (
    ADDS_REALS,
    AT,
    CODE,
    CONJUNCTION,
    COOLING,
    COUNT,
    DEN,
    DISTINCT,
    DUES,
    ENDED,
    ENDED_NOW,
    FAINT,
    FORGEABLE,
    FORGED,
    GREW,
    HEAD,
    IS_REAL,
    IS_SHARE,
    JOINS,
    KEPT,
    LAST,
    LEVEL,
    LINK,
    LOW,
    N_COOLING,
    N_FREE,
    N_NEXT,
    N_OPEN,
    N_OUT,
    N_PANE,
    N_PART,
    N_POSITION,
    N_RINGS,
    N_STREAM,
    N_TIME,
    N_TOLD,
    N_USED,
    NEVER,
    NEXT_GROWTH,
    NODE_FREE,
    NOW,
    NUM,
    O_CODE,
    O_DEN,
    O_INSTANT,
    O_KEPT,
    O_LEVEL,
    O_NUM,
    O_PEAK,
    O_ROW,
    O_SLOT,
    O_TOLD,
    O_WEAK,
    O_WHAT,
    OLDER,
    OPEN,
    OPENED_NOW,
    PEAK_LEVEL,
    RATIO,
    REAL_PEAK,
    STATE,
    TAIL,
    TIME,
    Ints,
    Params,
    Rows,
    Store,
)
from aupkeep.detection.pairs import find
from aupkeep.detection.panes import add, add_real, move_one, newest_real, slide
from aupkeep.detection.slots import expect, let_go, release, take

# Kernels own no arrays, so counting references to them (`_nrt`) is left out: it costs ten times
# what the work itself does. What runs for every row is put into its caller; the rest is called,
# which keeps the time to compile down. None needs the interpreter's lock.
_compiled = njit(cache=True, _nrt=False, nogil=True)
_called = njit(_nrt=False)
_often = njit(_nrt=False, forceinline=True)
_inlined = njit(_nrt=False, inline="always")


@_compiled
def feed(store: Store, params: Params, rows: Rows, start: int) -> int:
    """Evaluate picked rows from `start` on; return the first one that is still to do.

    Stops before a row for which there might be no room.
    """
    count = rows.picked.size
    pane = first = 0
    for i in range(start, count):
        if i + FAR < count:
            ask(store, params, rows, i)
        row = rows.picked[i]
        if not _room(store, params):
            return i
        time = rows.time[row]
        # Rows come in order of time, so most lie in the pane of the row before.
        if i == start or time - first >= params.keep_pane:
            pane = time // params.keep_pane
            first = pane * params.keep_pane
        _pass(store, params, pane, time)
        slot = take(store, params, rows.code[row], pane)
        if slot < 0:
            rows.marks[i] = 0
            continue
        at = time if params.mode in JOINS else pane
        _arrive(store, params, slot, at)
        if params.most > 0:
            _keep(store, params, rows, row, slot, pane)
        _add(store, params, rows, row, slot, at, pane)
        _judge(store, params, rows, i, slot, at)
    return rows.picked.size


@_compiled
def settle(store: Store, params: Params, frontier: int, open_slots: Ints) -> None:
    """Notice every end up to `frontier`; let go of keys whose windows are empty by then."""
    at = frontier // params.pane
    for slot in open_slots:
        if store.tags[slot, OPEN] == 1 and store.slots[slot, AT] < at:
            _arrive(store, params, slot, at)
    _pass(store, params, frontier // params.keep_pane, frontier)


@_compiled
def thaw(store: Store, params: Params, now: int) -> None:
    """Free the cooling slots whose cooldown has passed by `now`."""
    for slot in range(store.slots.shape[0]):
        cooling = store.tags[slot, STATE] == COOLING
        if cooling and store.slots[slot, ENDED] + params.cooldown <= now:
            store.tally[N_COOLING] -= 1
            release(store, slot)


@_compiled
def latest(store: Store, slot: int) -> float:
    """Return the float in the newest pane of `slot`."""
    return newest_real(store, slot)


@_inlined
def _room(store: Store, params: Params) -> bool:
    tally = store.tally
    return bool(
        tally[N_FREE] > 0
        and tally[NODE_FREE] >= 0
        and tally[N_RINGS] > 0
        and tally[N_OUT] + tally[N_OPEN] + 4 < store.out.shape[0]
        and tally[N_TOLD] + params.most <= store.told.shape[0]
        and tally[N_USED] * 10 < store.pairs.shape[0] * 6
    )


@_inlined
def _pass(store: Store, params: Params, pane: int, now: int) -> None:
    """Let go of the keys whose windows are empty at `pane`."""
    if pane > store.tally[NOW]:
        _let_go(store, params, pane, now)


@_often
def _let_go(store: Store, params: Params, pane: int, now: int) -> None:
    first = store.tally[NOW] - params.hold + 1
    store.tally[NOW] = pane
    for due in range(max(first, pane - params.hold - DUES + 1), pane - params.hold + 1):
        slot = store.dues[due % DUES]
        store.dues[due % DUES] = -1
        while slot >= 0:
            after = np.int64(store.tags[slot, LINK])
            last = store.slots[slot, LAST]
            if last > pane - params.hold:
                expect(store, slot, last)
            else:
                _arrive(store, params, slot, now // params.pane)
                let_go(store, params, slot, now)
            slot = after


@_inlined
def _arrive(store: Store, params: Params, slot: int, at: int) -> None:
    """Move a key's window to `at`, and notice where an open finding ended on the way."""
    if store.tags[slot, OPEN] == 1:
        _walk(store, params, slot, at)
    slide(store, params, slot, at)
    if params.most > 0:
        _drop(store, params, slot, at)


@_often
def _walk(store: Store, params: Params, slot: int, at: int) -> None:
    """Look for the end of an open finding at the start of each pane up to `at`."""
    if params.mode in JOINS:
        instant = _first_time(store, params, slot) + params.span
        if instant <= at:
            _end(store, slot, instant, -1)
        return
    final = min(at, store.slots[slot, LAST] + params.span)
    for step in range(store.slots[slot, AT] + 1, final + 1):
        slide(store, params, slot, step)
        if not _holds(store, params, slot, step):
            _end(store, slot, step * params.pane, -1)
            return


@_inlined
def _add(store: Store, params: Params, rows: Rows, row: int, slot: int, at: int, pane: int) -> None:
    """Put one row into the window, whose newest pane is `at`."""
    slots = store.slots
    slots[slot, LAST] = pane
    slots[slot, TIME] = rows.time[row]
    store.tags[slot, LEVEL] = rows.level[row] if rows.level.size > 1 else rows.level[0]
    if rows.weak[row] & FAINT:
        slots[slot, LOW] = at
    if rows.weak[row] & FORGEABLE:
        slots[slot, FORGED] = at
    if params.mode == COUNT:
        add(store, params, slot, at, 1, 0)
    elif params.mode == DISTINCT:
        _distinct(store, params, slot, rows.whole[row], at)
    elif params.mode == RATIO:
        add(store, params, slot, at, rows.whole[row] & 1, rows.whole[row] >> 1)
    elif params.mode in ADDS_REALS:
        add_real(store, params, slot, at, rows.real[row])
    elif params.mode in JOINS:
        _held(store, params, slot, rows.whole[row], at)
    else:
        add(store, params, slot, at, rows.whole[row], 1)


@_called
def _held(store: Store, params: Params, slot: int, bits: int, time: int) -> None:
    """Note which of the joined rules hold at a row."""
    for step in range(store.times.shape[1]):
        rule = store.times.shape[1] - 1 - step
        if bits >> rule & 1:
            if params.mode == CONJUNCTION or rule == 0:
                store.times[slot, rule] = time
            else:
                chain = max(store.times[slot, rule], store.times[slot, rule - 1])
                store.times[slot, rule] = chain


@_inlined
def _distinct(store: Store, params: Params, slot: int, value: int, pane: int) -> None:
    """Count a value in the newest pane it was seen in, and nowhere else."""
    pair = np.int64(slot) << 32 | value
    place = find(store.pairs, pair)
    if store.pairs[place, 0] < 0:
        store.pairs[place, 0] = pair
        store.tally[N_USED] += 1
    elif store.pairs[place, 1] == pane:
        return
    elif store.pairs[place, 1] > pane - params.span:
        move_one(store, slot, store.pairs[place, 1])
    store.pairs[place, 1] = pane
    add(store, params, slot, pane, 1, 0)


@_inlined
def _keep(store: Store, params: Params, rows: Rows, row: int, slot: int, pane: int) -> None:
    """Keep the id of one of the first rows of a pane: only those can be a window's earliest."""
    if store.tags[slot, TAIL] < 0 or store.slots[slot, LAST] != pane:
        store.tags[slot, KEPT] = 0
    if store.tags[slot, KEPT] < params.most:
        _keep_one(store, rows, row, slot, pane)


@_often
def _keep_one(store: Store, rows: Rows, row: int, slot: int, pane: int) -> None:
    tail = store.tags[slot, TAIL]
    node = store.tally[NODE_FREE]
    store.tally[NODE_FREE] = store.nodes[node, N_NEXT]
    store.nodes[node, N_PANE] = pane
    store.nodes[node, N_TIME] = rows.time[row]
    store.nodes[node, N_STREAM] = rows.stream[row]
    store.nodes[node, N_POSITION] = rows.position[row]
    store.nodes[node, N_PART] = rows.part[row]
    store.nodes[node, N_NEXT] = -1
    if tail >= 0:
        store.nodes[tail, N_NEXT] = node
    else:
        store.tags[slot, HEAD] = node
    store.tags[slot, TAIL] = node
    store.tags[slot, KEPT] += 1


@_inlined
def _drop(store: Store, params: Params, slot: int, at: int) -> None:
    """Give back the kept rows that are no longer in the window."""
    head = np.int64(store.tags[slot, HEAD])
    if head >= 0 and _is_old(store, params, head, at):
        _drop_some(store, params, slot, at)


@_inlined
def _is_old(store: Store, params: Params, node: int, at: int) -> bool:
    kept = store.nodes[node, N_TIME] if params.mode in JOINS else store.nodes[node, N_PANE]
    return bool(kept <= at - params.span)


@_often
def _drop_some(store: Store, params: Params, slot: int, at: int) -> None:
    head = np.int64(store.tags[slot, HEAD])
    while head >= 0 and _is_old(store, params, head, at):
        after = store.nodes[head, N_NEXT]
        store.nodes[head, N_NEXT] = store.tally[NODE_FREE]
        store.tally[NODE_FREE] = head
        head = after
    store.tags[slot, HEAD] = head
    if head < 0:
        store.tags[slot, TAIL] = -1


@_inlined
def _judge(store: Store, params: Params, rows: Rows, i: int, slot: int, at: int) -> None:
    """Compare the value after a row with the condition; open, raise or end a finding."""
    slots = store.slots
    holds = _holds(store, params, slot, at)
    faint = FAINT if slots[slot, LOW] > at - params.span else 0
    forged = FORGEABLE if slots[slot, FORGED] > at - params.span else 0
    rows.marks[i] = (1 if holds else 0) + ((faint + forged) << 1)
    if not params.reports:
        return
    time = slots[slot, TIME]
    if store.tags[slot, OPEN] == 1:
        if not holds:
            _end(store, slot, time, rows.picked[i])
        else:
            _grow(store, params, slot, rows.picked[i])
        return
    if not holds:
        return
    ended = slots[slot, ENDED]
    if ended != NEVER and time - ended < params.cooldown:
        return
    store.out[store.tally[N_OUT], O_WEAK] = faint + forged
    _open(store, params, slot, rows.picked[i])


@_inlined
def _holds(store: Store, params: Params, slot: int, at: int) -> bool:
    slots = store.slots
    if params.mode in JOINS:
        return bool(_first_time(store, params, slot) > at - params.span)
    if slots[slot, LAST] <= at - params.span:
        return False
    level = store.tags[slot, LEVEL]
    if params.mode in IS_REAL:
        if params.mode == RATIO and (slots[slot, DEN] < params.least or slots[slot, DEN] == 0):
            return False
        real = _real(store, params, slot)
        if np.isnan(real):
            return False
        inside = params.real_low[level] <= real <= params.real_high[level]
    else:
        inside = params.low[level] <= slots[slot, NUM] <= params.high[level]
    return bool(inside != params.outside)


@_inlined
def _first_time(store: Store, params: Params, slot: int) -> int:
    """Return when the oldest of what a joined rule rests on was: before that, it did not hold."""
    first = store.times[slot, store.times.shape[1] - 1]
    if params.mode == CONJUNCTION:
        for rule in range(store.times.shape[1] - 1):
            first = min(first, store.times[slot, rule])
    return first


@_inlined
def _real(store: Store, params: Params, slot: int) -> float:
    """Return the value of a window as a float."""
    if params.mode in ADDS_REALS:
        total = float(store.reals[slot, OLDER] + newest_real(store, slot))
    else:
        total = float(store.slots[slot, NUM])
    if params.mode in IS_SHARE:
        return total / float(store.slots[slot, DEN])
    return total


@_called
def _open(store: Store, params: Params, slot: int, row: int) -> None:
    level = store.tags[slot, LEVEL]
    store.tags[slot, OPEN] = 1
    store.tags[slot, PEAK_LEVEL] = level
    store.peaks[slot] = store.slots[slot, NUM]
    store.reals[slot, REAL_PEAK] = _real(store, params, slot)
    growth = params.number[level] * 10.0
    if params.grows and growth > 0.0:
        store.reals[slot, NEXT_GROWTH] = _past(growth, store.reals[slot, REAL_PEAK])
    else:
        store.reals[slot, NEXT_GROWTH] = np.inf
    store.tally[N_OPEN] += 1
    _tell(store, params, slot)
    _emit(store, OPENED_NOW, store.slots[slot, TIME], row, slot)


@_inlined
def _tell(store: Store, params: Params, slot: int) -> None:
    """Say of a finding that opens what it rests on."""
    out, told = store.tally[N_OUT], store.tally[N_TOLD]
    store.out[out, O_CODE] = store.tags[slot, CODE]
    store.out[out, O_NUM] = store.slots[slot, NUM]
    store.out[out, O_DEN] = store.slots[slot, DEN]
    store.out[out, O_TOLD] = told
    if params.mode in ADDS_REALS:
        store.out_reals[out, 1] = store.reals[slot, OLDER] + newest_real(store, slot)
    if params.mode in JOINS:
        for rule in range(store.times.shape[1]):
            store.out_times[out, rule] = store.times[slot, rule]
    node = np.int64(store.tags[slot, HEAD])
    count = 0
    while node >= 0 and count < params.most:
        store.told[told + count, 0] = store.nodes[node, N_STREAM]
        store.told[told + count, 1] = store.nodes[node, N_POSITION]
        store.told[told + count, 2] = store.nodes[node, N_PART]
        count += 1
        node = store.nodes[node, N_NEXT]
    store.out[out, O_KEPT] = count
    store.tally[N_TOLD] = told + count


@_inlined
def _past(growth: float, value: float) -> float:
    """Return the first power-of-ten multiple of `growth` that `value` has not reached."""
    while value >= growth and growth < np.inf:
        growth *= 10.0
    return growth


@_often
def _grow(store: Store, params: Params, slot: int, row: int) -> None:
    """Raise the peak; say so where it passes the next power of ten."""
    real = _real(store, params, slot)
    whole = store.slots[slot, NUM]
    if params.mode in IS_REAL:
        peak = store.reals[slot, REAL_PEAK]
        higher = real < peak if params.down else real > peak
    else:
        before = store.peaks[slot]
        higher = whole < before if params.down else whole > before
    if not higher:
        return
    store.peaks[slot] = whole
    store.tags[slot, PEAK_LEVEL] = store.tags[slot, LEVEL]
    store.reals[slot, REAL_PEAK] = real
    if store.reals[slot, NEXT_GROWTH] < np.inf and real >= store.reals[slot, NEXT_GROWTH]:
        store.reals[slot, NEXT_GROWTH] = _past(store.reals[slot, NEXT_GROWTH], real)
        _emit(store, GREW, store.slots[slot, TIME], row, slot)


@_called
def _end(store: Store, slot: int, instant: int, row: int) -> None:
    store.tags[slot, OPEN] = 0
    store.slots[slot, ENDED] = instant
    store.tally[N_OPEN] -= 1
    _emit(store, ENDED_NOW, instant, row, slot)


@_inlined
def _emit(store: Store, what: int, instant: int, row: int, slot: int) -> None:
    out = store.tally[N_OUT]
    store.out[out, O_WHAT] = what
    store.out[out, O_INSTANT] = instant
    store.out[out, O_ROW] = row
    store.out[out, O_SLOT] = slot
    store.out[out, O_PEAK] = store.peaks[slot]
    store.out[out, O_LEVEL] = store.tags[slot, PEAK_LEVEL]
    store.out_reals[out, 0] = store.reals[slot, REAL_PEAK]
    store.tally[N_OUT] = out + 1
