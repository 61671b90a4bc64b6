"""A case: findings about one customer and one clause, with a clock.

In: findings. Out: frozen values. A case whose customer is not known is *unattributed*: it waits for
a person and carries no measure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    #: Where the clause groups by service, the service; else empty.
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case in its present state."""

    id: str
    provider: str
    clause: str
    customer: str | None
    actor: str
    #: See `cases.state`.
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
    #: Where the clause groups by service, the service; else empty.
    service: str = ""
    #: The reseller whose customer it was at the opening; empty where there was none.
    reseller: str = ""
    #: When it came to its state; None: it was opened in it.
    moved_at: int | None = None
    #: When the customer was first told of a measure of this case.
    told_at: int | None = None
    #: What a person says that it turned out to be; empty before.
    disposition: str = ""
    #: The case that took its findings over; empty while it stands by itself.
    merged_into: str = ""
    #: Keys of cases that it took over: their later findings join it too.
    also: tuple[CaseKey, ...] = ()
    #: It was split off: it keeps its findings, and new ones join the case that it was part of.
    apart: bool = False
    #: When its cause is looked at next by the clock of events; None: no more, or by a person.
    look_at: int | None = None

    @property
    def key(self) -> CaseKey:
        """What findings must share with it to join it."""
        return CaseKey(
            provider=self.provider,
            clause=self.clause,
            customer=self.customer or "",
            actor=self.actor,
            service=self.service,
        )

    def takes(self, key: CaseKey) -> bool:
        """Whether a new finding of `key` joins it, as far as keys tell."""
        return not self.apart and (key == self.key or key in self.also)

    def holds(self, finding: Finding) -> bool:
        """Whether `finding` can be one of its own: same provider, clause and accused."""
        about = [replace(key, service="") for key in (self.key, *self.also)]
        return key_of(finding) in about


def accused(finding: Finding) -> str:
    """Return the customer that `finding` names, or empty text where nobody is named for certain."""
    return (finding.customer or "") if finding.attribution == ATTRIBUTED else ""


def key_of(finding: Finding, *, by_service: bool = False) -> CaseKey:
    """Return the key of the case that `finding` belongs to; `by_service` as its clause says."""
    customer = accused(finding)
    return CaseKey(
        provider=finding.provider,
        clause=finding.clause,
        customer=customer,
        actor="" if customer else finding.actor,
        service=(finding.service or "") if customer and by_service else "",
    )


def case_id(key: CaseKey, first_finding: str) -> str:
    """Return the id of the case that `first_finding` opens."""
    service = (key.service,) if key.service else ()
    return make_id(
        "case", key.provider, key.clause, key.customer, key.actor, first_finding, *service
    )
