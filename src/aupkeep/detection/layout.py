"""How the state of a rule lies in memory: columns of its arrays, and what a kernel is given.

In: nothing. Out: names. The compiled kernels in `windows` have these numbers built in: after a
change here, touch that file, or its cached code keeps the old ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Reals = NDArray[np.float64]

# What a value is made of.
COUNT, DISTINCT, SUM, REAL_SUM, RATIO, CONJUNCTION, MEAN, REAL_MEAN, ORDERED = range(9)
#: Modes whose window adds floats, and those whose value is a float.
ADDS_REALS = (REAL_SUM, REAL_MEAN)
IS_REAL = (REAL_SUM, RATIO, MEAN, REAL_MEAN)
#: Modes that keep a second number a pane: the denominator, or how many rows there are.
IS_SHARE = (RATIO, MEAN, REAL_MEAN)
JOINS = (CONJUNCTION, ORDERED)

# States of a slot. A cooling one has an empty window and waits only for its cooldown.
FREE, ACTIVE, COOLING = 0, 1, 2

# Columns of `Store.slots`: what every row touches, one cache line a key. AT, LOW and FORGED are
# panes, or exact instants where a rule joins others; LAST is always a pane.
LAST, AT, NUM, DEN, TIME, LOW, FORGED, ENDED = range(8)
SLOT_COLUMNS = 8
# Columns of `Store.tags`. RING is the place of a key with many panes among the rings, or -1; FILL
# is how many panes stand in the slot itself; LINK leads to the next slot of the same due pane.
CODE, HEAD, TAIL, KEPT, LEVEL, RING, FILL, STATE, OPEN, LINK, PEAK_LEVEL = range(11)
TAG_COLUMNS = 12
# Columns of `Store.reals`.
OLDER, REAL_PEAK, NEXT_GROWTH = 0, 1, 2
REAL_COLUMNS = 3
#: Panes that stand in the slot itself, oldest first; a key with more of them takes a ring.
INLINE = 3
# Columns of `Store.nodes`: one kept row each.
N_PANE, N_TIME, N_STREAM, N_POSITION, N_PART, N_NEXT = range(6)
NODE_COLUMNS = 6
# Entries of `Store.tally`. NOW is the pane up to which keys have been let go.
N_FREE, NOW, N_RINGS, N_ACTIVE, N_REFUSED, N_OUT, NODE_FREE, N_OPEN, N_USED, N_COOLING = range(10)
N_TOLD = 10
TALLY = 11
#: Lists of slots by the pane in which they are looked at again.
DUES = 61
# Columns of `Store.out`.
# From O_CODE on only at an opening: the key, the bits of `Rows.weak` in its window, what its value
# is made of, and where in `Store.told` its earliest rows stand, and how many.
O_WHAT, O_INSTANT, O_ROW, O_SLOT, O_PEAK, O_LEVEL = range(6)
O_CODE, O_WEAK, O_NUM, O_DEN, O_TOLD, O_KEPT = range(6, 12)
OUT_COLUMNS = 12
OPENED_NOW, GREW, ENDED_NOW = 0, 1, 2

# Bits of `Rows.weak`: the row supports `strong` at most; its actor could have been forged.
FAINT, FORGEABLE = 1, 2

#: No instant, no pane: before everything that is.
NEVER = -(2**63)


class Params(NamedTuple):
    """What a kernel must know of a rule."""

    mode: int
    #: Microseconds of a pane; 1 for a rule that joins others, whose times are exact.
    pane: int
    #: Panes of a window.
    span: int
    #: Microseconds of a pane for keeping rows and letting keys go, and after how many of them.
    keep_pane: int
    hold: int
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
    real_low: Reals
    real_high: Reals
    #: The threshold itself, one a level.
    number: Reals


class Rows(NamedTuple):
    """Columns of one batch, and which of its rows are the rule's, in order."""

    picked: Ints
    time: Ints
    #: Code of the row's key.
    code: Ints
    #: Value code, number, or bits: what the mode asks.
    whole: Ints
    real: Reals
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
    """The state of a rule, as arrays; those named alike lie slot by slot."""

    tally: Ints
    slots: Ints
    tags: Ids
    #: Peak of an open finding; only for a rule that reports.
    peaks: Ints
    reals: Reals
    free: Ids
    #: Key code -> slot, or -1.
    slot_of: Ids
    #: First slot of each list by due pane, or -1.
    dues: Ints
    #: In the slot: panes with rows, oldest first, and one or two numbers of each.
    panes: Ints
    nums: Ints
    dens: Ints
    #: `nums` read as floats.
    real_nums: Reals
    #: For keys with many panes: the same numbers by pane modulo 60.
    ring_nums: Ints
    ring_dens: Ints
    ring_reals: Reals
    ring_free: Ids
    #: Of a rule that joins others: when each last held; ordered: when the latest chain began.
    times: Ints
    #: Open addressing: slot << 32 | value code, and the last pane of the pair.
    pairs: Ints
    nodes: Ints
    out: Ints
    #: Peak, and at an opening the sum of floats in the window.
    out_reals: Reals
    #: Of a rule that joins others, at an opening: `times` as they were.
    out_times: Ints
    #: (stream, position, part) of the rows that openings tell of.
    told: Ints
