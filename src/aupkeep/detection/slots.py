"""Slots: which key owns which row of the state's arrays, and when it is looked at again.

In: a `Store`. Out: the same, changed. Parts of the kernels in `windows`, put into them when those
are compiled: after a change here, touch that file, or its cached code keeps the old parts. Slots
stand in lists by the pane of some row of theirs; when that pane leaves the windows, a key is moved
on to the pane of its last row, or let go. So a row costs no list work at all.
"""

from __future__ import annotations

from numba import njit

from aupkeep.detection.layout import (
    ACTIVE,
    AT,
    CODE,
    COOLING,
    DEN,
    DUES,
    ENDED,
    FILL,
    FORGED,
    FREE,
    HEAD,
    JOINS,
    KEPT,
    LAST,
    LINK,
    LOW,
    N_ACTIVE,
    N_COOLING,
    N_FREE,
    N_REFUSED,
    N_RINGS,
    NEVER,
    NUM,
    OLDER,
    OPEN,
    RING,
    STATE,
    TAIL,
    Params,
    Store,
)

_inlined = njit(_nrt=False, inline="always")
_often = njit(_nrt=False, forceinline=True)


@_inlined
def take(store: Store, params: Params, code: int, pane: int) -> int:
    """Return the slot of a key, a new one if it has none, -1 at the cap."""
    slot = store.slot_of[code]
    if slot >= 0 and store.tags[slot, STATE] == ACTIVE:
        return int(slot)
    return int(_fresh(store, params, code, pane))


@_often
def _fresh(store: Store, params: Params, code: int, pane: int) -> int:
    slot = store.slot_of[code]
    if store.tally[N_ACTIVE] >= params.cap:
        store.tally[N_REFUSED] += 1
        return -1
    if slot >= 0:
        store.tally[N_COOLING] -= 1
    else:
        store.tally[N_FREE] -= 1
        slot = store.free[store.tally[N_FREE]]
        store.slots[slot, ENDED] = NEVER
        store.tags[slot, CODE] = code
        store.slot_of[code] = slot
    store.tags[slot, STATE] = ACTIVE
    store.tags[slot, OPEN] = 0
    store.tags[slot, HEAD] = -1
    store.tags[slot, TAIL] = -1
    store.tags[slot, RING] = -1
    store.tags[slot, FILL] = 0
    store.tags[slot, KEPT] = 0
    store.slots[slot, LAST] = pane
    store.slots[slot, AT] = NEVER
    store.slots[slot, NUM] = 0
    store.slots[slot, DEN] = 0
    store.slots[slot, LOW] = NEVER
    store.slots[slot, FORGED] = NEVER
    store.reals[slot, OLDER] = 0.0
    store.tally[N_ACTIVE] += 1
    if params.mode in JOINS:
        store.times[slot, :] = NEVER
    expect(store, slot, pane)
    return int(slot)


@_inlined
def expect(store: Store, slot: int, pane: int) -> None:
    """Put a slot into the list of those looked at when `pane` has left the windows."""
    due = pane % DUES
    store.tags[slot, LINK] = store.dues[due]
    store.dues[due] = slot


@_inlined
def release(store: Store, slot: int) -> None:
    """Give a slot back."""
    store.slot_of[store.tags[slot, CODE]] = -1
    store.tags[slot, STATE] = FREE
    store.free[store.tally[N_FREE]] = slot
    store.tally[N_FREE] += 1


@_inlined
def let_go(store: Store, params: Params, slot: int, now: int) -> None:
    """Let a key with an empty window go, or have it wait for its cooldown."""
    give_back(store, slot)
    store.tally[N_ACTIVE] -= 1
    ended = store.slots[slot, ENDED]
    if ended != NEVER and ended + params.cooldown > now:
        store.tags[slot, STATE] = COOLING
        store.tally[N_COOLING] += 1
    else:
        release(store, slot)


@_inlined
def give_back(store: Store, slot: int) -> None:
    """Give the ring of a slot back, if it has one."""
    ring = store.tags[slot, RING]
    if ring >= 0:
        store.ring_free[store.tally[N_RINGS]] = ring
        store.tally[N_RINGS] += 1
        store.tags[slot, RING] = -1
