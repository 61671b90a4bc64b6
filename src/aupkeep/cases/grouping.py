"""Findings into cases.

In: a finding, and the open case with the same key, if there is one. Out: what changed. Findings of
one customer and one clause share a case while it is open. The laws: taking a finding twice changes
nothing, and the set of findings in a case does not depend on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from aupkeep.cases.case import LIVE_STATUSES, Case, case_id, key_of
from aupkeep.detection.finding import Finding


class Change(StrEnum):
    """What taking a finding did."""

    OPENED = "opened"
    JOINED = "joined"
    UPDATED = "updated"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CaseChange:
    """The case as it is now, and what happened to it; no case for a rule that is not live."""

    change: Change
    case: Case | None


def take(finding: Finding, open_case: Case | None, known: Mapping[str, Finding]) -> CaseChange:
    """Return what `finding` does to the open case of its key.

    `known` holds the present state of the findings of `open_case`, by id. Raises `ValueError` when
    the case is one of another key: the caller looked up the wrong one.
    """
    if finding.rule_status not in LIVE_STATUSES:
        return CaseChange(Change.NONE, open_case)
    if open_case is None:
        return CaseChange(Change.OPENED, _opened(finding))
    if open_case.key != key_of(finding):
        raise ValueError(f"finding {finding.id} does not belong to case {open_case.id}")
    before = known.get(finding.id)
    if before == finding:
        return CaseChange(Change.NONE, open_case)
    members = {**known, finding.id: finding}
    grown = replace(
        open_case,
        findings=_in_order(members),
        tier=max(open_case.tier, finding.tier),
        aware_at=min(open_case.aware_at, finding.observed_at),
        opened_at=min(open_case.opened_at, finding.first),
    )
    return CaseChange(Change.JOINED if before is None else Change.UPDATED, grown)


def _opened(finding: Finding) -> Case:
    key = key_of(finding)
    return Case(
        id=case_id(key, finding.id),
        provider=key.provider,
        clause=key.clause,
        customer=finding.customer,
        actor=key.actor,
        state="open",
        attribution=finding.attribution,
        tier=finding.tier,
        aware_at=finding.observed_at,
        opened_at=finding.first,
        findings=(finding.id,),
    )


def _in_order(members: Mapping[str, Finding]) -> tuple[str, ...]:
    return tuple(item.id for item in sorted(members.values(), key=lambda f: (f.first, f.id)))
