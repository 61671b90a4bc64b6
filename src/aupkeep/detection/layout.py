"""How the state of a rule lies in memory: columns of its arrays, and what a kernel is given.

In: nothing. Out: names. The compiled kernels in `windows` have these numbers built in: after a
change here, touch that file, or its cached code keeps the old ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

# What a value is made of.
COUNT, DISTINCT, SUM, REAL_SUM, RATIO, CONJUNCTION = 0, 1, 2, 3, 4, 5

# States of a slot. A cooling one has an empty window and waits only for its cooldown.
FREE, ACTIVE, COOLING = 0, 1, 2

# Columns of `Store.slots`.
STATE, CODE, LAST, AT, NUM, DEN, OPEN, ENDED, LOW, TIME = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
PREV, NEXT, HEAD, TAIL, KEPT, LEVEL, PEAK, PEAK_LEVEL = 10, 11, 12, 13, 14, 15, 16, 17
FORGED = 18
SLOT_COLUMNS = 19
# Columns of `Store.reals`.
OLDER, REAL_PEAK, NEXT_GROWTH = 0, 1, 2
REAL_COLUMNS = 3
# Columns of `Store.nodes`: one kept row each.
N_PANE, N_TIME, N_STREAM, N_POSITION, N_PART, N_NEXT = 0, 1, 2, 3, 4, 5
NODE_COLUMNS = 6
# Entries of `Store.tally`.
N_FREE, FIRST, FINAL, N_ACTIVE, N_REFUSED, N_OUT, NODE_FREE, N_OPEN, N_USED, N_COOLING = range(10)
TALLY = 10
# Columns of `Store.out`.
O_WHAT, O_INSTANT, O_ROW, O_SLOT, O_PEAK, O_LEVEL = 0, 1, 2, 3, 4, 5
OUT_COLUMNS = 6
OPENED_NOW, GREW, ENDED_NOW = 0, 1, 2

# Bits of `Rows.weak`: the row supports `strong` at most; its actor could have been forged.
FAINT, FORGEABLE = 1, 2

#: No instant, no pane: before everything that is.
NEVER = -(2**63)


class Params(NamedTuple):
    """What a kernel must know of a rule."""

    mode: int
    #: Microseconds of a pane; 1 for a conjunction, whose times are exact.
    pane: int
    #: Panes of a window.
    span: int
    #: Microseconds of a pane for keeping rows.
    keep_pane: int
    #: Rows kept a pane; 0 for a rule that reports nothing.
    most: int
    #: Whether findings are opened.
    reports: bool
    #: A smaller value is the graver one.
    down: bool
    grows: bool
    #: The condition holds outside the bounds.
    outside: bool
    cooldown: int
    least: int
    cap: int
    #: Bounds of the condition, one a level, for whole and for real values; both ends count.
    low: Ints
    high: Ints
    real_low: NDArray[np.float64]
    real_high: NDArray[np.float64]
    #: The threshold itself, one a level.
    number: NDArray[np.float64]


class Rows(NamedTuple):
    """Columns of one batch, and which of its rows are the rule's, in order."""

    picked: Ints
    time: Ints
    #: Code of the row's key.
    code: Ints
    #: Value code, number, or bits: what the mode asks.
    whole: Ints
    real: NDArray[np.float64]
    #: Which threshold is in force.
    level: Ints
    #: Bits FAINT and FORGEABLE.
    weak: NDArray[np.uint8]
    stream: Ints
    position: Ints
    part: Ints
    #: Out, one a picked row: bit 0 the condition holds, above it the weakness of the window.
    marks: NDArray[np.uint8]


class Store(NamedTuple):
    """The state of a rule, as arrays."""

    tally: Ints
    slots: Ints
    reals: NDArray[np.float64]
    free: Ints
    #: Key code -> slot, or -1.
    slot_of: Ints
    counts: NDArray[np.int32]
    others: NDArray[np.int32]
    sums: Ints
    real_sums: NDArray[np.float64]
    #: Open addressing: slot << 32 | value code -> last pane.
    pairs: Ints
    panes: Ints
    nodes: Ints
    out: Ints
    out_peaks: NDArray[np.float64]
