"""Which findings of a case may carry a measure, and which only go to a person.

In: findings of one case. Out: the usable ones, and in plain words why the others are not. This is
the gate of DESIGN sections 5 and 6: what passes here is the only thing a ladder ever counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aupkeep.base.clock import format_duration
from aupkeep.cases.case import LIVE_STATUSES, accused
from aupkeep.decisions.decision import Profile
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Clause, Policy, Tier

#: What rules of these say may carry a measure; of others a person looks at it, or nobody.
_ACTED_ON = LIVE_STATUSES - {"review"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Findings sorted by what they may do."""

    usable: tuple[Finding, ...]
    #: Reasons for a person to look, each once, in the order they were met.
    review: tuple[str, ...]


def sort_evidence(
    findings: Iterable[Finding], policy: Policy, clause: Clause, profile: Profile
) -> Evidence:
    """Return the findings that may carry a measure, by (opening, id), and why others may not.

    No finding is better evidence than the clause can rest on at best, so tiers are cut to it; a
    score stays a score.
    """
    kinds = dict(profile.service_kinds)
    usable = []
    review: dict[str, None] = {}
    for finding in sorted(findings, key=lambda item: (item.first, item.id)):
        best = finding.tier if finding.tier is Tier.SCORE else min(finding.tier, clause.tier)
        cut = finding if best is finding.tier else replace(finding, tier=best)
        why = why_not(cut, policy) or _unbound(cut, clause, kinds)
        if why:
            review[why] = None
        else:
            usable.append(cut)
    return Evidence(tuple(usable), tuple(review))


def why_not(finding: Finding, policy: Policy) -> str:
    """Return why `finding` may not carry a measure, or an empty string when it may."""
    # This runs for every finding of every decision, so most come through by the first line.
    late = finding.observed_at - finding.first > policy.act_within
    flawed = late or finding.degraded or finding.forgeable or finding.tier is Tier.SCORE
    if not flawed and finding.rule_status in _ACTED_ON and accused(finding):
        return ""
    reasons = (
        (not accused(finding), _unnamed),
        (finding.rule_status not in _ACTED_ON, _on_trial),
        (finding.degraded, _degraded),
        (finding.forgeable, _forged),
        (late, _late),
        (finding.tier is Tier.SCORE, _score),
    )
    return next((words(finding, policy) for holds, words in reasons if holds), "")


def _unnamed(finding: Finding, _: Policy) -> str:
    return f"nobody could be named for it: the actor is {finding.attribution}"


def _on_trial(finding: Finding, _: Policy) -> str:
    if finding.rule_status in LIVE_STATUSES:
        return f"rule `{finding.called}` is on review: what it finds, a person looks at"
    return f"rule `{finding.called}` is {finding.rule_status}: it only shows what it would find"


def _degraded(finding: Finding, _: Policy) -> str:
    return f"rule `{finding.called}` could not see everything it needs"


def _forged(_: Finding, __: Policy) -> str:
    return "what names the customer could have been forged, so it proves nothing"


def _late(_: Finding, policy: Policy) -> str:
    late = format_duration(policy.act_within)
    return f"it reached us more than {late} after it happened, so it is history only"


def _score(_: Finding, __: Policy) -> str:
    return "a score orders a queue and never leads to a measure"


def _unbound(finding: Finding, clause: Clause, kinds: dict[str, str]) -> str:
    """Return why `clause` does not bind the finding's service, or empty text when it does."""
    if not clause.applies_to:
        return ""
    kind = kinds.get(finding.service or "", "")
    if not kind:
        return f"clause `{clause.id}` binds only some services; this one's kind is unknown"
    if kind not in clause.applies_to:
        return f"clause `{clause.id}` does not bind a service of kind `{kind}`"
    return ""
