"""The panes of a window: numbers by pane, added at the newest and taken away at the oldest.

In: a `Store` and a slot of it. Out: the same, changed. A key with few panes keeps them in its slot;
one with more has a ring of them. Parts of the kernels in `windows`, put into them when those are
compiled: after a change here, touch that file, or its cached code keeps the old parts.
"""

from __future__ import annotations

from numba import njit

from aupkeep.detection.layout import (
    ADDS_REALS,
    AT,
    DEN,
    FILL,
    INLINE,
    IS_SHARE,
    JOINS,
    N_RINGS,
    NEVER,
    NUM,
    OLDER,
    RING,
    Params,
    Store,
)
from aupkeep.detection.rule import PANES
from aupkeep.detection.slots import give_back

_inlined = njit(_nrt=False, inline="always")
_called = njit(_nrt=False)
_often = njit(_nrt=False, forceinline=True)


@_inlined
def slide(store: Store, params: Params, slot: int, pane: int) -> None:
    """Take the panes out of the window that are too old at `pane`."""
    at = store.slots[slot, AT]
    store.slots[slot, AT] = pane
    if at not in (pane, NEVER) and params.mode not in JOINS:
        _advance(store, params, slot, at, pane)


@_often
def _advance(store: Store, params: Params, slot: int, at: int, pane: int) -> None:
    if pane - at >= PANES:
        _clear(store, slot)
    elif store.tags[slot, RING] >= 0:
        ring = store.tags[slot, RING]
        place = at % PANES
        for _ in range(at, pane):
            place = place + 1 if place < PANES - 1 else 0
            # Most panes of most keys are empty: what is looked at only need not be written back.
            if store.ring_nums[ring, place] != 0:
                if params.mode not in ADDS_REALS:
                    store.slots[slot, NUM] -= store.ring_nums[ring, place]
                store.ring_nums[ring, place] = 0
            if params.mode in IS_SHARE and store.ring_dens[ring, place] != 0:
                store.slots[slot, DEN] -= store.ring_dens[ring, place]
                store.ring_dens[ring, place] = 0
    else:
        _shift(store, params, slot, pane)
    if params.mode in ADDS_REALS:
        _add_anew(store, slot, pane)


@_inlined
def _clear(store: Store, slot: int) -> None:
    store.slots[slot, NUM] = 0
    store.slots[slot, DEN] = 0
    store.tags[slot, FILL] = 0
    give_back(store, slot)


@_inlined
def _shift(store: Store, params: Params, slot: int, pane: int) -> None:
    """Take the panes out of the slot that are too old."""
    old = 0
    held = store.tags[slot, FILL]
    while old < held and store.panes[slot, old] <= pane - PANES:
        if params.mode not in ADDS_REALS:
            store.slots[slot, NUM] -= store.nums[slot, old]
        if params.mode in IS_SHARE:
            store.slots[slot, DEN] -= store.dens[slot, old]
        old += 1
    if old > 0:
        for i in range(old, held):
            store.panes[slot, i - old] = store.panes[slot, i]
            store.nums[slot, i - old] = store.nums[slot, i]
            if params.mode in IS_SHARE:
                store.dens[slot, i - old] = store.dens[slot, i]
        store.tags[slot, FILL] = held - old


@_inlined
def _add_anew(store: Store, slot: int, pane: int) -> None:
    """Add all panes but the newest, oldest first: the sum does not depend on what has left."""
    older = 0.0
    ring = store.tags[slot, RING]
    if ring >= 0:
        for step in range(pane - PANES + 1, pane):
            older += store.ring_reals[ring, step % PANES]
    else:
        for i in range(store.tags[slot, FILL]):
            if store.panes[slot, i] < pane:
                older += store.real_nums[slot, i]
    store.reals[slot, OLDER] = older


@_inlined
def add(store: Store, params: Params, slot: int, pane: int, num: int, den: int) -> None:
    """Add whole numbers to the newest pane."""
    store.slots[slot, NUM] += num
    ring = store.tags[slot, RING]
    if ring < 0:
        at = newest(store, params, slot, pane)
        ring = store.tags[slot, RING]
        if ring < 0:
            store.nums[slot, at] += num
            if params.mode in IS_SHARE:
                store.slots[slot, DEN] += den
                store.dens[slot, at] += den
            return
    place = pane % PANES
    store.ring_nums[ring, place] += num
    if params.mode in IS_SHARE:
        store.slots[slot, DEN] += den
        store.ring_dens[ring, place] += den


@_often
def add_real(store: Store, params: Params, slot: int, pane: int, number: float) -> None:
    """Add a float to the newest pane, and count its row."""
    at = newest(store, params, slot, pane)
    ring = store.tags[slot, RING]
    if params.mode in IS_SHARE:
        store.slots[slot, DEN] += 1
    if ring >= 0:
        store.ring_reals[ring, pane % PANES] += number
        if params.mode in IS_SHARE:
            store.ring_dens[ring, pane % PANES] += 1
    else:
        store.real_nums[slot, at] += number
        if params.mode in IS_SHARE:
            store.dens[slot, at] += 1


@_inlined
def newest(store: Store, params: Params, slot: int, pane: int) -> int:
    """Return where the newest pane stands in the slot; gives the slot a ring where it is full."""
    at = store.tags[slot, FILL] - 1
    if store.tags[slot, RING] < 0 and (at < 0 or store.panes[slot, at] != pane):
        at = _begin(store, params, slot, pane)
    return at


@_often
def _begin(store: Store, params: Params, slot: int, pane: int) -> int:
    at = store.tags[slot, FILL]
    if at < INLINE:
        store.panes[slot, at] = pane
        store.nums[slot, at] = 0
        if params.mode in IS_SHARE:
            store.dens[slot, at] = 0
        store.tags[slot, FILL] = at + 1
        return int(at)
    store.tally[N_RINGS] -= 1
    ring = store.ring_free[store.tally[N_RINGS]]
    store.ring_nums[ring, :] = 0
    if params.mode in IS_SHARE:
        store.ring_dens[ring, :] = 0
    for i in range(at):
        place = store.panes[slot, i] % PANES
        store.ring_nums[ring, place] = store.nums[slot, i]
        if params.mode in IS_SHARE:
            store.ring_dens[ring, place] = store.dens[slot, i]
    store.tags[slot, RING] = ring
    store.tags[slot, FILL] = 0
    return 0


@_inlined
def move_one(store: Store, slot: int, pane: int) -> None:
    """Take one away from an older pane of the window."""
    ring = store.tags[slot, RING]
    store.slots[slot, NUM] -= 1
    if ring >= 0:
        store.ring_nums[ring, pane % PANES] -= 1
    else:
        for i in range(store.tags[slot, FILL]):
            if store.panes[slot, i] == pane:
                store.nums[slot, i] -= 1


@_inlined
def newest_real(store: Store, slot: int) -> float:
    """Return the float in the newest pane."""
    ring = store.tags[slot, RING]
    pane = store.slots[slot, AT]
    if ring >= 0:
        return float(store.ring_reals[ring, pane % PANES])
    at = store.tags[slot, FILL] - 1
    if at >= 0 and store.panes[slot, at] == pane:
        return float(store.real_nums[slot, at])
    return 0.0
