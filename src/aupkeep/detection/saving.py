"""The saved form of a rule's state, which does not depend on how its arrays had grown.

In: a `Store`, or what was saved. Out: plain values and bytes, or a `Store`. Slots are saved in the
order given; of a window's panes those with rows, oldest first. Version 1, which had sixty numbers
for each key and keys in rows, is read too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aupkeep.detection.layout import (
    ACTIVE,
    AT,
    CODE,
    FILL,
    HEAD,
    INLINE,
    IS_SHARE,
    JOINS,
    KEPT,
    LAST,
    LEVEL,
    N_ACTIVE,
    N_COOLING,
    N_FREE,
    N_NEXT,
    N_OPEN,
    N_REFUSED,
    N_RINGS,
    N_USED,
    NEXT_GROWTH,
    NODE_COLUMNS,
    NODE_FREE,
    OPEN,
    REAL_COLUMNS,
    REAL_PEAK,
    RING,
    SLOT_COLUMNS,
    STATE,
    TAIL,
    Ids,
    Ints,
    Store,
)
from aupkeep.detection.listing import kept_of, link
from aupkeep.detection.pairs import fill
from aupkeep.detection.rule import PANES
from aupkeep.detection.state import chained, empty_pairs, grown, with_codes, with_rings, with_slots

#: Columns of `Store.tags` that are saved.
_TAGS = (STATE, OPEN, LEVEL, KEPT)
_VALUE = 0xFFFFFFFF


def saved(store: Store, span: int, used: Ids) -> dict[str, Any]:
    """Return the state of the slots `used` as plain values and bytes.

    Codes stand for the caller's dictionaries: `codes` lists the key code of each slot, `pairs`
    holds rows of (position in `used`, value code, last pane).
    """
    nodes, owners = kept_of(store, used)
    tags, peaks, reals = store.tags[used], store.peaks[used], store.reals[used]
    # What an owner of the slot long ago left behind says nothing.
    closed = tags[:, OPEN] == 0
    peaks[closed] = 0
    reals[closed, REAL_PEAK], reals[closed, NEXT_GROWTH] = 0.0, 0.0
    return {
        "codes": store.tags[used, CODE].astype(np.int64),
        "refused": int(store.tally[N_REFUSED]),
        "slots": store.slots[used].tobytes(),
        "tags": np.ascontiguousarray(tags[:, _TAGS]).tobytes(),
        "peaks": peaks.tobytes(),
        "reals": reals.tobytes(),
        "panes": _panes(store, used).tobytes(),
        "times": store.times[used].tobytes(),
        "pairs": _pairs(store, span, used),
        "nodes": nodes.tobytes(),
        "owners": owners.tobytes(),
    }


def _panes(store: Store, used: Ids) -> Ints:
    """Return (position, pane, number, second number) of every pane with rows, in this order."""
    found = []
    double = store.dens.shape[1] > 0
    tags, at = store.tags[used], store.slots[used, AT]
    active = tags[:, STATE] == ACTIVE
    for i in range(store.panes.shape[1]):
        here = np.flatnonzero(active & (tags[:, RING] < 0) & (tags[:, FILL] > i))
        slots = used[here]
        dens = store.dens[slots, i] if double else np.zeros(here.size, dtype=np.int64)
        found.append(np.stack([here, store.panes[slots, i], store.nums[slots, i], dens], axis=1))
    here = np.flatnonzero(active & (tags[:, RING] >= 0))
    rings = tags[here, RING]
    for back in range(store.ring_nums.shape[1]):
        pane = at[here] - back
        nums = store.ring_nums[rings, pane % PANES]
        dens = store.ring_dens[rings, pane % PANES] if double else np.zeros_like(nums)
        found.append(np.stack([here, pane, nums, dens], axis=1))
    if not found:
        return np.zeros((0, 4), dtype=np.int64)
    rows = np.concatenate(found)
    rows = rows[(rows[:, 2] != 0) | (rows[:, 3] != 0)]
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def _pairs(store: Store, span: int, used: Ids) -> Ints:
    """Return (position, value code, last pane) of every live pair."""
    place = np.full(len(store.slots), -1, dtype=np.int64)
    place[used] = np.arange(used.size)
    kept = store.pairs[store.pairs[:, 0] >= 0]
    slots = kept[:, 0] >> 32
    live = (place[slots] >= 0) & (store.tags[slots, STATE] == ACTIVE)
    live &= kept[:, 1] > store.slots[slots, AT] - span
    return np.stack([place[slots], kept[:, 0] & _VALUE, kept[:, 1]])[:, live]


def loaded(store: Store, hold: int, body: Mapping[str, Any], codes: Ints) -> Store:
    """Return the state that `saved` wrote, read into an empty `store`.

    `codes` are the key codes of the slots now; the pairs are put back by `with_pairs`.
    """
    count = codes.size
    if len(store.slots) <= count:
        store.tally[N_FREE] = 0
        store = with_slots(store, count + 16)
    store.slots[:count] = _read(body["slots"], np.int64).reshape(count, SLOT_COLUMNS)
    store.tags[:count, _TAGS] = _read(body["tags"], np.int32).reshape(count, len(_TAGS))
    store.peaks[:count] = _read(body["peaks"], np.int64)
    store.reals[:count] = _read(body["reals"], np.float64).reshape(count, REAL_COLUMNS)
    store.times[:count] = _read(body["times"], np.int64).reshape(count, store.times.shape[1])
    store.tags[:count, CODE] = codes
    store.tags[:count, FILL] = 0
    for column in (HEAD, TAIL, RING):
        store.tags[:count, column] = -1
    store = with_codes(store, 1 + int(codes.max(initial=-1)))
    store.slot_of[codes] = np.arange(count)
    free = np.arange(len(store.slots) - 1, count - 1, -1, dtype=np.int32)
    store.free[: free.size] = free
    store.tally[N_FREE] = free.size
    _count(store, count, hold, int(body["refused"]))
    store = _with_panes(store, _read(body["panes"], np.int64).reshape(-1, 4))
    nodes = _read(body["nodes"], np.int64).reshape(-1, NODE_COLUMNS)
    return _with_nodes(store, nodes, _read(body["owners"], np.int64))


def _read(data: bytes, kind: Any) -> NDArray[Any]:
    return np.frombuffer(data, dtype=kind)


def _count(store: Store, count: int, hold: int, refused: int) -> None:
    """Rebuild the lists by due pane and every counter from the slots themselves."""
    active = store.tags[:count, STATE] == ACTIVE
    store.tally[N_ACTIVE] = int(active.sum())
    store.tally[N_COOLING] = count - int(active.sum())
    store.tally[N_OPEN] = int(store.tags[:count, OPEN][active].sum())
    store.tally[N_REFUSED] = refused
    link(store, np.flatnonzero(active), hold)


def _with_panes(store: Store, rows: Ints) -> Store:
    """Put panes back: in the slot where they fit, else in a ring."""
    if not rows.size:
        return store
    owners, firsts, counts = np.unique(rows[:, 0], return_index=True, return_counts=True)
    double = store.dens.shape[1] > 0
    many = owners[counts > INLINE]
    if many.size >= len(store.ring_nums):
        store.tally[N_RINGS] = 0
        store = with_rings(store, many.size + 16)
    store.tags[many, RING] = np.arange(many.size)
    held = len(store.ring_nums)
    store.ring_free[: held - many.size] = np.arange(held - 1, many.size - 1, -1)
    store.tally[N_RINGS] = held - many.size
    few = owners[counts <= INLINE]
    store.tags[few, FILL] = counts[counts <= INLINE]
    place = np.arange(len(rows)) - np.repeat(firsts, counts)
    ring = store.tags[rows[:, 0], RING]
    inside, outside = np.flatnonzero(ring < 0), np.flatnonzero(ring >= 0)
    store.panes[rows[inside, 0], place[inside]] = rows[inside, 1]
    store.nums[rows[inside, 0], place[inside]] = rows[inside, 2]
    store.ring_nums[ring[outside], rows[outside, 1] % PANES] = rows[outside, 2]
    if double:
        store.dens[rows[inside, 0], place[inside]] = rows[inside, 3]
        store.ring_dens[ring[outside], rows[outside, 1] % PANES] = rows[outside, 3]
    return store


def _with_nodes(store: Store, nodes: Ints, owners: Ints) -> Store:
    count = len(nodes)
    pool = grown(nodes, max(len(store.nodes), count + 16))
    after = np.arange(1, count + 1)
    last = np.ones(count, dtype=np.bool_)
    last[:-1] = owners[1:] != owners[:-1]
    after[last] = -1
    pool[:count, N_NEXT] = after
    first = np.ones(count, dtype=np.bool_)
    first[1:] = last[:-1]
    store.tags[owners[first], HEAD] = np.flatnonzero(first)
    store.tags[owners[last], TAIL] = np.flatnonzero(last)
    store.tally[NODE_FREE] = count
    return store._replace(nodes=chained(pool, count))


def with_pairs(store: Store, slots: Ints, values: Ints, panes: Ints) -> Store:
    """Return `store`, which holds no pairs, with these."""
    size = len(store.pairs)
    while values.size * 10 >= size * 3:
        size *= 2
    table = empty_pairs(size)
    fill(table, slots, values, panes)
    store.tally[N_USED] = values.size
    return store._replace(pairs=table)


def from_version_1(body: Mapping[str, Any], mode: int, keep_pane: int) -> dict[str, Any]:
    """Return in the present form what version 1 had saved."""
    old = _read(body["slots"], np.int64).reshape(-1, 19)
    count = len(old)
    # STATE 0, CODE 1, LAST 2, AT 3, NUM 4, DEN 5, OPEN 6, ENDED 7, LOW 8, TIME 9, PREV 10,
    # NEXT 11, HEAD 12, TAIL 13, KEPT 14, LEVEL 15, PEAK 16, PEAK_LEVEL 17, FORGED 18.
    slots = old[:, [2, 3, 4, 5, 9, 8, 18, 7]].copy()
    if mode in JOINS:
        slots[:, LAST] //= keep_pane
    rings = {
        name: _read(data, np.int64 if name == "sums" else np.int32)
        for name, data in body["rings"].items()
        if name != "real_sums"
    }
    rings["real_sums"] = _read(body["rings"]["real_sums"], np.int64)
    times = rings["sums"] if mode in JOINS else np.zeros(0, dtype=np.int64)
    return {
        "keys": [list(column) for column in zip(*body["keys"], strict=True)],
        "count": count,
        "values": [value for (value,) in body["values"]],
        "plans": body["plans"],
        "refused": body["refused"],
        "slots": slots.tobytes(),
        "tags": old[:, [0, 6, 15, 14]].astype(np.int32).tobytes(),
        "peaks": old[:, 16].tobytes(),
        "reals": body["reals"],
        "panes": _ringed(rings, old, mode).tobytes(),
        "times": times.tobytes(),
        "pairs": body["pairs"],
        "nodes": body["nodes"],
        "owners": body["owners"],
    }


def _ringed(rings: Mapping[str, NDArray[Any]], old: Ints, mode: int) -> Ints:
    """Return the panes of version 1, which had sixty numbers a key."""
    count = len(old)
    if mode in JOINS or not count:
        return np.zeros((0, 4), dtype=np.int64)
    given = next(ring for ring in (rings["counts"], rings["sums"], rings["real_sums"]) if ring.size)
    nums = given.reshape(count, PANES).astype(np.int64)
    dens = np.zeros_like(nums)
    if mode in IS_SHARE and rings["others"].size:
        dens = rings["others"].reshape(count, PANES).astype(np.int64)
    owners, places = np.nonzero((nums != 0) | (dens != 0))
    active = old[owners, 0] == ACTIVE
    owners, places = owners[active], places[active]
    at = old[owners, 3]
    panes = at - (at - places) % PANES
    rows = np.stack([owners, panes, nums[owners, places], dens[owners, places]], axis=1)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]
