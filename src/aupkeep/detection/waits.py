"""Compiled kernels: what is awaited for each key, and when it has not come in time.

In: `Waits` (the state), `Terms` (the rule) and `Rows`, whose `whole` says with the bits CAME and
AWAITS that something awaited came, and that something is awaited from here on. Out: the changed
state, and transitions. Keys stand in a heap by the next instant at which time alone may do
something for them; a row only puts it off, which is noticed when the instant comes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aupkeep.detection.layout import ENDED_NOW, NEVER, OPENED_NOW, Ints, Rows
from aupkeep.detection.rule import PANES

# Bits of `Rows.whole`.
CAME, AWAITS = 1, 2
# States of a slot. A resting one waits for nothing, except perhaps for its cooldown.
FREE, AWAITED, OPEN, RESTING = range(4)
# Columns of `Waits.slots`. ROW is the row of this feed the wait began with, or -1.
STATE, CODE, BEGAN, OPENED, ENDED, DUE, PLACE, ROW, WEAK = range(9)
SLOT_COLUMNS = 9
# Entries of `Waits.tally`.
N_FREE, N_HELD, N_REFUSED, N_OUT, N_RESTING, N_HEAP, N_FRESH = range(7)
TALLY = 7
# Columns of `Waits.out`.
O_WHAT, O_INSTANT, O_ROW, O_SLOT, O_BEGAN, O_WEAK = range(6)
OUT_COLUMNS = 6

_SLOTS, _OUT = 16, 256

_compiled = njit(cache=True, _nrt=False, nogil=True)
_called = njit(_nrt=False)
_inlined = njit(_nrt=False, inline="always")


class Terms(NamedTuple):
    """What a kernel must know of an absence."""

    pane: int
    forget: int
    cooldown: int
    cap: int


class Waits(NamedTuple):
    """The state of an absence, as arrays."""

    tally: Ints
    slots: Ints
    free: Ints
    #: Key code -> slot, or -1.
    slot_of: Ints
    heap: Ints
    #: Slots whose wait began in this feed.
    fresh: Ints
    out: Ints


def empty_waits() -> Waits:
    """Return the state of a rule that has seen nothing."""
    tally = np.zeros(TALLY, dtype=np.int64)
    tally[N_FREE] = _SLOTS
    return Waits(
        tally=tally,
        slots=np.zeros((_SLOTS, SLOT_COLUMNS), dtype=np.int64),
        free=np.arange(_SLOTS - 1, -1, -1, dtype=np.int64),
        slot_of=np.full(_SLOTS, -1, dtype=np.int64),
        heap=np.zeros(_SLOTS, dtype=np.int64),
        fresh=np.zeros(_SLOTS, dtype=np.int64),
        out=np.zeros((_OUT, OUT_COLUMNS), dtype=np.int64),
    )


def with_room(waits: Waits, bound: int) -> Waits:
    """Return `waits` with room for one more key, and for every key code below `bound`."""
    held = waits.slot_of.size
    if bound > held:
        slot_of = np.full(max(bound, held + held // 2), -1, dtype=np.int64)
        slot_of[:held] = waits.slot_of
        waits = waits._replace(slot_of=slot_of)
    held = len(waits.slots)
    if waits.tally[N_FREE] > 0:
        return waits
    size = held + max(held // 2, _SLOTS)
    free = np.empty(size, dtype=np.int64)
    free[: size - held] = np.arange(size - 1, held - 1, -1)
    waits.tally[N_FREE] = size - held
    return waits._replace(
        free=free,
        slots=_longer(waits.slots, size),
        heap=_longer(waits.heap, size),
        fresh=_longer(waits.fresh, size),
    )


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def loaded(saved: Ints, codes: Ints, refused: int, terms: Terms) -> Waits:
    """Return the state whose slots in use are `saved`, with the key codes they have now."""
    waits = empty_waits()
    count = codes.size
    slots = _longer(saved, count + _SLOTS)
    slots[:count, CODE] = codes
    slots[:count, ROW] = -1
    free = np.zeros(count + _SLOTS, dtype=np.int64)
    free[:_SLOTS] = np.arange(count + _SLOTS - 1, count - 1, -1)
    waits = waits._replace(
        slots=slots, free=free, heap=np.zeros_like(free), fresh=np.zeros_like(free)
    )
    waits = with_room(waits, 1 + int(codes.max(initial=-1)))
    waits.slot_of[codes] = np.arange(count)
    states = slots[:count, STATE]
    waits.tally[N_RESTING] = int((states == RESTING).sum())
    waits.tally[N_HELD] = count - waits.tally[N_RESTING]
    waits.tally[N_REFUSED] = refused
    raise_heap(waits, terms, count)
    return waits


@_compiled
def raise_heap(waits: Waits, terms: Terms, count: int) -> None:
    """Put every slot below `count` that waits for an instant into the empty heap."""
    for slot in range(count):
        if waits.slots[slot, STATE] in (AWAITED, OPEN):
            _push(waits, terms, slot)


@_compiled
def feed(waits: Waits, terms: Terms, rows: Rows, start: int) -> int:
    """Evaluate picked rows from `start` on; return the first one that is still to do."""
    for i in range(start, rows.picked.size):
        row = rows.picked[i]
        if not _until(waits, terms, rows.time[row]) or waits.tally[N_FREE] == 0:
            return i
        slot = waits.slot_of[rows.code[row]]
        came, awaits = rows.whole[row] & CAME != 0, rows.whole[row] & AWAITS != 0
        awaited = slot >= 0 and waits.slots[slot, STATE] == AWAITED
        if came and awaits and awaited:
            _begin(waits, rows, row, slot)
            continue
        if came and slot >= 0:
            _came(waits, slot, rows.time[row], row)
        if awaits:
            _await(waits, terms, rows, row, slot)
    return rows.picked.size


@_compiled
def settle(waits: Waits, terms: Terms, frontier: int) -> bool:
    """Notice what time alone did by `frontier`; return whether that was all."""
    return _until(waits, terms, frontier)


@_compiled
def thaw(waits: Waits, terms: Terms, now: int) -> None:
    """Free the resting slots whose cooldown has passed by `now`."""
    for slot in range(waits.slots.shape[0]):
        ended = waits.slots[slot, ENDED]
        if waits.slots[slot, STATE] == RESTING and (
            ended == NEVER or ended + terms.cooldown <= now
        ):
            waits.slot_of[waits.slots[slot, CODE]] = -1
            waits.slots[slot, STATE] = FREE
            waits.free[waits.tally[N_FREE]] = slot
            waits.tally[N_FREE] += 1
            waits.tally[N_RESTING] -= 1


@_called
def _until(waits: Waits, terms: Terms, now: int) -> bool:
    """Do what time alone does up to `now`; return False where there is no room to say it all."""
    slots, tally = waits.slots, waits.tally
    while tally[N_OUT] + 2 < waits.out.shape[0]:
        if tally[N_HEAP] == 0 or slots[waits.heap[0], DUE] > now:
            return True
        slot = waits.heap[0]
        due = _due(waits, terms, slot)
        if due > slots[slot, DUE]:
            slots[slot, DUE] = due
        elif slots[slot, STATE] == AWAITED:
            slots[slot, STATE] = OPEN
            slots[slot, OPENED] = due
            _emit(waits, OPENED_NOW, due, -1, slot)
            slots[slot, DUE] = due + terms.forget
        else:
            _rest(waits, slot)
            slots[slot, ENDED] = due
            _emit(waits, ENDED_NOW, due, -1, slot)
            continue
        _sink(waits, 0)
    return False


@_called
def _due(waits: Waits, terms: Terms, slot: int) -> int:
    """Return the next instant at which time alone does something for a key."""
    slots = waits.slots
    if slots[slot, STATE] == OPEN:
        return int(slots[slot, OPENED] + terms.forget)
    pane = slots[slot, BEGAN] // terms.pane + PANES
    if slots[slot, ENDED] != NEVER:
        pane = max(pane, -(-(slots[slot, ENDED] + terms.cooldown) // terms.pane))
    return int(pane * terms.pane)


@_called
def _came(waits: Waits, slot: int, time: int, row: int) -> None:
    """What was awaited came."""
    state = waits.slots[slot, STATE]
    if state == OPEN:
        waits.slots[slot, ENDED] = time
        _emit(waits, ENDED_NOW, time, row, slot)
    if state in (AWAITED, OPEN):
        _rest(waits, slot)


@_called
def _await(waits: Waits, terms: Terms, rows: Rows, row: int, slot: int) -> None:
    """Begin to wait for a key, unless that goes on already."""
    slots, tally = waits.slots, waits.tally
    if slot >= 0 and slots[slot, STATE] in (AWAITED, OPEN):
        return
    if tally[N_HELD] >= terms.cap:
        tally[N_REFUSED] += 1
        return
    if slot >= 0:
        tally[N_RESTING] -= 1
    else:
        tally[N_FREE] -= 1
        slot = waits.free[tally[N_FREE]]
        slots[slot, CODE] = rows.code[row]
        slots[slot, ENDED] = NEVER
        slots[slot, ROW] = -1
        waits.slot_of[rows.code[row]] = slot
    tally[N_HELD] += 1
    slots[slot, STATE] = AWAITED
    _begin(waits, rows, row, slot)
    _push(waits, terms, slot)


@_called
def _begin(waits: Waits, rows: Rows, row: int, slot: int) -> None:
    """Let the wait for a key begin with `row`."""
    slots, tally = waits.slots, waits.tally
    if slots[slot, ROW] < 0:
        waits.fresh[tally[N_FRESH]] = slot
        tally[N_FRESH] += 1
    slots[slot, BEGAN] = rows.time[row]
    slots[slot, ROW] = row
    slots[slot, WEAK] = rows.weak[row]


@_called
def _rest(waits: Waits, slot: int) -> None:
    """Wait for a key no longer."""
    waits.slots[slot, STATE] = RESTING
    waits.tally[N_HELD] -= 1
    waits.tally[N_RESTING] += 1
    waits.tally[N_HEAP] -= 1
    at = waits.slots[slot, PLACE]
    last = waits.heap[waits.tally[N_HEAP]]
    if last != slot:
        waits.heap[at] = last
        waits.slots[last, PLACE] = at
        _rise(waits, at)
        _sink(waits, waits.slots[last, PLACE])


@_called
def _push(waits: Waits, terms: Terms, slot: int) -> None:
    waits.slots[slot, DUE] = _due(waits, terms, slot)
    at = waits.tally[N_HEAP]
    waits.tally[N_HEAP] += 1
    waits.heap[at] = slot
    waits.slots[slot, PLACE] = at
    _rise(waits, at)


@_called
def _rise(waits: Waits, at: int) -> None:
    """Move an entry of the heap up to where it belongs."""
    slots, heap = waits.slots, waits.heap
    slot = heap[at]
    while at > 0 and slots[heap[(at - 1) // 2], DUE] > slots[slot, DUE]:
        above = (at - 1) // 2
        heap[at] = heap[above]
        slots[heap[at], PLACE] = at
        at = above
    heap[at] = slot
    slots[slot, PLACE] = at


@_called
def _sink(waits: Waits, at: int) -> None:
    """Move an entry of the heap down to where it belongs."""
    slots, heap, size = waits.slots, waits.heap, waits.tally[N_HEAP]
    slot = heap[at]
    below = 2 * at + 1
    while below < size:
        if below + 1 < size and slots[heap[below + 1], DUE] < slots[heap[below], DUE]:
            below += 1
        if slots[heap[below], DUE] >= slots[slot, DUE]:
            break
        heap[at] = heap[below]
        slots[heap[at], PLACE] = at
        at = below
        below = 2 * at + 1
    heap[at] = slot
    slots[slot, PLACE] = at


@_inlined
def _emit(waits: Waits, what: int, instant: int, row: int, slot: int) -> None:
    out = waits.tally[N_OUT]
    waits.out[out, O_WHAT] = what
    waits.out[out, O_INSTANT] = instant
    waits.out[out, O_ROW] = row
    waits.out[out, O_SLOT] = slot
    waits.out[out, O_BEGAN] = waits.slots[slot, ROW]
    waits.out[out, O_WEAK] = waits.slots[slot, WEAK]
    waits.tally[N_OUT] = out + 1
