"""The state of one rule as arrays: made, made larger, saved and read back.

In: a rule's parameters, or saved bytes. Out: a `Store`. What is saved is compact and in order of
the last row, so that it depends on the rows alone and not on how the arrays had grown.
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
    CONJUNCTION,
    COOLING,
    DISTINCT,
    FINAL,
    FIRST,
    HEAD,
    N_ACTIVE,
    N_COOLING,
    N_FREE,
    N_NEXT,
    N_OPEN,
    N_REFUSED,
    N_USED,
    NEXT,
    NODE_COLUMNS,
    NODE_FREE,
    OPEN,
    OUT_COLUMNS,
    PREV,
    RATIO,
    REAL_COLUMNS,
    REAL_SUM,
    SLOT_COLUMNS,
    STATE,
    SUM,
    TAIL,
    TALLY,
    Ints,
    Store,
)
from aupkeep.detection.pairs import pairs_alive, rehash
from aupkeep.detection.rule import PANES

_SLOTS, _PAIRS, _OUT = 16, 64, 64
_VALUE = 0xFFFFFFFF
_RINGS = ("counts", "others", "sums", "real_sums")
#: A span that every pane is inside of.
NEVER_OLD = 2**62


def empty_store(mode: int, *, rules: int = 1) -> Store:
    """Return the state of a rule that has seen nothing; `rules` of a conjunction."""
    tally = np.zeros(TALLY, dtype=np.int64)
    tally[[FIRST, FINAL]] = -1
    tally[NODE_FREE] = 0
    tally[N_FREE] = _SLOTS
    counting = mode not in (SUM, REAL_SUM, CONJUNCTION)
    width = {SUM: PANES, CONJUNCTION: rules}.get(mode, 0)
    pairs = _PAIRS if mode == DISTINCT else 1
    return Store(
        tally=tally,
        slots=np.zeros((_SLOTS, SLOT_COLUMNS), dtype=np.int64),
        reals=np.zeros((_SLOTS, REAL_COLUMNS)),
        free=np.arange(_SLOTS - 1, -1, -1, dtype=np.int64),
        slot_of=np.full(_SLOTS, -1, dtype=np.int64),
        counts=np.zeros((_SLOTS, PANES if counting else 0), dtype=np.int32),
        others=np.zeros((_SLOTS, PANES if mode == RATIO else 0), dtype=np.int32),
        sums=np.zeros((_SLOTS, width), dtype=np.int64),
        real_sums=np.zeros((_SLOTS, PANES if mode == REAL_SUM else 0)),
        pairs=np.full(pairs, -1, dtype=np.int64),
        panes=np.zeros(pairs, dtype=np.int64),
        nodes=_chained(np.zeros((_SLOTS, NODE_COLUMNS), dtype=np.int64), 0),
        out=np.zeros((_OUT, OUT_COLUMNS), dtype=np.int64),
        out_peaks=np.zeros(_OUT),
    )


def _chained(nodes: Ints, start: int) -> Ints:
    """Link the nodes from `start` on to one list of free ones."""
    nodes[start:, N_NEXT] = np.arange(start + 1, len(nodes) + 1)
    nodes[-1, N_NEXT] = -1
    return nodes


def with_room(store: Store, span: int) -> Store:
    """Return `store` with room for at least one more row and key; nothing in it changes."""
    tally = store.tally
    if tally[N_FREE] == 0:
        store = _more_slots(store)
    if tally[NODE_FREE] < 0:
        held = len(store.nodes)
        tally[NODE_FREE] = held
        store = store._replace(nodes=_chained(_doubled(store.nodes), held))
    while tally[N_OPEN] + 8 >= len(store.out):
        store = store._replace(out=_doubled(store.out), out_peaks=_doubled(store.out_peaks))
    if store.pairs.size > 1 and tally[N_USED] * 10 >= store.pairs.size * 6:
        store = _cleaned(store, span)
    return store


def _more_slots(store: Store) -> Store:
    held = len(store.slots)
    free = np.empty(2 * held, dtype=np.int64)
    free[:held] = np.arange(2 * held - 1, held - 1, -1)
    store.tally[N_FREE] = held
    return store._replace(
        free=free,
        **{
            name: _doubled(getattr(store, name))
            for name in ("slots", "reals", "counts", "others", "sums", "real_sums")
        },
    )


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.zeros_like(array)])


def _cleaned(store: Store, span: int) -> Store:
    """Drop the pairs that no window holds; make the table larger where that is not enough."""
    alive = np.zeros(1 + int((store.pairs & _VALUE).max()), dtype=np.bool_)
    live = pairs_alive(store, span, alive)
    size = store.pairs.size
    while live * 10 >= size * 3:
        size *= 2
    pairs = np.full(size, -1, dtype=np.int64)
    panes = np.zeros(size, dtype=np.int64)
    store.tally[N_USED] = rehash(store, span, pairs, panes)
    return store._replace(pairs=pairs, panes=panes)


def with_codes(store: Store, bound: int) -> Store:
    """Return `store` with a place for every key code below `bound`."""
    held = store.slot_of.size
    if bound <= held:
        return store
    slot_of = np.full(max(bound, 2 * held), -1, dtype=np.int64)
    slot_of[:held] = store.slot_of
    return store._replace(slot_of=slot_of)


def live_values(store: Store, span: int, bound: int) -> NDArray[np.bool_]:
    """Return for each value code below `bound` whether some window holds it.

    Drops the dead pairs first, for their codes may now be given to other values.
    """
    alive = np.zeros(bound, dtype=np.bool_)
    pairs_alive(store, span, alive)
    pairs = np.full(store.pairs.size, -1, dtype=np.int64)
    panes = np.zeros(store.pairs.size, dtype=np.int64)
    store.tally[N_USED] = rehash(store, span, pairs, panes)
    store.pairs[:] = pairs
    store.panes[:] = panes
    return alive


def live_keys(store: Store, bound: int) -> NDArray[np.bool_]:
    """Return for each key code below `bound` whether it has a slot."""
    alive = np.zeros(bound, dtype=np.bool_)
    held = np.flatnonzero(store.slot_of >= 0)
    alive[held] = True
    return alive


def used_slots(store: Store) -> list[int]:
    """Return the slots in use: the active ones by their last row, then the cooling ones."""
    slots = []
    slot = int(store.tally[FIRST])
    while slot >= 0:
        slots.append(slot)
        slot = int(store.slots[slot, NEXT])
    return slots + np.flatnonzero(store.slots[:, STATE] == COOLING).tolist()


def saved(store: Store, span: int, used: list[int]) -> dict[str, Any]:
    """Return the state of the slots `used` as plain values and bytes.

    Codes stand for the caller's dictionaries: `codes` lists the key code of each slot, `pairs`
    holds rows of (position in `used`, value code, last pane).
    """
    new = np.full(len(store.slots), -1, dtype=np.int64)
    new[used] = np.arange(len(used))
    kept = store.pairs >= 0
    pairs = np.stack([new[store.pairs[kept] >> 32], store.pairs[kept] & _VALUE, store.panes[kept]])
    slots = store.slots[used]
    at = slots[pairs[0], AT] if len(used) else pairs[0]
    live = (pairs[0] >= 0) & (slots[pairs[0], STATE] == ACTIVE) if len(used) else pairs[0] >= 0
    live &= pairs[2] > at - span
    nodes, owners = _kept_nodes(store, used)
    return {
        "codes": slots[:, CODE].tolist(),
        "refused": int(store.tally[N_REFUSED]),
        "slots": slots.tobytes(),
        "reals": store.reals[used].tobytes(),
        "rings": {name: getattr(store, name)[used].tobytes() for name in _RINGS},
        "pairs": np.ascontiguousarray(pairs[:, live]).tobytes(),
        "nodes": nodes.tobytes(),
        "owners": owners.tobytes(),
    }


def _kept_nodes(store: Store, used: list[int]) -> tuple[Ints, Ints]:
    places, owners = [], []
    for position, slot in enumerate(used):
        node = int(store.slots[slot, HEAD]) if store.slots[slot, STATE] == ACTIVE else -1
        while node >= 0:
            places.append(node)
            owners.append(position)
            node = int(store.nodes[node, N_NEXT])
    return store.nodes[places], np.array(owners, dtype=np.int64)


def loaded(store: Store, state: Mapping[str, Any], codes: list[int]) -> Store:
    """Return the state that `saved` wrote, read into an empty `store`.

    `codes` are the key codes of the slots now; the pairs are put back by `with_pairs`.
    """
    count = len(codes)
    while len(store.slots) < count:
        store.tally[N_FREE] = 0
        store = _more_slots(store)
    store.slots[:count] = _read(state["slots"], np.int64).reshape(count, SLOT_COLUMNS)
    store.reals[:count] = _read(state["reals"], np.float64).reshape(count, REAL_COLUMNS)
    for name in _RINGS:
        ring = getattr(store, name)
        ring[:count] = _read(state["rings"][name], ring.dtype).reshape(count, ring.shape[1])
    store.slots[:count, CODE] = codes
    store = with_codes(store, 1 + max(codes, default=-1))
    store.slot_of[codes] = np.arange(count)
    free = np.arange(len(store.slots) - 1, count - 1, -1, dtype=np.int64)
    store.free[: free.size] = free
    _relink(store, count, free.size, int(state["refused"]))
    return _with_nodes(store, _read(state["nodes"], np.int64), _read(state["owners"], np.int64))


def _read(data: bytes, kind: Any) -> NDArray[Any]:
    return np.frombuffer(data, dtype=kind)


def _relink(store: Store, count: int, free: int, refused: int) -> None:
    """Rebuild the list by last row and every counter from the slots themselves."""
    active = np.flatnonzero(store.slots[:count, STATE] == ACTIVE)
    store.slots[active, PREV] = np.concatenate([[-1], active[:-1]]) if active.size else 0
    store.slots[active, NEXT] = np.concatenate([active[1:], [-1]]) if active.size else 0
    tally = store.tally
    tally[FIRST] = active[0] if active.size else -1
    tally[FINAL] = active[-1] if active.size else -1
    tally[N_FREE] = free
    tally[N_ACTIVE] = active.size
    tally[N_COOLING] = count - active.size
    tally[N_OPEN] = int(store.slots[active, OPEN].sum())
    tally[N_REFUSED] = refused


def _with_nodes(store: Store, nodes: Ints, owners: Ints) -> Store:
    nodes = nodes.reshape(-1, NODE_COLUMNS)
    count = len(nodes)
    size = len(store.nodes)
    while size <= count:
        size *= 2
    pool = np.zeros((size, NODE_COLUMNS), dtype=np.int64)
    pool[:count] = nodes
    store.slots[:, HEAD] = -1
    store.slots[:, TAIL] = -1
    for node, owner in enumerate(owners.tolist()):
        before = store.slots[owner, TAIL]
        pool[node, N_NEXT] = -1
        if before < 0:
            store.slots[owner, HEAD] = node
        else:
            pool[before, N_NEXT] = node
        store.slots[owner, TAIL] = node
    store.tally[NODE_FREE] = count
    return store._replace(nodes=_chained(pool, count))


def with_pairs(store: Store, slots: Ints, values: Ints, panes: Ints) -> Store:
    """Return `store`, which holds no pairs, with these."""
    size = store.pairs.size
    while values.size * 10 >= size * 3:
        size *= 2
    source = store._replace(pairs=slots << 32 | values, panes=panes)
    table = np.full(size, -1, dtype=np.int64)
    last = np.zeros(size, dtype=np.int64)
    store.tally[N_USED] = rehash(source, NEVER_OLD, table, last)
    return store._replace(pairs=table, panes=last)
