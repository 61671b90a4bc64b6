"""Texts that must be somewhere in a column where a predicate is to hold.

In: a predicate over one text column. Out: the texts, or nothing known. All such texts of many rules
are looked for together, in one pass over the column; where none is, none of the rules holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.detection.expressions import fold, pieces_of
from aupkeep.detection.rule import All, Glob, OneOf, Predicate, Some

#: More texts than this are no sieve.
_MOST = 200


def required(predicate: Predicate, *, lower: bool) -> frozenset[str] | None:
    """Return texts of which the column must hold one where `predicate` is true; None: unknown.

    With `lower` they are looked for in the column's lower case, whatever case the leaf asks for.
    """
    match predicate:
        case OneOf():
            return _usable((str(value) for value in predicate.values), predicate.cased, lower)
        case Glob():
            literals = [piece for piece in pieces_of(predicate) if isinstance(piece, str)]
            longest = max(literals, key=len, default="")
            return _usable([longest], predicate.cased, lower)
        case All():
            known = [required(part, lower=lower) for part in predicate.parts]
            return min((one for one in known if one is not None), key=_rank, default=None)
        case Some() if len(predicate.parts) <= _MOST:
            return _joined([required(part, lower=lower) for part in predicate.parts])
    return None


def _usable(texts: Iterable[str], cased: bool, lower: bool) -> frozenset[str] | None:  # noqa: FBT001
    """Return `texts` as they stand in the column that is searched."""
    found = frozenset(texts)
    if lower and cased and not all(map(str.isascii, found)):
        # The lower case of a part need not be a part of the lower case.
        return None
    found = frozenset(map(fold, found)) if lower else found
    return found if found and "" not in found and len(found) <= _MOST else None


def _joined(known: list[frozenset[str] | None]) -> frozenset[str] | None:
    found: set[str] = set()
    for one in known:
        if one is None:
            return None
        found |= one
    return frozenset(found) if found and len(found) <= _MOST else None


def _rank(texts: frozenset[str]) -> tuple[int, int]:
    """Long texts, and few of them, let the fewest rows through."""
    return -min(map(len, texts)), len(texts)
