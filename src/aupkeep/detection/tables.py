"""Compiled tables behind `codes`: from hashes to ids, and from tuples of ids to codes.

In: arrays of hashes or ids, and a table. Out: the number of each row, the same for the same entry
as long as the table stands. Open addressing with linear steps; an entry of 0 is free. A kernel
stops where its table is full, so that the caller can make a larger one.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
# Entries of a tally: numbers given out, new rows found, numbers free again.
COUNT, NEW, FREE = 0, 1, 2

_compiled = njit(cache=True, _nrt=False, nogil=True)
_inlined = njit(_nrt=False, inline="always")


@_compiled
def seek(
    table: Ints, hashes: Ints, picked: Ints, start: int, ids: Ids, fresh: Ints, tally: Ints
) -> int:
    """Number the `picked` rows by their hashes; return the first one still to do.

    The columns of `table` are a hash and its id plus one. `fresh` lists the rows with new ids.
    """
    mask = table.shape[0] - 1
    for i in range(start, picked.size):
        if 2 * tally[COUNT] > mask:
            return i
        row = picked[i]
        hashed = hashes[row]
        at = (hashed ^ (hashed >> 32)) & mask
        while table[at, 1] != 0 and table[at, 0] != hashed:
            at = (at + 1) & mask
        if table[at, 1] == 0:
            table[at, 0] = hashed
            table[at, 1] = tally[COUNT] + 1
            fresh[tally[NEW]] = row
            tally[NEW] += 1
            tally[COUNT] += 1
        ids[row] = table[at, 1] - 1
    return picked.size


@_compiled
def reseat(table: Ints, larger: Ints) -> None:
    """Put the entries of `table` into the empty `larger`."""
    mask = larger.shape[0] - 1
    for i in range(table.shape[0]):
        if table[i, 1] == 0:
            continue
        at = (table[i, 0] ^ (table[i, 0] >> 32)) & mask
        while larger[at, 1] != 0:
            at = (at + 1) & mask
        larger[at, 0] = table[i, 0]
        larger[at, 1] = table[i, 1]


@_compiled
def seat(table: Ints, hashes: Ints, odd: Bools) -> None:
    """Put `hashes` into the empty `table`, with ids as they stand; mark those that stand there."""
    mask = table.shape[0] - 1
    for i in range(hashes.size):
        at = (hashes[i] ^ (hashes[i] >> 32)) & mask
        while table[at, 1] != 0 and table[at, 0] != hashes[i]:
            at = (at + 1) & mask
        if table[at, 1] == 0:
            table[at, 0] = hashes[i]
            table[at, 1] = i + 1
        else:
            odd[i] = True


@_compiled
def join(
    table: Ids,
    parts: Ids,
    free: Ids,
    tally: Ints,
    ids: Ids,
    picked: Ints,
    start: int,
    codes: Ints,
) -> int:
    """Number the `picked` columns of `ids` by what stands in them; return the first still to do.

    `parts` holds the ids of each code, `table` codes plus one. Freed codes are given out first.
    """
    mask = table.size - 1
    for i in range(start, picked.size):
        row = picked[i]
        at = _place(table, parts, ids, row, mask)
        if table[at] == 0:
            if tally[FREE] > 0:
                tally[FREE] -= 1
                code = np.int64(free[tally[FREE]])
            elif tally[COUNT] < parts.shape[0] and 2 * tally[COUNT] <= mask:
                code = tally[COUNT]
                tally[COUNT] += 1
            else:
                return i
            for k in range(parts.shape[1]):
                parts[code, k] = ids[k, row]
            table[at] = code + 1
        codes[row] = table[at] - 1
    return picked.size


@_inlined
def _place(table: Ids, parts: Ids, ids: Ids, row: int, mask: int) -> int:
    mixed = np.uint64(0)
    for k in range(parts.shape[1]):
        mixed = ((mixed >> _HALF) ^ mixed ^ np.uint64(ids[k, row])) * _MIX
    at = np.int64(mixed >> _HALF) & mask
    while table[at] != 0:
        same = True
        for k in range(parts.shape[1]):
            if parts[table[at] - 1, k] != ids[k, row]:
                same = False
                break
        if same:
            break
        at = (at + 1) & mask
    return int(at)


@_compiled
def rejoin(table: Ids, parts: Ids, alive: Bools) -> None:
    """Put every code of `parts` that is `alive` into the empty `table`."""
    mask = table.size - 1
    for code in range(alive.size):
        if not alive[code]:
            continue
        mixed = np.uint64(0)
        for k in range(parts.shape[1]):
            mixed = ((mixed >> _HALF) ^ mixed ^ np.uint64(parts[code, k])) * _MIX
        at = np.int64(mixed >> _HALF) & mask
        while table[at] != 0:
            at = (at + 1) & mask
        table[at] = code + 1
