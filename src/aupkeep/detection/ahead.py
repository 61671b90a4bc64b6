"""Memory that a kernel will look at soon, asked for ahead of time.

In: the state of a rule and its rows. Out: nothing; the processor begins to fetch the cache lines
that the rows to come will need. A window's state lies at random places. Part of the kernels in
`windows`: after a change here, touch that file, or its cached code keeps the old part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic

from aupkeep.detection.layout import DISTINCT, HEAD, JOINS, RING, TAIL, Params, Rows, Store
from aupkeep.detection.pairs import home

_inlined = njit(_nrt=False, inline="always")

#: How many rows ahead memory is asked for: the slot of a key, its columns, and what they lead to.
FAR, NEAR, NEXT = 16, 8, 4
_TO_READ, _EVERY_CACHE, _DATA = 0, 3, 1


@intrinsic
def prefetch(_context: Any, array: Any, place: Any) -> Any:  # noqa: ARG001 - its type is stated below
    """Ask for the line at `place` along the first axis of `array`, which is not looked at here."""

    def codegen(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, given[0])
        stride = cgutils.unpack_tuple(builder, made.strides)[0]
        start = builder.ptrtoint(made.data, ir.IntType(64))
        address = builder.add(start, builder.mul(stride, given[1]))
        bytes_at = ir.IntType(8).as_pointer()
        word = ir.IntType(32)
        asked = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [bytes_at, word, word, word]),
            "llvm.prefetch.p0",
        )
        flags = [word(_TO_READ), word(_EVERY_CACHE), word(_DATA)]
        builder.call(asked, [builder.inttoptr(address, bytes_at), *flags])
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


@_inlined
def ask(store: Store, params: Params, rows: Rows, i: int) -> None:
    """Ask for what the rows after row `i` will look at."""
    prefetch(store.slot_of, rows.code[rows.picked[i + FAR]])
    row = rows.picked[i + NEAR]
    slot = np.int64(store.slot_of[rows.code[row]])
    if slot >= 0:
        prefetch(store.slots, slot)
        prefetch(store.tags, slot)
        if params.mode not in JOINS:
            prefetch(store.panes, slot)
            prefetch(store.nums, slot)
        if params.mode == DISTINCT:
            prefetch(store.pairs, home(store.pairs, slot << 32 | rows.whole[row]))
    row = rows.picked[i + NEXT]
    slot = np.int64(store.slot_of[rows.code[row]])
    if slot >= 0:
        ring = np.int64(store.tags[slot, RING])
        if ring >= 0:
            prefetch(store.ring_nums, ring)
        tail = np.int64(store.tags[slot, TAIL])
        if tail >= 0:
            prefetch(store.nodes, tail)
            prefetch(store.nodes, np.int64(store.tags[slot, HEAD]))
