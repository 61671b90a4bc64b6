"""A case is moved, by what happened or by a person.

In: a case, what happened or where a person wants it, an instant. Out: the case after it, or a
`Fault` where the table has no such move.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cases.case import Case
from aupkeep.cases.state import BY_ITSELF, BY_PERSON, MOVES, CaseState, Cause


def happened(case: Case, cause: Cause, *, at: int) -> Case:
    """Return `case` after `cause`, which moves it only from the states that the table names."""
    states, to = BY_ITSELF[cause]
    if case.merged_into or CaseState(case.state) not in states:
        return case
    return moved(case, to, at=at)


def moved(case: Case, to: CaseState, *, at: int) -> Case:
    """Return `case` in state `to` since `at`; raises `AupkeepError` for a move there is not."""
    allowed = MOVES[CaseState(case.state)]
    if case.merged_into:
        raise AupkeepError(
            Fault(
                code="merged",
                what=f"case {case.id[:12]} was merged into case {case.merged_into[:12]}",
                hint=f"aupkeep case show {case.merged_into[:12]}",
            )
        )
    if to not in allowed:
        raise AupkeepError(
            Fault(
                code="no-such-move",
                what=f"a case that is {case.state} cannot become {to}",
                allowed=tuple(state.value for state in allowed),
            )
        )
    return replace(case, state=to.value, moved_at=at)


def moved_by_person(case: Case, to: str, *, at: int) -> Case:
    """Return `case` as a person wants it; raises `AupkeepError` for what only happens."""
    words = tuple(state.value for state in CaseState if state in BY_PERSON)
    if to not in words:
        raise AupkeepError(
            Fault(
                code="not-by-person",
                what=f"`{to}` is no state to which a person brings a case",
                allowed=words,
                hint="the other states say what was done, and follow from it",
            )
        )
    return moved(case, CaseState(to), at=at)
