"""Exact distinct counts: the table from (slot, value code) to the pane a value was last seen in.

In: the table of a `Store`. Out: places in it, and what of it is still in some window. Open
addressing with linear steps, a pair and its pane side by side; a pair below 0 is free. One too old
for its slot's window counts as absent, whoever owns the slot by now, because panes never go back.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aupkeep.detection.layout import ACTIVE, AT, STATE, Ints, Store

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)

_compiled = njit(cache=True, _nrt=False, nogil=True)


@njit(_nrt=False, inline="always")
def home(pairs: Ints, pair: int) -> int:
    """Return the place at which the search for `pair` begins."""
    return np.int64((np.uint64(pair) * _MIX) >> _HALF) & (pairs.shape[0] - 1)


@njit(_nrt=False, inline="always")
def find(pairs: Ints, pair: int) -> int:
    """Return the place of `pair`, or the free one where it belongs."""
    mask = pairs.shape[0] - 1
    at = home(pairs, pair)
    while pairs[at, 0] >= 0 and pairs[at, 0] != pair:
        at = (at + 1) & mask
    return at


@_compiled
def pairs_alive(store: Store, span: int, value_alive: NDArray[np.bool_]) -> int:
    """Mark the value codes that some window still holds; return the number of live pairs."""
    live = 0
    for i in range(store.pairs.shape[0]):
        if _pair_alive(store, span, i):
            if value_alive.size:
                value_alive[store.pairs[i, 0] & 0xFFFFFFFF] = True
            live += 1
    return live


@_compiled
def rehash(store: Store, span: int, pairs: Ints) -> int:
    """Put the live pairs of `store` into the empty `pairs`; return their number."""
    used = 0
    for i in range(store.pairs.shape[0]):
        if _pair_alive(store, span, i):
            at = find(pairs, store.pairs[i, 0])
            pairs[at, 0] = store.pairs[i, 0]
            pairs[at, 1] = store.pairs[i, 1]
            used += 1
    return used


@_compiled
def fill(pairs: Ints, slots: Ints, values: Ints, panes: Ints) -> None:
    """Put pairs into the empty table `pairs`."""
    for i in range(slots.size):
        pair = slots[i] << 32 | values[i]
        at = find(pairs, pair)
        pairs[at, 0] = pair
        pairs[at, 1] = panes[i]


@njit(_nrt=False, inline="always")
def _pair_alive(store: Store, span: int, i: int) -> bool:
    if store.pairs[i, 0] < 0:
        return False
    slot = store.pairs[i, 0] >> 32
    state = store.tags[slot, STATE]
    return bool(state == ACTIVE and store.pairs[i, 1] > store.slots[slot, AT] - span)
