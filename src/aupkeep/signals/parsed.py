"""What every parser hands on: records with time and place, and what it could not read.

In: a block of bytes from one source. Out: `Parsed`. A parser is pure: same block and same line
clock, same result, whatever block sizes the bytes came in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A line longer than this is rejected and only its beginning is kept.
LONGEST_LINE = 65_536
#: How much of an unreadable line is kept for people to look at.
KEPT_OF_REJECT = 512


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that could not be read: where it began, its first bytes, and why."""

    offset: int
    head: bytes
    reason: str


@dataclass(slots=True, kw_only=True)
class Parsed:
    """The readable lines of one block that say something in this format.

    `times` (microseconds UTC), `offsets` (of the line's first byte in the block) and `records`
    (the format's own tuples) have one entry a line, in the order of the bytes.
    """

    times: NDArray[np.int64]
    offsets: NDArray[np.int64]
    records: list[tuple[Any, ...]]
    #: Bytes of the first line in the block that has time, host and process; empty if none.
    first: bytes = b""
    #: All lines of the block.
    lines: int = 0
    #: Lines that were read but say nothing in this format (other programs, chatter).
    ignored: int = 0
    rejects: list[Reject] = field(default_factory=list)
