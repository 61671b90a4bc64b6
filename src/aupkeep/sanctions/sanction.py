"""One measure on one target for one case, and the moves it may make.

In: nothing. Out: frozen values. The table of moves is the whole state machine; what is not in it
cannot happen, and what was proposed in observe mode never leaves `proposed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.decisions.blast import Blast


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
    State.VERIFIED: (State.ANNOUNCED, State.FAILED, State.LIFTING),
    State.ANNOUNCED: (State.FAILED, State.LIFTING),
    State.LIFTING: (State.LIFTED, State.EXPIRED, State.FAILED),
    State.LIFTED: (),
    State.EXPIRED: (),
    State.FAILED: (State.APPLYING, State.LIFTING),
}

#: States in which the power has been asked to act and what it did may still be there.
IN_FORCE = frozenset(
    {
        State.APPLYING,
        State.APPLIED,
        State.VERIFIED,
        State.ANNOUNCED,
        State.LIFTING,
        State.FAILED,
    }
)
#: States that nothing follows.
OVER = frozenset({State.REFUSED, State.LIFTED, State.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """One sanction in its present state; every change of it has an entry in the record."""

    id: str
    case: str
    provider: str
    customer: str
    #: Name of the ladder's step that asked for it.
    step: str
    measure: str
    scope: str
    target: str
    #: The power that carries it out; empty where there is none.
    power: str
    state: State
    #: Shown as *would do*: it was proposed in observe mode and can never be approved.
    would_do: bool
    since: int
    until: int | None
    #: How many people must agree.
    people: int
    approved_by: tuple[str, ...] = ()
    clause: str = ""
    #: How good the evidence is that carries it.
    tier: str = ""
    #: The policy version that asks for it.
    policy_version: str = ""
    #: How long it lasts from the moment it is applied, in microseconds; 0 = no end of its own.
    length: int = 0
    touches_service: bool = False
    #: Ids of the findings it rests on.
    findings: tuple[str, ...] = ()
    #: The person who proposed it; empty where the program did.
    proposed_by: str = ""
    #: Id of the sanction it takes the place of.
    instead_of: str = ""
    #: The latest reason that a person gave.
    reason: str = ""
    #: It may be applied from here on.
    ready_at: int | None = None
    #: When the power was first asked to act.
    applied_at: int | None = None
    #: What stood there before, as the power told it.
    before: str = ""
    #: What it becomes when its lifting has been verified: `lifted` or `expired`; empty before.
    ends_as: str = ""
    lifted_by: str = ""
    #: What was held back is sent on when it is lifted.
    release: bool = False
    #: When it was refused, lifted or expired.
    ended_at: int | None = None
    #: Of a fee: whole minor units of a currency of ISO 4217.
    amount: int = 0
    currency: str = ""
    #: A person put it off until then, and waits for `time` or for an `answer`.
    waits_until: int | None = None
    waits_for: str = ""
    put_off_by: str = ""
    #: What else stops working, as it was known when this was proposed.
    blast: Blast | None = None

    @property
    def pending(self) -> bool:
        """Whether somebody or something has still to act on it."""
        return self.state not in OVER and not self.would_do

    @property
    def in_force(self) -> bool:
        """Whether what the power did may still be there."""
        return self.state in IN_FORCE and self.applied_at is not None


def move(sanction: Sanction, to: State, **changes: Any) -> Sanction:
    """Return `sanction` in state `to`, with `changes` of other fields.

    Raises `AupkeepError` when the table has no such move, when too few different people agreed to
    what becomes approved, when what is being lifted would be applied again, and for everything
    that was proposed in observe mode.
    """
    if sanction.would_do:
        raise AupkeepError(
            Fault(
                code="observe",
                what=f"sanction {sanction.id} was proposed in observe mode and stays a proposal",
                hint="arming a power never releases what was proposed before",
            )
        )
    forbidden = to is State.APPLYING and bool(sanction.ends_as)
    if to not in MOVES[sanction.state] or forbidden:
        raise AupkeepError(
            Fault(
                code="no-such-move",
                what=f"a sanction that is {_standing(sanction)} cannot become {to}",
                allowed=tuple(
                    state.value
                    for state in MOVES[sanction.state]
                    if state is not State.APPLYING or not sanction.ends_as
                ),
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
    return replace(sanction, state=to, **changes)


def _standing(sanction: Sanction) -> str:
    if sanction.state is State.FAILED and sanction.ends_as:
        return "failed while it was being lifted"
    return sanction.state.value
