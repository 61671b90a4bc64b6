"""A Merkle tree over the entries' lines, as RFC 6962 section 2.1 hashes it.

In: lines in the order of the chain, without their newlines. Out: the root. A tree that only grows
needs no more of its past than its peaks: the hashes of the perfect subtrees it consists of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

#: Bytes of a hash.
_WIDTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """The perfect subtrees of a tree: all that is needed to let it grow and to tell its root.

    Raises `ValueError` where the hashes are not those of a tree of that size.
    """

    #: Leaves of the whole tree.
    size: int = 0
    #: Hashes of the subtrees, the largest, which is the leftmost, first.
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a number of hashes that no tree of `size` leaves has."""
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has not {len(self.hashes)} peaks")
        if any(len(one) != _WIDTH for one in self.hashes):
            raise ValueError(f"a hash has {_WIDTH} bytes")


#: The tree without a leaf.
EMPTY = Peaks()


def add(peaks: Peaks, lines: Iterable[bytes]) -> Peaks:
    """Return the peaks after each of `lines` became a leaf.

    Level by level: what has no right neighbour yet is a peak, the rest are pairs of the next one.
    """
    sha256 = hashlib.sha256
    level = [sha256(b"\0" + line).digest() for line in lines]
    size = peaks.size + len(level)
    before = list(peaks.hashes)
    after: list[bytes] = []
    width = peaks.size
    while level or before:
        if width & 1:
            level.insert(0, before.pop())
        if len(level) & 1:
            after.append(level.pop())
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        width >>= 1
    return Peaks(size=size, hashes=tuple(reversed(after)))


def root(peaks: Peaks) -> bytes:
    """Return the hash of the whole tree; that of nothing for a tree without a leaf."""
    if not peaks.hashes:
        return hashlib.sha256().digest()
    found = peaks.hashes[-1]
    for left in reversed(peaks.hashes[:-1]):
        found = hashlib.sha256(b"\1" + left + found).digest()
    return found
