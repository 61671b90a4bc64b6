"""Memory that a kernel will look at soon, asked for ahead of time.

In: an array and a place in it. Out: nothing; the processor begins to fetch the cache line of that
place. A window's state lies at random places, so without this most of a row's time is waiting.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

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
