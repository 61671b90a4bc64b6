"""A person says whose an unattributed case is.

In: a case without a customer, its findings, who it was. Out: both with a customer. What a person
says is `strong` evidence at most, unless what the books say now of that time confirms it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address, ip_network

from aupkeep.attribution.holdings import Holding
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cases.case import ATTRIBUTED, Case
from aupkeep.cases.state import CaseState
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Tier

#: Prefix of an actor's text -> the kinds of holding that are about the same thing.
_KINDS = {"login": ("login", "mailbox"), "user": ("user",), "ip": ("ip",), "domain": ("domain",)}


def attribute(
    finding: Finding, customer: str, service: str, person: str, *, confirmed: bool
) -> Finding:
    """Return `finding` as one of `customer` and `service`, on the word of `person`."""
    return replace(
        finding,
        customer=customer,
        service=service or None,
        attribution=ATTRIBUTED,
        attributed_by=person,
        tier=finding.tier if confirmed else min(finding.tier, Tier.STRONG),
    )


def kept(finding: Finding, known: Finding | None) -> Finding:
    """Return a later state of `finding` with what a person said of it when it was `known`."""
    if known is None or not known.attributed_by:
        return finding
    return replace(
        finding,
        customer=known.customer,
        service=known.service,
        attribution=known.attribution,
        attributed_by=known.attributed_by,
        tier=min(finding.tier, known.tier),
    )


def confirmed(finding: Finding, customer: str, held: Iterable[Holding]) -> bool:
    """Whether `held` says that `customer`, and nobody else, held the actor when it opened."""
    return _holders(finding, held) == {customer}


def attributed(case: Case, customer: str, service: str, *, by_service: bool, at: int) -> Case:
    """Return `case` as one of `customer`; raises `AupkeepError` where it has a customer already."""
    faults = []
    if case.customer is not None:
        what = f"case {case.id[:12]} is about customer {case.customer} already"
        faults.append(Fault(code="attributed", what=what))
    if case.merged_into or case.state == CaseState.CLOSED:
        what = f"case {case.id[:12]} is closed"
        faults.append(Fault(code="closed", what=what, hint="open it again first"))
    if faults:
        raise AupkeepError(faults)
    return replace(
        case,
        customer=customer,
        actor="",
        also=(),
        attribution=ATTRIBUTED,
        service=service if by_service else "",
        look_at=at,
    )


def _holders(finding: Finding, held: Iterable[Holding]) -> set[str]:
    """Return who held the actor then; nobody where only a range of ports tells who it was."""
    there = [
        item
        for item in held
        if item.provider == finding.provider
        and item.since <= finding.first
        and (item.until is None or finding.first < item.until)
        and _about(finding.actor, item)
    ]
    if any(item.port_from is not None for item in there):
        return set()
    return {item.customer for item in there}


def _about(actor: str, item: Holding) -> bool:
    kind, _, value = actor.partition(":")
    if kind == "ip" and item.kind == "prefix":
        try:
            return ip_address(value) in ip_network(item.value)
        except ValueError:
            return False
    return item.kind in _KINDS.get(kind, ()) and item.value.lower() == value.lower()
