"""What a case's page says of how it stands, and what may be done with it now.

In: a case as it was read. Out: words and the acts that are possible.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.cases.case import Case
from aupkeep.cases.disposition import Disposition
from aupkeep.cases.state import BY_PERSON, MOVES, CaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How a case stands and what this person can do about that."""

    state: str
    #: In words; empty while nobody has said.
    disposition: str
    #: Words to choose from; none where the act is not possible.
    dispositions: tuple[str, ...]
    states: tuple[str, ...]
    attribute: bool
    #: What was done with the case, one line each.
    acts: tuple[str, ...]


def handling(case: Case, acts: tuple[str, ...]) -> Handling:
    """Return how `case` stands; `acts` are lines of what was done."""
    state = CaseState(case.state)
    whole = not case.merged_into
    cleared_only = case.customer is None
    words = ("mistaken", "not_ours") if cleared_only else tuple(item.value for item in Disposition)
    return Handling(
        state=case.state,
        disposition=case.disposition.replace("_", " "),
        dispositions=words if whole else (),
        states=tuple(to.value for to in MOVES[state] if to in BY_PERSON) if whole else (),
        attribute=whole and case.customer is None and state is not CaseState.CLOSED,
        acts=acts,
    )
