"""The state of one rule as arrays: made, made larger, looked through.

In: a rule's parameters. Out: a `Store`. Arrays grow by half, one after the other, so that there is
never twice of everything at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aupkeep.detection.layout import (
    ACTIVE,
    COOLING,
    DISTINCT,
    DUES,
    INLINE,
    IS_SHARE,
    JOINS,
    N_FREE,
    N_NEXT,
    N_OPEN,
    N_RINGS,
    N_TOLD,
    N_USED,
    NODE_COLUMNS,
    NODE_FREE,
    NOW,
    OUT_COLUMNS,
    REAL_COLUMNS,
    SLOT_COLUMNS,
    STATE,
    TAG_COLUMNS,
    TALLY,
    Ids,
    Ints,
    Store,
)
from aupkeep.detection.pairs import pairs_alive, rehash
from aupkeep.detection.rule import PANES

Bools = NDArray[np.bool_]

_SLOTS, _RINGS, _PAIRS, _OUT = 16, 4, 64, 64
#: Before every pane that can be.
_LONG_AGO = -(2**62)
#: Arrays that lie slot by slot.
_BY_SLOT = ("slots", "tags", "peaks", "reals", "panes", "nums", "dens", "times")
_NONE = np.zeros(0, dtype=np.bool_)


def empty_store(mode: int, *, rules: int = 1) -> Store:
    """Return the state of a rule that has seen nothing; `rules` are those it joins."""
    tally = np.zeros(TALLY, dtype=np.int64)
    tally[NOW] = _LONG_AGO
    tally[N_FREE] = _SLOTS
    tally[N_RINGS] = _RINGS
    inline = 0 if mode in JOINS else INLINE
    ring = 0 if mode in JOINS else PANES
    nums = np.zeros((_SLOTS, inline), dtype=np.int64)
    rings = np.zeros((_RINGS, ring), dtype=np.int64)
    return Store(
        tally=tally,
        slots=np.zeros((_SLOTS, SLOT_COLUMNS), dtype=np.int64),
        tags=np.zeros((_SLOTS, TAG_COLUMNS), dtype=np.int32),
        peaks=np.zeros(_SLOTS, dtype=np.int64),
        reals=np.zeros((_SLOTS, REAL_COLUMNS)),
        free=np.arange(_SLOTS - 1, -1, -1, dtype=np.int32),
        slot_of=np.full(_SLOTS, -1, dtype=np.int32),
        dues=np.full(DUES, -1, dtype=np.int64),
        panes=np.zeros((_SLOTS, inline), dtype=np.int64),
        nums=nums,
        dens=np.zeros((_SLOTS, inline if mode in IS_SHARE else 0), dtype=np.int64),
        real_nums=nums.view(np.float64),
        ring_nums=rings,
        ring_dens=np.zeros((_RINGS, ring if mode in IS_SHARE else 0), dtype=np.int64),
        ring_reals=rings.view(np.float64),
        ring_free=np.arange(_RINGS - 1, -1, -1, dtype=np.int32),
        times=np.zeros((_SLOTS, rules if mode in JOINS else 0), dtype=np.int64),
        pairs=empty_pairs(_PAIRS if mode == DISTINCT else 1),
        nodes=chained(np.zeros((_SLOTS, NODE_COLUMNS), dtype=np.int64), 0),
        out=np.zeros((_OUT, OUT_COLUMNS), dtype=np.int64),
        out_reals=np.zeros((_OUT, 2)),
        out_times=np.zeros((_OUT, rules if mode in JOINS else 0), dtype=np.int64),
        told=np.zeros((0, 3), dtype=np.int64),
    )


def empty_pairs(size: int) -> Ints:
    """Return a table of `size` free places."""
    pairs = np.zeros((size, 2), dtype=np.int64)
    pairs[:, 0] = -1
    return pairs


def chained(nodes: Ints, start: int) -> Ints:
    """Link the nodes from `start` on to one list of free ones."""
    nodes[start:, N_NEXT] = np.arange(start + 1, len(nodes) + 1)
    nodes[-1, N_NEXT] = -1
    return nodes


def with_room(store: Store, span: int, most: int) -> Store:
    """Return `store` with room for at least one more row and key; nothing in it changes.

    `span` is how many panes a window has, `most` how many rows an opening tells of.
    """
    tally = store.tally
    if tally[N_FREE] == 0:
        store = with_slots(store, _more(len(store.slots)))
    if tally[N_RINGS] == 0:
        store = with_rings(store, _more(len(store.ring_nums)))
    if tally[NODE_FREE] < 0:
        held = len(store.nodes)
        tally[NODE_FREE] = held
        store = store._replace(nodes=chained(grown(store.nodes, _more(held)), held))
    while tally[N_OPEN] + 8 >= len(store.out):
        size = 2 * len(store.out)
        for name in ("out", "out_reals", "out_times"):
            store = store._replace(**{name: grown(getattr(store, name), size)})
    if tally[N_TOLD] + most > len(store.told):
        size = 2 * int(tally[N_TOLD]) + 8 * most
        store = store._replace(told=grown(store.told, size))
    if len(store.pairs) > 1 and tally[N_USED] * 10 >= len(store.pairs) * 6:
        store = _cleaned(store, span)
    return store


def _more(size: int) -> int:
    return size + max(size // 2, 16)


def grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return `array` with `size` rows, those after its own empty."""
    larger = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def with_slots(store: Store, size: int) -> Store:
    """Return `store`, which has no slot free, with `size` slots."""
    held = len(store.slots)
    free = np.empty(size, dtype=np.int32)
    free[: size - held] = np.arange(size - 1, held - 1, -1)
    store.tally[N_FREE] = size - held
    store = store._replace(free=free)
    for name in _BY_SLOT:
        store = store._replace(**{name: grown(getattr(store, name), size)})
    return store._replace(real_nums=store.nums.view(np.float64))


def with_rings(store: Store, size: int) -> Store:
    """Return `store`, which has no ring free, with `size` rings."""
    held = len(store.ring_nums)
    free = np.empty(size, dtype=np.int32)
    free[: size - held] = np.arange(size - 1, held - 1, -1)
    store.tally[N_RINGS] = size - held
    nums = grown(store.ring_nums, size)
    return store._replace(
        ring_free=free,
        ring_nums=nums,
        ring_dens=grown(store.ring_dens, size),
        ring_reals=nums.view(np.float64),
    )


def _cleaned(store: Store, span: int) -> Store:
    """Drop the pairs that no window holds; make the table larger where that is not enough."""
    live = pairs_alive(store, span, _NONE)
    size = len(store.pairs)
    while live * 10 >= size * 3:
        size *= 2
    pairs = empty_pairs(size)
    store.tally[N_USED] = rehash(store, span, pairs)
    return store._replace(pairs=pairs)


def with_codes(store: Store, bound: int) -> Store:
    """Return `store` with a place for every key code below `bound`."""
    held = store.slot_of.size
    if bound <= held:
        return store
    slot_of = np.full(max(bound, _more(held)), -1, dtype=np.int32)
    slot_of[:held] = store.slot_of
    return store._replace(slot_of=slot_of)


def live_values(store: Store, span: int, bound: int) -> tuple[Store, Bools]:
    """Return for each value code below `bound` whether some window holds it.

    Drops the dead pairs first, for their codes may now be given to other values.
    """
    alive = np.zeros(max(bound, 1), dtype=np.bool_)
    pairs_alive(store, span, alive)
    pairs = empty_pairs(len(store.pairs))
    store.tally[N_USED] = rehash(store, span, pairs)
    return store._replace(pairs=pairs), alive[:bound]


def live_keys(store: Store, bound: int) -> Bools:
    """Return for each key code below `bound` whether it has a slot."""
    alive = np.zeros(bound, dtype=np.bool_)
    alive[np.flatnonzero(store.slot_of >= 0)] = True
    return alive


def used_slots(store: Store) -> Ids:
    """Return the slots that keys own."""
    states = store.tags[:, STATE]
    return np.flatnonzero((states == ACTIVE) | (states == COOLING)).astype(np.int32)
