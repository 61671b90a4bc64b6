"""What a predicate lets through: missing fields under `not`, and both stages of mail.

In: a predicate. Out: the fields that lack a guard, and the stages a rule reads.
"""

from __future__ import annotations

from aupkeep.detection.fields import ALWAYS
from aupkeep.detection.predicates import leaves, read_fields
from aupkeep.detection.rule import All, Not, OneOf, Predicate, Present, Some

#: The stages of a mail row.
STAGES = ("attempt", "result")


def unguarded(predicate: Predicate, given: frozenset[str] = ALWAYS) -> set[str]:
    """Return the fields under a `not` that may be missing there.

    A field is guarded where a part that must hold as well is false without it, and where the part
    under `not` itself says what a missing field means, by `exists` or `null`.
    """
    if isinstance(predicate, All):
        given = given.union(*(guarded(part) for part in predicate.parts))
    if isinstance(predicate, All | Some):
        return set().union(*(unguarded(part, given) for part in predicate.parts))
    if isinstance(predicate, Not):
        return _asked(predicate.part) - given
    return set()


def guarded(predicate: Predicate) -> set[str]:
    """Return the fields that are surely given where `predicate` holds."""
    if isinstance(predicate, All):
        return set().union(*(guarded(part) for part in predicate.parts))
    if isinstance(predicate, Some):
        parts = [guarded(part) for part in predicate.parts]
        return set.intersection(*parts) if parts else set()
    if isinstance(predicate, Not):
        inner = predicate.part
        missing = isinstance(inner, Present) and not inner.present
        return {inner.field} if isinstance(inner, Present) and missing else set()
    if isinstance(predicate, Present):
        return {predicate.field} if predicate.present else set()
    return read_fields(predicate)


def _asked(predicate: Predicate) -> set[str]:
    """Return the fields whose absence makes a leaf false without saying so."""
    found, said = set(), set()
    for leaf in leaves(predicate):
        if isinstance(leaf, Present):
            said.add(leaf.field)
        else:
            found |= read_fields(leaf)
    return found - said


def stages(predicate: Predicate) -> set[str]:
    """Return the stages of mail that rows of `predicate` can have."""
    return {stage for stage in STAGES if True in _possible(predicate, stage)}


def _possible(predicate: Predicate, stage: str) -> set[bool]:
    """Return the truth values `predicate` can take on rows of `stage`."""
    if isinstance(predicate, Not):
        return {not value for value in _possible(predicate.part, stage)}
    if isinstance(predicate, All | Some):
        found = [_possible(part, stage) for part in predicate.parts]
        join, other = (all, any) if isinstance(predicate, All) else (any, all)
        values = {True} if join(True in one for one in found) else set()
        return values | ({False} if other(False in one for one in found) else set())
    if isinstance(predicate, OneOf) and predicate.field == "stage":
        return {stage in [str(value).lower() for value in predicate.values]}
    return {True, False}
