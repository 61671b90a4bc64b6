"""Findings into cases.

In: a finding, and the open case with the same key, if there is one. Out: what changed. Findings of
one customer and one clause share a case while it is open. The laws: taking a finding twice, or an
older state of it, changes nothing; and but for its id, which names the finding that opened it, a
case depends on the states of its findings alone, not on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from aupkeep.cases.case import LIVE_STATUSES, Case, CaseKey, case_id, key_of
from aupkeep.cases.state import CaseState
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Tier


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


def take(
    finding: Finding,
    open_case: Case | None,
    known: Mapping[str, Finding],
    *,
    by_service: bool = False,
) -> CaseChange:
    """Return what `finding` does to the case that takes findings of its key.

    `known` holds the present state of the findings of `open_case`, by id; `by_service` is what the
    clause says of grouping. Raises `ValueError` when the case is one of another key or `known` not
    what is in it: the caller looked up the wrong one.
    """
    if finding.rule_status not in LIVE_STATUSES:
        return CaseChange(Change.NONE, None)
    if open_case is None:
        return CaseChange(Change.OPENED, _opened(finding, key_of(finding, by_service=by_service)))
    if not open_case.holds(finding):
        raise ValueError(f"finding {finding.id} does not belong to case {open_case.id}")
    if known.keys() != set(open_case.findings):
        raise ValueError(f"these are not the findings of case {open_case.id}")
    before = known.get(finding.id)
    if before is not None and (finding == before or _progress(finding) < _progress(before)):
        return CaseChange(Change.NONE, open_case)
    members = {**known, finding.id: finding}
    change = Change.JOINED if before is None else Change.UPDATED
    return CaseChange(change, regrouped(open_case, members.values()))


def _progress(finding: Finding) -> tuple[bool, int, float]:
    """How far a finding has come: an end is final, and until then time and peak only rise."""
    return finding.state == "ended", finding.last, finding.value


def _opened(finding: Finding, key: CaseKey) -> Case:
    case = Case(
        id=case_id(key, finding.id),
        provider=key.provider,
        clause=key.clause,
        customer=key.customer or None,
        actor=key.actor,
        service=key.service,
        state=CaseState.OPEN.value,
        attribution=finding.attribution,
        tier=finding.tier,
        aware_at=finding.observed_at,
        opened_at=finding.counts_from,
        findings=(finding.id,),
    )
    return regrouped(case, [finding])


def regrouped(case: Case, members: Iterable[Finding]) -> Case:
    """Return `case` with `members` for its findings: evidence, awareness and opening follow.

    Raises `ValueError` where there are none: a case rests on something.
    """
    ordered = sorted(members, key=lambda item: (item.counts_from, item.id))
    if not ordered:
        raise ValueError(f"case {case.id} would have no finding")
    return replace(
        case,
        attribution=ordered[0].attribution,
        tier=max((item.tier for item in ordered if not item.degraded), default=Tier.JUDGEMENT),
        aware_at=min(max(item.observed_at, item.excepted_until or 0) for item in ordered),
        opened_at=ordered[0].counts_from,
        findings=tuple(item.id for item in ordered),
    )
