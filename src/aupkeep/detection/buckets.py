"""Compiled kernels: what a key does in the present bucket of time, against what is usual for it.

In: a `Ledger` (the state), `Bounds` (the rule) and `Rows`. Out: the changed state, a mark a row,
and transitions. What is usual is worked out once a bucket, and only for keys above the floor. Keys
stand in a list by the bucket of their last row, so that the oldest are let go first and exactly.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aupkeep.detection.layout import (
    ENDED_NOW,
    FAINT,
    FORGEABLE,
    GREW,
    NEVER,
    OPENED_NOW,
    Rows,
)
from aupkeep.detection.ledger import (
    ACTIVE,
    AFTER,
    BEFORE,
    CLOSED,
    CODE,
    COOLING,
    COUNT,
    EMPTY_BLOCK,
    ENDED,
    FIRST_BUCKET,
    HEAD,
    KEPT,
    KNOWN,
    LAST,
    LONGEST,
    N_ACTIVE,
    N_COOLING,
    N_FREE,
    N_NEXT,
    N_OPEN,
    N_OUT,
    N_PART,
    N_POSITION,
    N_REFUSED,
    N_STREAM,
    NEWEST,
    NEXT_GROWTH,
    NODE_FREE,
    NOW,
    NUMBER,
    O_INSTANT,
    O_PEAK,
    O_ROW,
    O_SLOT,
    O_WHAT,
    OFFSET,
    OLDEST,
    OPEN,
    PEAK,
    POOL_USED,
    REAL_PEAK,
    SIZE,
    STATE,
    TAIL,
    THRESHOLD,
    TIME,
    TOTAL,
    USUAL,
    VACANT,
    WEAK,
    Bounds,
    Ledger,
)
from aupkeep.detection.past import drop_before, give_back, remember, usual

_compiled = njit(cache=True, _nrt=False, nogil=True)
_called = njit(_nrt=False)
_inlined = njit(_nrt=False, inline="always")


@_compiled
def feed(ledger: Ledger, bounds: Bounds, rows: Rows, start: int) -> int:
    """Evaluate picked rows from `start` on; return the first one that is still to do.

    Stops after a row that opened a finding, so that the caller can read what is kept, and before
    a row for which there might be no room.
    """
    bucket = ledger.tally[NOW]
    ends = NEVER if bucket == NEVER else (bucket + 1) * bounds.bucket
    for i in range(start, rows.picked.size):
        row = rows.picked[i]
        time = rows.time[row]
        if not _room(ledger):
            return i
        if time >= ends:
            bucket = time // bounds.bucket
            ends = (bucket + 1) * bounds.bucket
            _let_go(ledger, bounds, bucket, time)
        slot = _slot(ledger, bounds, rows.code[row], bucket)
        if slot < 0:
            rows.marks[i] = 0
            continue
        value = _add(ledger, bounds, rows, row, slot)
        floor = bounds.floor[rows.level[row] if rows.level.size > 1 else rows.level[0]]
        if not value > floor:
            rows.marks[i] = 0
            if ledger.slots[slot, OPEN] == 1:
                _end(ledger, slot, time, row)
        elif _judge(ledger, bounds, rows, i, slot, value, floor):
            return i + 1
    return rows.picked.size


@_compiled
def settle(ledger: Ledger, bounds: Bounds, frontier: int) -> None:
    """Notice every end up to `frontier`; let go of what no bucket can see any more by then."""
    bucket = frontier // bounds.bucket
    if bucket <= ledger.tally[CLOSED]:
        return
    slot = ledger.tally[NEWEST]
    while slot >= 0 and ledger.slots[slot, LAST] >= ledger.tally[CLOSED]:
        if ledger.slots[slot, LAST] < bucket:
            _close(ledger, bounds, slot)
        slot = ledger.slots[slot, BEFORE]
    ledger.tally[CLOSED] = bucket
    _let_go(ledger, bounds, bucket, frontier)


@_compiled
def thaw(ledger: Ledger, bounds: Bounds, now: int) -> None:
    """Free the cooling slots whose cooldown has passed by `now`."""
    for slot in range(ledger.slots.shape[0]):
        cooling = ledger.slots[slot, STATE] == COOLING
        if cooling and ledger.slots[slot, ENDED] + bounds.cooldown <= now:
            ledger.tally[N_COOLING] -= 1
            _release(ledger, slot)


@_inlined
def _room(ledger: Ledger) -> bool:
    tally = ledger.tally
    return bool(
        tally[N_FREE] > 0
        and tally[NODE_FREE] >= 0
        and tally[N_OUT] + tally[N_OPEN] + 4 < ledger.out.shape[0]
        and tally[POOL_USED] + LONGEST <= ledger.past.size
    )


@_inlined
def _slot(ledger: Ledger, bounds: Bounds, code: int, bucket: int) -> int:
    """Return the slot of a key, in the present bucket; -1 where there is none for it."""
    slot = ledger.slot_of[code]
    if slot < 0 or ledger.slots[slot, STATE] != ACTIVE:
        slot = _take(ledger, bounds, code, bucket)
    elif ledger.slots[slot, LAST] != bucket:
        _begin(ledger, bounds, slot, bucket)
    return int(slot)


@_inlined
def _add(ledger: Ledger, bounds: Bounds, rows: Rows, row: int, slot: int) -> float:
    """Put one row into the present bucket; return its value."""
    slots = ledger.slots
    slots[slot, TIME] = rows.time[row]
    slots[slot, WEAK] |= rows.weak[row]
    if slots[slot, KEPT] < bounds.most:
        _keep(ledger, rows, row, slot)
    if bounds.real:
        ledger.reals[slot, TOTAL] += rows.real[row]
        return float(ledger.reals[slot, TOTAL])
    slots[slot, NUMBER] += 1 if bounds.counts else rows.whole[row]
    return float(slots[slot, NUMBER])


@_called
def _let_go(ledger: Ledger, bounds: Bounds, bucket: int, now: int) -> None:
    """Let go of the keys without a row in the history of `bucket`, which is the present one."""
    ledger.tally[NOW] = bucket
    while ledger.tally[OLDEST] >= 0:
        slot = ledger.tally[OLDEST]
        if ledger.slots[slot, LAST] >= bucket - bounds.history:
            return
        _close(ledger, bounds, slot)
        give_back(ledger, slot)
        _unlink(ledger, slot)
        ledger.tally[N_ACTIVE] -= 1
        ended = ledger.slots[slot, ENDED]
        if ended != NEVER and ended + bounds.cooldown > now:
            ledger.slots[slot, STATE] = COOLING
            ledger.tally[N_COOLING] += 1
        else:
            _release(ledger, slot)


@_called
def _close(ledger: Ledger, bounds: Bounds, slot: int) -> None:
    """The bucket of a key's last row is over: end its finding, give back the kept rows."""
    slots = ledger.slots
    if slots[slot, OPEN] == 1:
        _end(ledger, slot, (slots[slot, LAST] + 1) * bounds.bucket, -1)
    if slots[slot, HEAD] >= 0:
        ledger.nodes[slots[slot, TAIL], N_NEXT] = ledger.tally[NODE_FREE]
        ledger.tally[NODE_FREE] = slots[slot, HEAD]
    slots[slot, HEAD] = -1
    slots[slot, TAIL] = -1


@_called
def _begin(ledger: Ledger, bounds: Bounds, slot: int, bucket: int) -> None:
    """Begin a new bucket of a key that had rows before."""
    slots = ledger.slots
    _close(ledger, bounds, slot)
    drop_before(ledger, slot, bucket - bounds.history)
    value = ledger.reals[slot, TOTAL] if bounds.real else float(slots[slot, NUMBER])
    remember(ledger, slot, slots[slot, LAST], value)
    _clear(ledger, slot, bucket)
    _unlink(ledger, slot)
    _append(ledger, slot)


@_called
def _take(ledger: Ledger, bounds: Bounds, code: int, bucket: int) -> int:
    """Return a slot for a key that has no active one; -1 at the cap."""
    slots, tally = ledger.slots, ledger.tally
    if tally[N_ACTIVE] >= bounds.cap:
        tally[N_REFUSED] += 1
        return -1
    slot = ledger.slot_of[code]
    if slot >= 0:
        tally[N_COOLING] -= 1
    else:
        tally[N_FREE] -= 1
        slot = ledger.free[tally[N_FREE]]
        slots[slot, CODE] = code
        slots[slot, ENDED] = NEVER
        ledger.slot_of[code] = slot
    tally[N_ACTIVE] += 1
    slots[slot, STATE] = ACTIVE
    slots[slot, FIRST_BUCKET] = bucket
    slots[slot, OPEN] = 0
    slots[slot, HEAD] = -1
    slots[slot, TAIL] = -1
    slots[slot, SIZE] = EMPTY_BLOCK
    slots[slot, OFFSET] = 0
    slots[slot, COUNT] = 0
    _clear(ledger, slot, bucket)
    _append(ledger, slot)
    return int(slot)


@_inlined
def _clear(ledger: Ledger, slot: int, bucket: int) -> None:
    ledger.slots[slot, LAST] = bucket
    ledger.slots[slot, NUMBER] = 0
    ledger.slots[slot, KEPT] = 0
    ledger.slots[slot, WEAK] = 0
    ledger.slots[slot, KNOWN] = 0
    ledger.reals[slot, TOTAL] = 0.0


@_inlined
def _append(ledger: Ledger, slot: int) -> None:
    """Put a slot at the end of the list by last bucket."""
    newest = ledger.tally[NEWEST]
    ledger.slots[slot, BEFORE] = newest
    ledger.slots[slot, AFTER] = -1
    if newest >= 0:
        ledger.slots[newest, AFTER] = slot
    else:
        ledger.tally[OLDEST] = slot
    ledger.tally[NEWEST] = slot


@_inlined
def _unlink(ledger: Ledger, slot: int) -> None:
    before, after = ledger.slots[slot, BEFORE], ledger.slots[slot, AFTER]
    if before >= 0:
        ledger.slots[before, AFTER] = after
    else:
        ledger.tally[OLDEST] = after
    if after >= 0:
        ledger.slots[after, BEFORE] = before
    else:
        ledger.tally[NEWEST] = before


@_inlined
def _release(ledger: Ledger, slot: int) -> None:
    ledger.slot_of[ledger.slots[slot, CODE]] = -1
    ledger.slots[slot, STATE] = VACANT
    ledger.free[ledger.tally[N_FREE]] = slot
    ledger.tally[N_FREE] += 1


@_called
def _keep(ledger: Ledger, rows: Rows, row: int, slot: int) -> None:
    """Keep the id of one of the first rows of a bucket."""
    node = ledger.tally[NODE_FREE]
    ledger.tally[NODE_FREE] = ledger.nodes[node, N_NEXT]
    ledger.nodes[node, N_STREAM] = rows.stream[row]
    ledger.nodes[node, N_POSITION] = rows.position[row]
    ledger.nodes[node, N_PART] = rows.part[row]
    ledger.nodes[node, N_NEXT] = -1
    tail = ledger.slots[slot, TAIL]
    if tail >= 0:
        ledger.nodes[tail, N_NEXT] = node
    else:
        ledger.slots[slot, HEAD] = node
    ledger.slots[slot, TAIL] = node
    ledger.slots[slot, KEPT] += 1


@_called
def _judge(
    ledger: Ledger, bounds: Bounds, rows: Rows, i: int, slot: int, value: float, floor: float
) -> bool:
    """Compare a value above the floor with what is usual; return whether a finding opened."""
    slots, reals = ledger.slots, ledger.reals
    row = rows.picked[i]
    if slots[slot, KNOWN] == 0:
        slots[slot, KNOWN] = 1
        reals[slot, USUAL] = usual(ledger, bounds, slot, slots[slot, LAST])
    limit = bounds.times * reals[slot, USUAL]
    holds = value > limit
    rows.marks[i] = (1 if holds else 0) + ((slots[slot, WEAK] & (FAINT | FORGEABLE)) << 1)
    if not bounds.reports:
        return False
    if slots[slot, OPEN] == 1:
        if not holds:
            _end(ledger, slot, slots[slot, TIME], row)
        else:
            _grow(ledger, bounds, slot, row, value, max(limit, floor))
        return False
    ended = slots[slot, ENDED]
    if not holds or (ended != NEVER and slots[slot, TIME] - ended < bounds.cooldown):
        return False
    _open(ledger, slot, row, value, max(limit, floor))
    return True


@_called
def _open(ledger: Ledger, slot: int, row: int, value: float, threshold: float) -> None:
    slots, reals = ledger.slots, ledger.reals
    slots[slot, OPEN] = 1
    slots[slot, PEAK] = slots[slot, NUMBER]
    reals[slot, REAL_PEAK] = value
    reals[slot, THRESHOLD] = threshold
    growth = threshold * 10.0
    reals[slot, NEXT_GROWTH] = _past(growth, value) if growth > 0.0 else np.inf
    ledger.tally[N_OPEN] += 1
    _emit(ledger, OPENED_NOW, slots[slot, TIME], row, slot)


@_inlined
def _past(growth: float, value: float) -> float:
    """Return the first power-of-ten multiple of `growth` that `value` has not reached."""
    while growth <= value and growth < np.inf:
        growth *= 10.0
    return growth


@_called
def _grow(
    ledger: Ledger, bounds: Bounds, slot: int, row: int, value: float, threshold: float
) -> None:
    """Raise the peak; say so where it passes the next power of ten."""
    slots, reals = ledger.slots, ledger.reals
    if bounds.real:
        higher = value > reals[slot, REAL_PEAK]
    else:
        higher = slots[slot, NUMBER] > slots[slot, PEAK]
    if not higher:
        return
    slots[slot, PEAK] = slots[slot, NUMBER]
    reals[slot, REAL_PEAK] = value
    reals[slot, THRESHOLD] = threshold
    if reals[slot, NEXT_GROWTH] <= value and reals[slot, NEXT_GROWTH] < np.inf:
        reals[slot, NEXT_GROWTH] = _past(reals[slot, NEXT_GROWTH], value)
        _emit(ledger, GREW, slots[slot, TIME], row, slot)


@_called
def _end(ledger: Ledger, slot: int, instant: int, row: int) -> None:
    ledger.slots[slot, OPEN] = 0
    ledger.slots[slot, ENDED] = instant
    ledger.tally[N_OPEN] -= 1
    _emit(ledger, ENDED_NOW, instant, row, slot)


@_inlined
def _emit(ledger: Ledger, what: int, instant: int, row: int, slot: int) -> None:
    out = ledger.tally[N_OUT]
    ledger.out[out, O_WHAT] = what
    ledger.out[out, O_INSTANT] = instant
    ledger.out[out, O_ROW] = row
    ledger.out[out, O_SLOT] = slot
    ledger.out[out, O_PEAK] = ledger.slots[slot, PEAK]
    ledger.out_reals[out, 0] = ledger.reals[slot, REAL_PEAK]
    ledger.out_reals[out, 1] = ledger.reals[slot, THRESHOLD]
    ledger.tally[N_OUT] = out + 1
