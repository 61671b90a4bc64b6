"""Proofs in the Merkle tree: that an entry is in it, and that a larger tree goes on from a smaller.

In: lines in the order of the chain, or a proof and what it should prove. Out: paths of hashes, and
whether they prove it. RFC 6962 section 2.1 makes them, RFC 9162 section 2.1 checks them. A proof
is logarithmic in the size of the chain, and needs nothing of the other entries but their hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """A whole tree: its leaves, then the parents of each pair, up to the root.

    What has no right neighbour stands one level higher too, as it is, so that the last level has
    one hash. A tree without a leaf has no level.
    """

    rows: tuple[tuple[bytes, ...], ...]

    @property
    def size(self) -> int:
        """Leaves of the tree."""
        return len(self.rows[0]) if self.rows else 0


def leaf(line: bytes) -> bytes:
    """Return the hash of an entry's line as a leaf."""
    return hashlib.sha256(b"\0" + line).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def levels(lines: Iterable[bytes]) -> Levels:
    """Return the tree over `lines`, which stand in order, without their newlines."""
    return above([leaf(line) for line in lines])


def above(leaves: list[bytes]) -> Levels:
    """Return the tree over `leaves`, which `leaf` returned."""
    row = leaves
    rows = [tuple(row)] if row else []
    while len(row) > 1:
        odd = row[len(row) & ~1 :]
        row = [node(left, right) for left, right in zip(row[::2], row[1::2], strict=False)] + odd
        rows.append(tuple(row))
    return Levels(tuple(rows))


def root_of(tree: Levels, size: int) -> bytes:
    """Return the root over the first `size` leaves, at most all of them."""
    return _root(tree, 0, size) if size else hashlib.sha256().digest()


def inclusion(tree: Levels, index: int) -> Path:
    """Return the path that proves leaf `index` (from 0); raises `ValueError` for no leaf of it."""
    if not 0 <= index < tree.size:
        raise ValueError(f"a tree of {tree.size} leaves has no leaf {index}")
    path, at = [], index
    for row in tree.rows[:-1]:
        if at ^ 1 < len(row):
            path.append(row[at ^ 1])
        at >>= 1
    return tuple(path)


def consistency(tree: Levels, first: int) -> Path:
    """Return the path that proves that `tree` goes on from its first `first` leaves (one or more).

    Raises `ValueError` where it has fewer, or `first` is 0: of nothing nothing is to be proven.
    """
    if not 0 < first <= tree.size:
        raise ValueError(f"a tree of {tree.size} leaves does not go on from {first}")
    return tuple(_consistency(tree, first, 0, tree.size, whole=True))


def _consistency(tree: Levels, first: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    """Return SUBPROOF of RFC 6962 section 2.1.2 for the leaves from `start` to `end`."""
    if first == end - start:
        return [] if whole else [_root(tree, start, end)]
    split = _split(end - start)
    if first <= split:
        inner = _consistency(tree, first, start, start + split, whole=whole)
        return [*inner, _root(tree, start + split, end)]
    inner = _consistency(tree, first - split, start + split, end, whole=False)
    return [*inner, _root(tree, start, start + split)]


def _root(tree: Levels, start: int, end: int) -> bytes:
    """Return the root over the leaves from `start` to `end`; `start` fits the width of the span."""
    width = end - start
    height = (width - 1).bit_length()
    if width == 1 << height or end == tree.size:
        return tree.rows[height][start >> height]
    split = _split(width)
    return node(_root(tree, start, start + split), _root(tree, start + split, end))


def _split(width: int) -> int:
    """Return the largest power of two that is smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def root_above(line: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that `path` leads to from `line` at `index` (RFC 9162 section 2.1.3.2).

    None where no path of a tree of `size` leaves has this form.
    """
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf(line)
    for one in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node(one, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, one)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def goes_on(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Return whether `path` proves that the tree of `second` leaves goes on from that of `first`.

    As in RFC 9162 section 2.1.4.2.
    """
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    # The root of a perfect tree is a node of the larger one, and is left out of the path.
    whole = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not whole:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = whole[0]
    for one in whole[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(one, old), node(one, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, one)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
