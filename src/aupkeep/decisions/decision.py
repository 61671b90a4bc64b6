"""A decision as a value: what would be done, who must agree, until when, and why.

In: nothing. Out: frozen values that sanctions are proposed from and people read.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.decisions.blast import Blast
from aupkeep.policy.model import Measure, Tier


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement in plain words, and what it rests on."""

    text: str
    because: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One measure on one target."""

    #: Name of the ladder's step that asks for it.
    step: str
    measure: Measure
    scope: str
    target: str
    #: Microseconds until it ends by itself; 0 = it has no end of its own.
    length: int
    #: How many people must agree before it may be carried out.
    people: int
    touches_service: bool
    #: How good the evidence is that carries it.
    tier: Tier = Tier.JUDGEMENT
    #: Ids of the findings on which it falls, by (opening, id).
    findings: tuple[str, ...] = ()
    #: The version that asks for it; empty in older decisions: the decision's own.
    policy_version: str = ""
    #: Of a fee: whole minor units of a currency of ISO 4217.
    amount: int = 0
    currency: str = ""
    #: What else stops working; None where that is not known, or the measure touches no service.
    blast: Blast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the policy says to do about a case at one instant."""

    #: Same case, same evidence, same proposals: same id, however long ago.
    id: str
    case: str
    policy_version: str
    #: Name of the gravest step that is proposed, or else reached; empty when none is reached.
    step: str
    tier: Tier
    proposals: tuple[Proposal, ...]
    #: Why a person must look at the case; empty when the ladder alone says enough.
    review: tuple[str, ...]
    #: When a person must have decided, and when the customer must have answered; None = no clock.
    decide_by: int | None
    answer_by: int | None
    #: When the same case must be decided again because something will have lasted long enough.
    due: int | None
    reasons: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What was true of the customer when the decision is made."""

    #: The contract allows fees under the policy's schedule.
    fee_allowed: bool = False
    #: Measures that the contract forbids, by the policy's words.
    forbidden: tuple[str, ...] = ()
    #: Every measure needs one more person.
    protected: bool = False
    #: Kinds of service the customer's findings concern, by service id.
    service_kinds: tuple[tuple[str, str], ...] = ()
    #: The reseller whose customer it is; empty where there is none.
    parent: str = ""
    #: The contract is over: nothing that touches service is left to do.
    former: bool = False
