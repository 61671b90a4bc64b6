"""Compiled kernels: windows a key, in panes, one pass over rows in order.

In: a `Store` (the state), `Params` (the rule) and `Rows`. Out: the changed state, a mark a row, and
transitions. The meaning is DESIGN section 4, points 1 and 4; `tests/oracle` holds these kernels to
it. A key that has rows in its window owns one slot; the others cost nothing. Slots stand in a list
by the pane of their last row, so that the oldest are let go first and exactly.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aupkeep.detection.layout import (
    AT,
    CONJUNCTION,
    COOLING,
    COUNT,
    DEN,
    DISTINCT,
    ENDED,
    ENDED_NOW,
    FAINT,
    FIRST,
    FORGEABLE,
    FORGED,
    GREW,
    HEAD,
    KEPT,
    LAST,
    LEVEL,
    LOW,
    N_ACTIVE,
    N_COOLING,
    N_FREE,
    N_NEXT,
    N_OPEN,
    N_OUT,
    N_PANE,
    N_PART,
    N_POSITION,
    N_STREAM,
    N_TIME,
    N_USED,
    NEVER,
    NEXT_GROWTH,
    NODE_FREE,
    NUM,
    O_INSTANT,
    O_LEVEL,
    O_PEAK,
    O_ROW,
    O_SLOT,
    O_WHAT,
    OLDER,
    OPEN,
    OPENED_NOW,
    PEAK,
    PEAK_LEVEL,
    RATIO,
    REAL_PEAK,
    REAL_SUM,
    STATE,
    SUM,
    TAIL,
    TIME,
    Ints,
    Params,
    Rows,
    Store,
)
from aupkeep.detection.pairs import find
from aupkeep.detection.rule import PANES
from aupkeep.detection.slots import release, take, unlink

# Kernels own no arrays, so counting references to them (`_nrt`) is left out: it costs ten times
# what the work itself does. What runs for every row is put into its caller; the rest is called,
# which keeps the time to compile down.
_compiled = njit(cache=True, _nrt=False)
_called = njit(_nrt=False)
_inlined = njit(_nrt=False, inline="always")


@_compiled
def feed(store: Store, params: Params, rows: Rows, start: int) -> int:
    """Evaluate picked rows from `start` on; return the first one that is still to do.

    Stops after a row that opened a finding, so that the caller can read what is kept, and before
    a row for which there might be no room.
    """
    for i in range(start, rows.picked.size):
        row = rows.picked[i]
        if not _room(store):
            return i
        pane = rows.time[row] // params.pane
        _let_go(store, params, pane, rows.time[row])
        slot = take(store, params, rows.code[row])
        if slot < 0:
            rows.marks[i] = 0
            continue
        _arrive(store, params, slot, pane)
        _add(store, params, rows, row, slot, pane)
        _keep(store, params, rows, row, slot)
        if _judge(store, params, rows, i, slot, pane):
            return i + 1
    return rows.picked.size


@_compiled
def settle(store: Store, params: Params, frontier: int, open_slots: Ints) -> None:
    """Notice every end up to `frontier`; let go of keys whose windows are empty by then."""
    pane = frontier // params.pane
    for slot in open_slots:
        if store.slots[slot, OPEN] == 1 and store.slots[slot, AT] < pane:
            _arrive(store, params, slot, pane)
    _let_go(store, params, pane, frontier)


@_compiled
def thaw(store: Store, params: Params, now: int) -> None:
    """Free the cooling slots whose cooldown has passed by `now`."""
    for slot in range(store.slots.shape[0]):
        cooling = store.slots[slot, STATE] == COOLING
        if cooling and store.slots[slot, ENDED] + params.cooldown <= now:
            store.tally[N_COOLING] -= 1
            release(store, slot)


@_inlined
def _room(store: Store) -> bool:
    tally = store.tally
    return bool(
        tally[N_FREE] > 0
        and tally[NODE_FREE] >= 0
        and tally[N_OUT] + tally[N_OPEN] + 4 < store.out.shape[0]
        and tally[N_USED] * 10 < store.pairs.size * 6
    )


@_inlined
def _let_go(store: Store, params: Params, pane: int, now: int) -> None:
    """Let go of the keys whose windows are empty at `pane`."""
    while store.tally[FIRST] >= 0:
        slot = store.tally[FIRST]
        if store.slots[slot, LAST] > pane - params.span:
            return
        _arrive(store, params, slot, pane)
        unlink(store, slot)
        store.tally[N_ACTIVE] -= 1
        ended = store.slots[slot, ENDED]
        if ended != NEVER and ended + params.cooldown > now:
            store.slots[slot, STATE] = COOLING
            store.tally[N_COOLING] += 1
        else:
            release(store, slot)


@_inlined
def _arrive(store: Store, params: Params, slot: int, pane: int) -> None:
    """Move a key's window to `pane`, and notice where an open finding ended on the way."""
    if store.slots[slot, OPEN] == 1:
        _walk(store, params, slot, pane)
    _slide(store, params, slot, pane)
    _drop(store, params, slot, pane)


@_called
def _walk(store: Store, params: Params, slot: int, pane: int) -> None:
    """Look for the end of an open finding at the start of each pane up to `pane`."""
    if params.mode == CONJUNCTION:
        instant = _first_time(store, slot) + params.span
        if instant <= pane:
            _end(store, slot, instant, -1)
        return
    final = min(pane, store.slots[slot, LAST] + params.span)
    for step in range(store.slots[slot, AT] + 1, final + 1):
        _slide(store, params, slot, step)
        if not _holds(store, params, slot, step):
            _end(store, slot, step * params.pane, -1)
            return


@_inlined
def _slide(store: Store, params: Params, slot: int, pane: int) -> None:
    """Take the panes out of the window that are too old at `pane`."""
    at = store.slots[slot, AT]
    store.slots[slot, AT] = pane
    if params.mode == CONJUNCTION or pane == at:
        return
    if at == NEVER:
        return  # A slot is empty when it is given out.
    if pane - at >= PANES:
        _clear(store, params, slot)
        return
    place = at % PANES
    for _ in range(at, pane):
        place = place + 1 if place < PANES - 1 else 0
        _empty(store, params, slot, place)
    if params.mode == REAL_SUM:
        # Added anew, oldest first, so that the sum does not depend on what has left.
        older = 0.0
        for step in range(pane - PANES + 1, pane):
            older += store.real_sums[slot, step % PANES]
        store.reals[slot, OLDER] = older


@_inlined
def _empty(store: Store, params: Params, slot: int, place: int) -> None:
    """Take one pane out of the window."""
    if params.mode == SUM:
        store.slots[slot, NUM] -= store.sums[slot, place]
        store.sums[slot, place] = 0
    elif params.mode == REAL_SUM:
        store.real_sums[slot, place] = 0.0
    elif store.counts[slot, place] != 0 or params.mode == RATIO:
        store.slots[slot, NUM] -= store.counts[slot, place]
        store.counts[slot, place] = 0
        if params.mode == RATIO:
            store.slots[slot, DEN] -= store.others[slot, place]
            store.others[slot, place] = 0


@_inlined
def _clear(store: Store, params: Params, slot: int) -> None:
    store.slots[slot, NUM] = 0
    store.slots[slot, DEN] = 0
    store.reals[slot, OLDER] = 0.0
    if params.mode == SUM:
        store.sums[slot, :] = 0
    elif params.mode == REAL_SUM:
        store.real_sums[slot, :] = 0.0
    else:
        store.counts[slot, :] = 0
        if params.mode == RATIO:
            store.others[slot, :] = 0


@_inlined
def _add(store: Store, params: Params, rows: Rows, row: int, slot: int, pane: int) -> None:
    """Put one row into the window, whose newest pane is `pane`."""
    place = pane % PANES
    slots = store.slots
    slots[slot, LAST] = pane
    slots[slot, TIME] = rows.time[row]
    slots[slot, LEVEL] = rows.level[row] if rows.level.size > 1 else rows.level[0]
    if rows.weak[row] & FAINT:
        slots[slot, LOW] = pane
    if rows.weak[row] & FORGEABLE:
        slots[slot, FORGED] = pane
    if params.mode == COUNT:
        slots[slot, NUM] += 1
        store.counts[slot, place] += 1
    elif params.mode == DISTINCT:
        _distinct(store, params, slot, rows.whole[row], pane)
    elif params.mode == SUM:
        slots[slot, NUM] += rows.whole[row]
        store.sums[slot, place] += rows.whole[row]
    elif params.mode == REAL_SUM:
        store.real_sums[slot, place] += rows.real[row]
    elif params.mode == RATIO:
        above, below = rows.whole[row] & 1, rows.whole[row] >> 1
        slots[slot, NUM] += above
        store.counts[slot, place] += above
        slots[slot, DEN] += below
        store.others[slot, place] += below
    else:
        for rule in range(store.sums.shape[1]):
            if rows.whole[row] >> rule & 1:
                store.sums[slot, rule] = pane


@_called
def _distinct(store: Store, params: Params, slot: int, value: int, pane: int) -> None:
    """Count a value in the newest pane it was seen in, and nowhere else."""
    at = find(store.pairs, slot << 32 | value)
    if store.pairs[at] < 0:
        store.pairs[at] = slot << 32 | value
        store.tally[N_USED] += 1
        store.slots[slot, NUM] += 1
    elif store.panes[at] <= pane - params.span:
        store.slots[slot, NUM] += 1
    else:
        store.counts[slot, store.panes[at] % PANES] -= 1
    store.panes[at] = pane
    store.counts[slot, pane % PANES] += 1


@_inlined
def _keep(store: Store, params: Params, rows: Rows, row: int, slot: int) -> None:
    """Keep the id of one of the first rows of a pane: only those can be a window's earliest."""
    if params.most == 0:
        return
    pane = rows.time[row] // params.keep_pane
    tail = store.slots[slot, TAIL]
    if tail < 0 or store.nodes[tail, N_PANE] != pane:
        store.slots[slot, KEPT] = 0
    if store.slots[slot, KEPT] >= params.most:
        return
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
        store.slots[slot, HEAD] = node
    store.slots[slot, TAIL] = node
    store.slots[slot, KEPT] += 1


@_inlined
def _drop(store: Store, params: Params, slot: int, pane: int) -> None:
    """Give back the kept rows that are no longer in the window."""
    if params.most == 0:
        return
    column = N_TIME if params.mode == CONJUNCTION else N_PANE
    head = store.slots[slot, HEAD]
    while head >= 0 and store.nodes[head, column] <= pane - params.span:
        after = store.nodes[head, N_NEXT]
        store.nodes[head, N_NEXT] = store.tally[NODE_FREE]
        store.tally[NODE_FREE] = head
        head = after
    store.slots[slot, HEAD] = head
    if head < 0:
        store.slots[slot, TAIL] = -1


@_inlined
def _judge(store: Store, params: Params, rows: Rows, i: int, slot: int, pane: int) -> bool:
    """Compare the value after a row with the condition; return whether a finding opened."""
    slots = store.slots
    holds = _holds(store, params, slot, pane)
    faint = FAINT if slots[slot, LOW] > pane - params.span else 0
    forged = FORGEABLE if slots[slot, FORGED] > pane - params.span else 0
    rows.marks[i] = (1 if holds else 0) + ((faint + forged) << 1)
    if not params.reports:
        return False
    time = slots[slot, TIME]
    if slots[slot, OPEN] == 1:
        if not holds:
            _end(store, slot, time, rows.picked[i])
        else:
            _grow(store, params, slot, rows.picked[i])
        return False
    ended = slots[slot, ENDED]
    if not holds or (ended != NEVER and time - ended < params.cooldown):
        return False
    _open(store, params, slot, rows.picked[i])
    return True


@_inlined
def _holds(store: Store, params: Params, slot: int, pane: int) -> bool:
    slots = store.slots
    if slots[slot, LAST] <= pane - params.span:
        return False
    if params.mode == CONJUNCTION:
        return bool(_first_time(store, slot) > pane - params.span)
    level = slots[slot, LEVEL]
    if params.mode in (REAL_SUM, RATIO):
        if params.mode == RATIO and (slots[slot, DEN] < params.least or slots[slot, DEN] == 0):
            return False
        real = _real(store, params, slot)
        inside = params.real_low[level] <= real <= params.real_high[level]
    else:
        inside = params.low[level] <= slots[slot, NUM] <= params.high[level]
    return bool(inside != params.outside)


@_inlined
def _first_time(store: Store, slot: int) -> int:
    """Return the oldest of the last times at which the rules of a conjunction held."""
    first = store.sums[slot, 0]
    for rule in range(1, store.sums.shape[1]):
        first = min(first, store.sums[slot, rule])
    return int(first)


@_inlined
def _real(store: Store, params: Params, slot: int) -> float:
    """Return the value of a window as a float."""
    if params.mode == REAL_SUM:
        newest = store.slots[slot, AT] % PANES
        return float(store.reals[slot, OLDER] + store.real_sums[slot, newest])
    if params.mode == RATIO:
        return float(store.slots[slot, NUM] / store.slots[slot, DEN])
    return float(store.slots[slot, NUM])


@_called
def _open(store: Store, params: Params, slot: int, row: int) -> None:
    slots = store.slots
    slots[slot, OPEN] = 1
    slots[slot, PEAK] = slots[slot, NUM]
    slots[slot, PEAK_LEVEL] = slots[slot, LEVEL]
    store.reals[slot, REAL_PEAK] = _real(store, params, slot)
    growth = params.number[slots[slot, LEVEL]] * 10.0
    if params.grows and growth > 0.0:
        store.reals[slot, NEXT_GROWTH] = _past(growth, store.reals[slot, REAL_PEAK])
    else:
        store.reals[slot, NEXT_GROWTH] = np.inf
    store.tally[N_OPEN] += 1
    _emit(store, OPENED_NOW, slots[slot, TIME], row, slot)


@_inlined
def _past(growth: float, value: float) -> float:
    """Return the first power-of-ten multiple of `growth` that `value` has not reached."""
    while value >= growth and growth < 1e300:  # noqa: PLR2004 - a stop for infinite values
        growth *= 10.0
    return growth


@_called
def _grow(store: Store, params: Params, slot: int, row: int) -> None:
    """Raise the peak; say so where it passes the next power of ten."""
    slots = store.slots
    real = _real(store, params, slot)
    if params.mode in (REAL_SUM, RATIO):
        peak = store.reals[slot, REAL_PEAK]
        higher = real < peak if params.down else real > peak
    else:
        whole, before = slots[slot, NUM], slots[slot, PEAK]
        higher = whole < before if params.down else whole > before
    if not higher:
        return
    slots[slot, PEAK] = slots[slot, NUM]
    slots[slot, PEAK_LEVEL] = slots[slot, LEVEL]
    store.reals[slot, REAL_PEAK] = real
    if real >= store.reals[slot, NEXT_GROWTH]:
        store.reals[slot, NEXT_GROWTH] = _past(store.reals[slot, NEXT_GROWTH], real)
        _emit(store, GREW, slots[slot, TIME], row, slot)


@_called
def _end(store: Store, slot: int, instant: int, row: int) -> None:
    store.slots[slot, OPEN] = 0
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
    store.out[out, O_PEAK] = store.slots[slot, PEAK]
    store.out[out, O_LEVEL] = store.slots[slot, PEAK_LEVEL]
    store.out_peaks[out] = store.reals[slot, REAL_PEAK]
    store.tally[N_OUT] = out + 1
