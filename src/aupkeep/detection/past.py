"""What a key did in earlier buckets: only the buckets that had rows, in one pool for all keys.

In: the arrays of a `Ledger`. Out: the same, changed; and what is usual for a key. Each key owns one
block of the pool, twice as large whenever it is full. Parts of the kernels in `buckets`, put into
them when those are compiled: after a change here, touch that file, or its cache keeps the old ones.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aupkeep.detection.ledger import (
    BLOCK,
    COUNT,
    EMPTY_BLOCK,
    FIRST_BUCKET,
    FREE_BLOCKS,
    LEAST_BLOCK,
    OFFSET,
    POOL_USED,
    SIZE,
    Bounds,
    Ledger,
)

_called = njit(_nrt=False)
_inlined = njit(_nrt=False, inline="always")


@_called
def remember(ledger: Ledger, slot: int, bucket: int, value: float) -> None:
    """Add the value of `bucket`, which is later than all others of the key."""
    slots = ledger.slots
    room = _room(slots[slot, SIZE])
    if slots[slot, OFFSET] + slots[slot, COUNT] == room:
        if slots[slot, COUNT] * 2 >= room:
            _enlarge(ledger, slot)
        else:
            _move(ledger, slot, slots[slot, BLOCK])
    at = slots[slot, BLOCK] + slots[slot, OFFSET] + slots[slot, COUNT]
    ledger.past[at] = bucket
    ledger.values[at] = value
    slots[slot, COUNT] += 1


@_called
def drop_before(ledger: Ledger, slot: int, bucket: int) -> None:
    """Let go of what was before `bucket`."""
    slots = ledger.slots
    at = slots[slot, BLOCK] + slots[slot, OFFSET]
    while slots[slot, COUNT] > 0 and ledger.past[at] < bucket:
        at += 1
        slots[slot, OFFSET] += 1
        slots[slot, COUNT] -= 1


@_called
def give_back(ledger: Ledger, slot: int) -> None:
    """Let go of everything a key did."""
    slots = ledger.slots
    if slots[slot, SIZE] != EMPTY_BLOCK:
        block = slots[slot, BLOCK]
        kind = FREE_BLOCKS + slots[slot, SIZE]
        ledger.past[block] = ledger.tally[kind]
        ledger.tally[kind] = block
    slots[slot, SIZE] = EMPTY_BLOCK
    slots[slot, OFFSET] = 0
    slots[slot, COUNT] = 0


@_inlined
def _room(size: int) -> int:
    return 0 if size == EMPTY_BLOCK else LEAST_BLOCK << size


@_called
def _enlarge(ledger: Ledger, slot: int) -> None:
    slots, tally = ledger.slots, ledger.tally
    size = slots[slot, SIZE] + 1
    block = tally[FREE_BLOCKS + size]
    if block >= 0:
        tally[FREE_BLOCKS + size] = ledger.past[block]
    else:
        block = tally[POOL_USED]
        tally[POOL_USED] += LEAST_BLOCK << size
    count = slots[slot, COUNT]
    if size > 0:
        _move(ledger, slot, block)
        give_back(ledger, slot)
    slots[slot, BLOCK] = block
    slots[slot, SIZE] = size
    slots[slot, COUNT] = count


@_called
def _move(ledger: Ledger, slot: int, block: int) -> None:
    """Copy what a key did to the start of `block`, which may be its own."""
    slots = ledger.slots
    source = slots[slot, BLOCK] + slots[slot, OFFSET]
    for i in range(slots[slot, COUNT]):
        ledger.past[block + i] = ledger.past[source + i]
        ledger.values[block + i] = ledger.values[source + i]
    slots[slot, OFFSET] = 0


@_called
def usual(ledger: Ledger, bounds: Bounds, slot: int, bucket: int) -> float:
    """Return what is usual for a key before `bucket`; not a number where too little is known."""
    slots = ledger.slots
    buckets = bucket - max(slots[slot, FIRST_BUCKET], bucket - bounds.history)
    if buckets < max(bounds.least, 1):
        return np.nan
    start = slots[slot, BLOCK] + slots[slot, OFFSET]
    count = slots[slot, COUNT]
    for i in range(count):
        value = ledger.values[start + i]
        if np.isnan(value):
            return np.nan
        ledger.scratch[i] = value
    if bounds.top > 0:
        return _mean_of_top(ledger, count, buckets, bounds.top)
    return _median(ledger, count, buckets)


@_called
def _median(ledger: Ledger, count: int, buckets: int) -> float:
    below = 0
    for i in range(count):
        below += ledger.scratch[i] < 0.0
    middle = buckets // 2
    upper = _nth(ledger, count, buckets, below, middle)
    if buckets % 2 == 1:
        return upper
    return (_nth(ledger, count, buckets, below, middle - 1) + upper) / 2.0


@_called
def _nth(ledger: Ledger, count: int, buckets: int, below: int, n: int) -> float:
    """Return the n-th smallest value; all but `count` of them are zeros, `below` are less."""
    zeros = buckets - count
    if below <= n < below + zeros:
        return 0.0
    return _select(ledger, count, n if n < below else n - zeros)


@_called
def _select(ledger: Ledger, count: int, n: int) -> float:
    """Return the n-th smallest of the first `count` numbers in `scratch`, which it reorders."""
    scratch = ledger.scratch
    low, high = 0, count - 1
    while low < high:
        pivot = scratch[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while scratch[i] < pivot:
                i += 1
            while scratch[j] > pivot:
                j -= 1
            if i <= j:
                scratch[i], scratch[j] = scratch[j], scratch[i]
                i += 1
                j -= 1
        if n <= j:
            high = j
        elif n >= i:
            low = i
        else:
            break
    return float(scratch[n])


@_called
def _mean_of_top(ledger: Ledger, count: int, buckets: int, top: int) -> float:
    """Return the mean of the `top` largest of `buckets` values, of which `count` are no zeros."""
    top = min(top, buckets)
    ranks = ledger.ranks
    held = 0
    for i in range(count):
        held = _rank(ledger, ledger.scratch[i], held, top)
    for _ in range(min(buckets - count, top)):
        held = _rank(ledger, 0.0, held, top)
    total = ranks[0]
    for i in range(1, top):
        total += ranks[i]
    return float(total / top)


@_called
def _rank(ledger: Ledger, value: float, held: int, top: int) -> int:
    """Put `value` among the `held` largest so far, largest first; return how many there are."""
    ranks = ledger.ranks
    if held == top:
        if value <= ranks[top - 1]:
            return held
        held -= 1
    at = held
    while at > 0 and ranks[at - 1] < value:
        ranks[at] = ranks[at - 1]
        at -= 1
    ranks[at] = value
    return held + 1
