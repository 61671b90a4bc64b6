"""Compiled walks along the lists in a rule's state, for saving it and reading it back.

In: a `Store` and slots of it. Out: the rows that are kept, or the lists by due pane anew.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from aupkeep.detection.layout import (
    ACTIVE,
    DUES,
    HEAD,
    LAST,
    LINK,
    N_NEXT,
    NOW,
    STATE,
    Ids,
    Ints,
    Store,
)

_compiled = njit(cache=True, _nrt=False, nogil=True)


def kept_of(store: Store, used: Ids) -> tuple[Ints, Ints]:
    """Return the kept rows of the slots `used`, and the position of the owner of each."""
    count = _walk(store, used, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    places, owners = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    _walk(store, used, places, owners)
    nodes = store.nodes[places]
    nodes[:, N_NEXT] = 0
    return nodes, owners


@_compiled
def _walk(store: Store, used: Ids, places: Ints, owners: Ints) -> int:
    """Count the kept rows of `used`, and note them where there is room."""
    count = 0
    for position in range(used.size):
        slot = used[position]
        node = np.int64(store.tags[slot, HEAD])
        if store.tags[slot, STATE] != ACTIVE:
            node = np.int64(-1)
        while node >= 0:
            if places.size > 0:
                places[count] = node
                owners[count] = position
            count += 1
            node = store.nodes[node, N_NEXT]
    return count


@_compiled
def link(store: Store, slots: Ints, hold: int) -> None:
    """Put `slots` into the lists by the pane of their last rows."""
    latest = store.tally[NOW]
    for slot in slots:
        latest = max(latest, store.slots[slot, LAST])
    store.tally[NOW] = latest
    for slot in slots:
        last = max(store.slots[slot, LAST], latest - hold + 1)
        store.tags[slot, LINK] = store.dues[last % DUES]
        store.dues[last % DUES] = slot
