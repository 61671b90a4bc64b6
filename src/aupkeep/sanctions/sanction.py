"""One measure on one target for one case, and the moves it may make.

In: proposals. Out: frozen values. The table of moves is the whole state machine; what is not in it
cannot happen, and in `observe` mode nothing leaves `proposed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.cases.case import Case
from aupkeep.decisions.decision import Decision, Proposal


class State(StrEnum):
    """Where a sanction stands."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    VERIFIED = "verified"
    ANNOUNCED = "announced"
    LIFTING = "lifting"
    LIFTED = "lifted"
    EXPIRED = "expired"
    FAILED = "failed"


MOVES: Mapping[State, tuple[State, ...]] = {
    State.PROPOSED: (State.REFUSED, State.APPROVED),
    State.REFUSED: (),
    State.APPROVED: (State.APPLYING, State.REFUSED),
    State.APPLYING: (State.APPLIED, State.FAILED),
    State.APPLIED: (State.VERIFIED, State.FAILED, State.LIFTING),
    State.VERIFIED: (State.ANNOUNCED, State.LIFTING),
    State.ANNOUNCED: (State.LIFTING,),
    State.LIFTING: (State.LIFTED, State.EXPIRED, State.FAILED),
    State.LIFTED: (),
    State.EXPIRED: (),
    State.FAILED: (State.APPLYING, State.LIFTING),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """One sanction in its present state."""

    id: str
    case: str
    provider: str
    customer: str
    #: Name of the ladder's step that asked for it.
    step: str
    measure: str
    scope: str
    target: str
    #: The outlet that would carry it out; empty while there is none.
    power: str
    state: State
    #: Shown as *would do*: it was proposed in observe mode and can never be approved.
    would_do: bool
    since: int
    until: int | None
    #: How many people must agree.
    people: int
    approved_by: tuple[str, ...] = ()


def sanction_id(case: str, proposal: Proposal) -> str:
    """Return the id of what `proposal` asks for in `case`.

    The step is a part of it: a graver step may ask for the same measure for longer.
    """
    return make_id(
        "sanction",
        case,
        proposal.step,
        proposal.measure.value,
        proposal.scope,
        proposal.target,
    )


def propose(
    decision: Decision, case: Case, known: Iterable[str], *, now: int, observe: bool = True
) -> tuple[Sanction, ...]:
    """Return the sanctions that `decision` asks for and whose ids are not among `known`.

    Idempotent: with the ids of what it returned among `known` it returns nothing. An unattributed
    case has no sanctions. Raises `ValueError` for a decision about another case.
    """
    if decision.case != case.id:
        raise ValueError(f"decision {decision.id} is not about case {case.id}")
    if case.customer is None:
        return ()
    there = set(known)
    proposed = []
    for item in decision.proposals:
        identity = sanction_id(case.id, item)
        if identity in there:
            continue
        there.add(identity)
        proposed.append(
            Sanction(
                id=identity,
                case=case.id,
                provider=case.provider,
                customer=case.customer,
                step=item.step,
                measure=item.measure.value,
                scope=item.scope,
                target=item.target,
                power="",
                state=State.PROPOSED,
                would_do=observe,
                since=now,
                until=now + item.length if item.length else None,
                people=item.people,
            )
        )
    return tuple(proposed)


def move(sanction: Sanction, to: State) -> Sanction:
    """Return `sanction` in state `to`.

    Raises `AupkeepError` when the table has no such move, when too few different people agreed to
    what becomes approved, and for everything that was proposed in observe mode.
    """
    if sanction.would_do:
        raise AupkeepError(
            Fault(
                code="observe",
                what=f"sanction {sanction.id} was proposed in observe mode and stays a proposal",
                hint="arming a power never releases what was proposed before",
            )
        )
    if to not in MOVES[sanction.state]:
        raise AupkeepError(
            Fault(
                code="no-such-move",
                what=f"a sanction that is {sanction.state} cannot become {to}",
                allowed=tuple(state.value for state in MOVES[sanction.state]),
            )
        )
    agreed = len(set(sanction.approved_by))
    if to is State.APPROVED and agreed < sanction.people:
        raise AupkeepError(
            Fault(
                code="too-few-people",
                what=f"{agreed} of {sanction.people} people have agreed to sanction {sanction.id}",
            )
        )
    return replace(sanction, state=to)
