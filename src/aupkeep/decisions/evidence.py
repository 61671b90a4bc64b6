"""Which findings of a case may carry a measure, and which only go to a person.

In: findings of one case. Out: the usable ones, and in plain words why the others are not. This is
the gate of DESIGN sections 5 and 6: what passes here is the only thing a ladder ever counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aupkeep.base.clock import format_duration
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Policy, Tier


@dataclass(frozen=True, slots=True)
class Evidence:
    """Findings sorted by what they may do."""

    usable: tuple[Finding, ...]
    #: Reasons for a person to look, each once, in the order they were met.
    review: tuple[str, ...]


def sort_evidence(findings: Iterable[Finding], policy: Policy) -> Evidence:
    """Return the findings that may carry a measure, by (opening, id), and why others may not."""
    usable = []
    review: dict[str, None] = {}
    for finding in sorted(findings, key=lambda item: (item.first, item.id)):
        why = why_not(finding, policy)
        if why:
            review[why] = None
        else:
            usable.append(finding)
    return Evidence(tuple(usable), tuple(review))


def why_not(finding: Finding, policy: Policy) -> str:
    """Return why `finding` may not carry a measure, or an empty string when it may."""
    if finding.customer is None:
        return f"nobody could be named for it: the actor is {finding.attribution}"
    if finding.rule_status == "review":
        return f"rule `{finding.rule}` is on review: what it finds, a person looks at"
    if finding.degraded:
        return f"rule `{finding.rule}` could not see everything it needs"
    if finding.forgeable:
        return "the source address could have been forged, so it proves nothing alone"
    if finding.observed_at - finding.first > policy.act_within:
        late = format_duration(policy.act_within)
        return f"it reached us more than {late} after it happened, so it is history only"
    if finding.tier is Tier.SCORE:
        return "a score orders a queue and never leads to a measure"
    return ""
