"""Exact distinct counts: the table from (slot, value code) to the pane a value was last seen in.

In: the table of a `Store`. Out: places in it, and what of it is still in some window. Open
addressing with linear steps; an entry below 0 is free. An entry too old for its slot's window
counts as absent, whoever owns the slot by now, because panes never go back.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aupkeep.detection.layout import ACTIVE, AT, STATE, Ints, Store

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@njit(cache=True, _nrt=False)
def find(pairs: Ints, pair: int) -> int:
    """Return the place of `pair`, or the free one where it belongs."""
    mask = pairs.size - 1
    mixed = np.uint64(pair) * _MIX
    at = np.int64(mixed >> _HALF) & mask
    while pairs[at] >= 0 and pairs[at] != pair:
        at = (at + 1) & mask
    return int(at)


@njit(cache=True, _nrt=False)
def pairs_alive(store: Store, span: int, value_alive: NDArray[np.bool_]) -> int:
    """Mark the value codes that some window still holds; return the number of live pairs."""
    live = 0
    for i in range(store.pairs.size):
        if _pair_alive(store, span, i):
            value_alive[store.pairs[i] & 0xFFFFFFFF] = True
            live += 1
    return live


@njit(cache=True, _nrt=False)
def rehash(store: Store, span: int, pairs: Ints, panes: Ints) -> int:
    """Put the live pairs of `store` into the empty `pairs` and `panes`; return their number."""
    used = 0
    for i in range(store.pairs.size):
        if _pair_alive(store, span, i):
            at = find(pairs, store.pairs[i])
            pairs[at] = store.pairs[i]
            panes[at] = store.panes[i]
            used += 1
    return used


@njit(cache=True, _nrt=False)
def _pair_alive(store: Store, span: int, i: int) -> bool:
    if store.pairs[i] < 0:
        return False
    slot = store.pairs[i] >> 32
    state = store.slots[slot, STATE]
    return bool(state == ACTIVE and store.panes[i] > store.slots[slot, AT] - span)
