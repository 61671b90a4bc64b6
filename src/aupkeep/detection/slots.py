"""Slots: which key owns which row of the state's arrays, and who had no row for longest.

In: a `Store`. Out: the same, changed. Parts of the kernels in `windows`, put into them when those
are compiled: after a change here, touch that file, or its cached code keeps the old parts.
"""

from __future__ import annotations

from numba import njit

from aupkeep.detection.layout import (
    ACTIVE,
    AT,
    CODE,
    CONJUNCTION,
    ENDED,
    FINAL,
    FIRST,
    FORGED,
    FREE,
    HEAD,
    LAST,
    LOW,
    N_ACTIVE,
    N_COOLING,
    N_FREE,
    N_REFUSED,
    NEVER,
    NEXT,
    OPEN,
    PREV,
    STATE,
    TAIL,
    Params,
    Store,
)

_inlined = njit(_nrt=False, inline="always")


@_inlined
def take(store: Store, params: Params, code: int) -> int:
    """Return the slot of a key, a new one if it has none, -1 at the cap."""
    slot = store.slot_of[code]
    if slot >= 0 and store.slots[slot, STATE] == ACTIVE:
        unlink(store, slot)
        append(store, slot)
        return int(slot)
    if store.tally[N_ACTIVE] >= params.cap:
        store.tally[N_REFUSED] += 1
        return -1
    if slot >= 0:
        store.tally[N_COOLING] -= 1
    else:
        store.tally[N_FREE] -= 1
        slot = store.free[store.tally[N_FREE]]
        store.slots[slot, CODE] = code
        store.slots[slot, ENDED] = NEVER
        store.slot_of[code] = slot
        store.slots[slot, HEAD] = -1
        store.slots[slot, TAIL] = -1
    store.slots[slot, STATE] = ACTIVE
    store.slots[slot, LAST] = NEVER
    store.slots[slot, AT] = NEVER
    store.slots[slot, LOW] = NEVER
    store.slots[slot, FORGED] = NEVER
    store.slots[slot, OPEN] = 0
    store.tally[N_ACTIVE] += 1
    if params.mode == CONJUNCTION:
        store.sums[slot, :] = NEVER
    append(store, slot)
    return int(slot)


@_inlined
def append(store: Store, slot: int) -> None:
    """Put a slot at the end of the list by last row."""
    final = store.tally[FINAL]
    store.slots[slot, PREV] = final
    store.slots[slot, NEXT] = -1
    if final >= 0:
        store.slots[final, NEXT] = slot
    else:
        store.tally[FIRST] = slot
    store.tally[FINAL] = slot


@_inlined
def unlink(store: Store, slot: int) -> None:
    """Take a slot out of the list by last row."""
    before, after = store.slots[slot, PREV], store.slots[slot, NEXT]
    if before >= 0:
        store.slots[before, NEXT] = after
    else:
        store.tally[FIRST] = after
    if after >= 0:
        store.slots[after, PREV] = before
    else:
        store.tally[FINAL] = before


@_inlined
def release(store: Store, slot: int) -> None:
    """Give a slot back."""
    store.slot_of[store.slots[slot, CODE]] = -1
    store.slots[slot, STATE] = FREE
    store.free[store.tally[N_FREE]] = slot
    store.tally[N_FREE] += 1
