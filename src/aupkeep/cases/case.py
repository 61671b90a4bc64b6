"""A case: findings about one customer and one clause, with a clock.

In: findings. Out: frozen values. A case whose customer is not known is *unattributed*: it waits for
a person and carries no measure.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.ids import make_id
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Tier

#: Findings of these rules are evidence; a draft or shadow rule only shows what it would find.
LIVE_STATUSES = frozenset({"automatic", "review"})

#: The only answer of attribution that names a customer.
ATTRIBUTED = "attributed"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CaseKey:
    """What findings of one case have in common."""

    provider: str
    clause: str
    #: Empty for an unattributed case.
    customer: str
    #: The actor of an unattributed case, so that strangers never share one; else empty.
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case in its present state."""

    id: str
    provider: str
    clause: str
    customer: str | None
    actor: str
    #: open; later states belong to the sanctions' issue.
    state: str
    #: attributed, ambiguous or unknown.
    attribution: str
    #: The best evidence among its findings that could be fully evaluated.
    tier: Tier
    #: When the provider became aware: the earliest receipt among its findings.
    aware_at: int
    opened_at: int
    #: Ids of its findings, by (opening, id).
    findings: tuple[str, ...]

    @property
    def key(self) -> CaseKey:
        """What findings must share with it to join it."""
        return CaseKey(
            provider=self.provider,
            clause=self.clause,
            customer=self.customer or "",
            actor=self.actor,
        )


def accused(finding: Finding) -> str:
    """Return the customer that `finding` names, or empty text where nobody is named for certain."""
    return (finding.customer or "") if finding.attribution == ATTRIBUTED else ""


def key_of(finding: Finding) -> CaseKey:
    """Return the key of the case that `finding` belongs to."""
    customer = accused(finding)
    return CaseKey(
        provider=finding.provider,
        clause=finding.clause,
        customer=customer,
        actor="" if customer else finding.actor,
    )


def case_id(key: CaseKey, first_finding: str) -> str:
    """Return the id of the case that `first_finding` opens."""
    return make_id("case", key.provider, key.clause, key.customer, key.actor, first_finding)
