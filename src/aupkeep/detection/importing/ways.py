"""The ways in which a predicate can come out true, or false.

In: a predicate. Out: sets of leaves, each with the truth value it must have; one set is one way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from aupkeep.detection.rule import All, Leaf, Not, Predicate, Some

#: Leaves with the truth value each must have.
Way = tuple[tuple[Leaf, bool], ...]

#: A part is tried in so many ways; there can be more than anybody could write down.
_MOST = 64


def ways(predicate: Predicate, *, holds: bool) -> Iterator[Way]:
    """Yield ways in which `predicate` comes out as `holds`, the plain ones first."""
    if isinstance(predicate, Not):
        yield from ways(predicate.part, holds=not holds)
    elif isinstance(predicate, All | Some):
        if isinstance(predicate, All) is holds:
            yield from _every(predicate.parts, holds=holds)
        else:
            yield from _any(predicate.parts, holds=holds)
    else:
        yield ((predicate, holds),)


def _any(parts: Sequence[Predicate], *, holds: bool) -> Iterator[Way]:
    """Take the first way of each part, then the second of each, and so on."""
    waiting = [ways(part, holds=holds) for part in parts[:_MOST]]
    while waiting:
        left = []
        for one in waiting:
            found = next(one, None)
            if found is not None:
                yield found
                left.append(one)
        waiting = left


def _every(parts: Sequence[Predicate], *, holds: bool) -> Iterator[Way]:
    if not parts:
        yield ()
        return
    for first in islice(ways(parts[0], holds=holds), _MOST):
        for rest in islice(_every(parts[1:], holds=holds), _MOST):
            yield (*first, *rest)
