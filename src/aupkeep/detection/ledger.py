"""How the state of a baseline lies in memory: what keys did in the present and in past buckets.

In: nothing. Out: names, and arrays made, made larger, saved and read back. The kernels in `buckets`
have these numbers built in: after a change here, touch that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aupkeep.detection.layout import Ints

Reals = NDArray[np.float64]

# States of a slot. A cooling one has no past and waits only for its cooldown.
VACANT, ACTIVE, COOLING = range(3)
# Columns of `Ledger.slots`; those a row needs come first.
STATE, LAST, NUMBER, KEPT, OPEN, WEAK, TIME, KNOWN = range(8)
CODE, FIRST_BUCKET, ENDED, HEAD, TAIL, BEFORE, AFTER, PEAK = range(8, 16)
BLOCK, SIZE, OFFSET, COUNT = range(16, 20)
SLOT_COLUMNS = 20
# Columns of `Ledger.reals`.
TOTAL, USUAL, REAL_PEAK, THRESHOLD, NEXT_GROWTH = range(5)
REAL_COLUMNS = 5
# Columns of `Ledger.nodes`: one kept row each.
N_STREAM, N_POSITION, N_PART, N_NEXT = range(4)
NODE_COLUMNS = 4
# Entries of `Ledger.tally`; from FREE_BLOCKS on the first free block of each size.
N_FREE, OLDEST, NEWEST, N_ACTIVE, N_REFUSED, N_OUT, NODE_FREE, N_OPEN, N_COOLING = range(9)
NOW, CLOSED, POOL_USED, FREE_BLOCKS = range(9, 13)
# Columns of `Ledger.out`.
O_WHAT, O_INSTANT, O_ROW, O_SLOT, O_PEAK = range(5)
OUT_COLUMNS = 5

#: Entries of the least block; each size has twice as many as the one before.
LEAST_BLOCK = 4
#: Size of the block of a key that has none.
EMPTY_BLOCK = -1
#: Sizes of blocks: the largest has 2,048 entries, twice the longest history.
SIZES = 10
LONGEST = LEAST_BLOCK << (SIZES - 1)
_TALLY = FREE_BLOCKS + SIZES
_SLOTS, _OUT = 16, 64


class Bounds(NamedTuple):
    """What a kernel must know of a baseline."""

    #: Whether floats are summed, or whole numbers (or rows).
    real: bool
    counts: bool
    bucket: int
    history: int
    least: int
    #: How many of the largest buckets are averaged; 0 for the median.
    top: int
    times: float
    #: Rows kept a bucket; 0 for a rule that reports nothing.
    most: int
    reports: bool
    cooldown: int
    cap: int
    #: The floor, one a level.
    floor: Reals


class Ledger(NamedTuple):
    """The state of a baseline, as arrays."""

    tally: Ints
    slots: Ints
    reals: Reals
    free: Ints
    #: Key code -> slot, or -1.
    slot_of: Ints
    #: The pool of past buckets and their values.
    past: Ints
    values: Reals
    scratch: Reals
    ranks: Reals
    nodes: Ints
    out: Ints
    out_reals: Reals


def empty_ledger() -> Ledger:
    """Return the state of a rule that has seen nothing."""
    tally = np.zeros(_TALLY, dtype=np.int64)
    tally[[OLDEST, NEWEST]] = -1
    tally[FREE_BLOCKS:] = -1
    tally[N_FREE] = _SLOTS
    tally[[NOW, CLOSED]] = np.iinfo(np.int64).min
    return Ledger(
        tally=tally,
        slots=np.zeros((_SLOTS, SLOT_COLUMNS), dtype=np.int64),
        reals=np.zeros((_SLOTS, REAL_COLUMNS)),
        free=np.arange(_SLOTS - 1, -1, -1, dtype=np.int64),
        slot_of=np.full(_SLOTS, -1, dtype=np.int64),
        past=np.zeros(2 * LONGEST, dtype=np.int64),
        values=np.zeros(2 * LONGEST),
        scratch=np.zeros(LONGEST),
        ranks=np.zeros(LONGEST),
        nodes=_chained(np.zeros((_SLOTS, NODE_COLUMNS), dtype=np.int64), 0),
        out=np.zeros((_OUT, OUT_COLUMNS), dtype=np.int64),
        out_reals=np.zeros((_OUT, 2)),
    )


def _chained(nodes: Ints, start: int) -> Ints:
    """Link the nodes from `start` on to one list of free ones."""
    nodes[start:, N_NEXT] = np.arange(start + 1, len(nodes) + 1)
    nodes[-1, N_NEXT] = -1
    return nodes


def with_room(ledger: Ledger) -> Ledger:
    """Return `ledger` with room for at least one more row and key; nothing in it changes."""
    tally = ledger.tally
    if tally[N_FREE] == 0:
        ledger = _more_slots(ledger)
    if tally[NODE_FREE] < 0:
        held = len(ledger.nodes)
        tally[NODE_FREE] = held
        ledger = ledger._replace(nodes=_chained(_longer(ledger.nodes, 2 * held), held))
    while tally[N_OPEN] + 8 >= len(ledger.out):
        size = 2 * len(ledger.out)
        ledger = ledger._replace(
            out=_longer(ledger.out, size), out_reals=_longer(ledger.out_reals, size)
        )
    if tally[POOL_USED] + LONGEST > ledger.past.size:
        size = ledger.past.size + max(ledger.past.size // 2, LONGEST)
        ledger = ledger._replace(
            past=_longer(ledger.past, size), values=_longer(ledger.values, size)
        )
    return ledger


def _more_slots(ledger: Ledger) -> Ledger:
    held = len(ledger.slots)
    size = held + max(held // 2, _SLOTS)
    free = np.empty(size, dtype=np.int64)
    free[: size - held] = np.arange(size - 1, held - 1, -1)
    ledger.tally[N_FREE] = size - held
    return ledger._replace(
        free=free, slots=_longer(ledger.slots, size), reals=_longer(ledger.reals, size)
    )


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def with_codes(ledger: Ledger, bound: int) -> Ledger:
    """Return `ledger` with a place for every key code below `bound`."""
    held = ledger.slot_of.size
    if bound <= held:
        return ledger
    slot_of = np.full(max(bound, held + held // 2), -1, dtype=np.int64)
    slot_of[:held] = ledger.slot_of
    return ledger._replace(slot_of=slot_of)


def used_slots(ledger: Ledger) -> list[int]:
    """Return the slots in use: the active ones by their last bucket, then the cooling ones."""
    slots = []
    slot = int(ledger.tally[OLDEST])
    while slot >= 0:
        slots.append(slot)
        slot = int(ledger.slots[slot, AFTER])
    cooling = np.flatnonzero(ledger.slots[:, STATE] == COOLING)
    return slots + cooling[np.lexsort([ledger.slots[cooling, c] for c in (CODE, ENDED)])].tolist()


def saved(ledger: Ledger, used: list[int]) -> dict[str, Any]:
    """Return the state of the slots `used` as plain values and bytes; `codes` are their keys'."""
    slots = ledger.slots[used]
    starts, counts = slots[:, BLOCK] + slots[:, OFFSET], slots[:, COUNT]
    places = _ranges(starts, counts)
    nodes, owners = _kept(ledger, used)
    plain = slots.copy()
    plain[:, [CODE, HEAD, TAIL, BEFORE, AFTER, BLOCK, SIZE, OFFSET, KNOWN]] = 0
    return {
        "codes": slots[:, CODE].copy(),
        "refused": int(ledger.tally[N_REFUSED]),
        "now": [int(ledger.tally[NOW]), int(ledger.tally[CLOSED])],
        "slots": plain.tobytes(),
        "reals": ledger.reals[used].tobytes(),
        "past": ledger.past[places].tobytes(),
        "values": ledger.values[places].tobytes(),
        "nodes": nodes.tobytes(),
        "owners": owners.tobytes(),
    }


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """Return the places of all entries of blocks, one block after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def _kept(ledger: Ledger, used: list[int]) -> tuple[Ints, Ints]:
    places, owners = [], []
    for position, slot in enumerate(used):
        node = int(ledger.slots[slot, HEAD]) if ledger.slots[slot, STATE] == ACTIVE else -1
        while node >= 0:
            places.append(node)
            owners.append(position)
            node = int(ledger.nodes[node, N_NEXT])
    return ledger.nodes[places, :N_NEXT], np.array(owners, dtype=np.int64)


def loaded(state: Mapping[str, Any], codes: Ints) -> Ledger:
    """Return the state that `saved` wrote; `codes` are the key codes of the slots now."""
    count = codes.size
    ledger = with_codes(empty_ledger(), 1 + int(codes.max(initial=-1)))
    slots = _read(state["slots"], np.int64).reshape(count, SLOT_COLUMNS).copy()
    slots[:, CODE] = codes
    active = np.flatnonzero(slots[:, STATE] == ACTIVE)
    slots[active, BEFORE] = np.concatenate([[-1], active[:-1]]) if active.size else 0
    slots[active, AFTER] = np.concatenate([active[1:], [-1]]) if active.size else 0
    free = np.arange(count + _SLOTS - 1, count - 1, -1, dtype=np.int64)
    tally = ledger.tally
    tally[OLDEST] = active[0] if active.size else -1
    tally[NEWEST] = active[-1] if active.size else -1
    tally[N_FREE] = free.size
    tally[N_ACTIVE] = active.size
    tally[N_COOLING] = count - active.size
    tally[N_OPEN] = int(slots[active, OPEN].sum())
    tally[N_REFUSED] = state["refused"]
    tally[[NOW, CLOSED]] = state["now"]
    ledger.slot_of[codes] = np.arange(count)
    ledger = ledger._replace(
        slots=_longer(slots, count + _SLOTS),
        reals=_longer(
            _read(state["reals"], np.float64).reshape(count, REAL_COLUMNS), count + _SLOTS
        ),
        free=_longer(free, count + _SLOTS),
    )
    ledger = _with_past(ledger, state, count)
    return _with_nodes(ledger, state, count)


def _read(data: bytes, kind: Any) -> NDArray[Any]:
    return np.frombuffer(data, dtype=kind)


def _with_past(ledger: Ledger, state: Mapping[str, Any], count: int) -> Ledger:
    """Put the past of each key into a block of the least size that holds it."""
    slots = ledger.slots[:count]
    counts = slots[:, COUNT]
    sizes = np.maximum(np.ceil(np.log2(np.maximum(counts, 1) / LEAST_BLOCK)), 0).astype(np.int64)
    room = np.where(counts > 0, LEAST_BLOCK << sizes, 0)
    ends = np.cumsum(room)
    used = int(ends[-1]) if count else 0
    slots[:, BLOCK] = ends - room
    slots[:, SIZE] = np.where(counts > 0, sizes, EMPTY_BLOCK)
    places = _ranges(slots[:, BLOCK], counts)
    ledger = ledger._replace(
        past=np.zeros(used + 2 * LONGEST, dtype=np.int64), values=np.zeros(used + 2 * LONGEST)
    )
    ledger.past[places] = _read(state["past"], np.int64)
    ledger.values[places] = _read(state["values"], np.float64)
    ledger.tally[POOL_USED] = used
    return ledger


def _with_nodes(ledger: Ledger, state: Mapping[str, Any], count: int) -> Ledger:
    owners = _read(state["owners"], np.int64)
    kept = _read(state["nodes"], np.int64).reshape(-1, N_NEXT)
    nodes = np.zeros((owners.size + _SLOTS, NODE_COLUMNS), dtype=np.int64)
    nodes[: owners.size, :N_NEXT] = kept
    ledger.slots[:count, [HEAD, TAIL]] = -1
    for node, owner in enumerate(owners.tolist()):
        before = ledger.slots[owner, TAIL]
        if before < 0:
            ledger.slots[owner, HEAD] = node
        else:
            nodes[before, N_NEXT] = node
        nodes[node, N_NEXT] = -1
        ledger.slots[owner, TAIL] = node
    ledger.tally[NODE_FREE] = owners.size
    return ledger._replace(nodes=_chained(nodes, owners.size))
