"""A finding at its opening: who, where, what it rests on.

In: a rule, a transition and the row at which it opened. Out: a `Finding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from aupkeep.base.ids import event_id, make_id
from aupkeep.detection import bundle
from aupkeep.detection.bundle import Shown
from aupkeep.detection.evaluating import Evaluates, Transition
from aupkeep.detection.finding import Finding
from aupkeep.detection.rule import Rule, RuleSet
from aupkeep.policy.model import Tier


class Policy(Protocol):
    """Whose rules these are."""

    provider: str
    policy_version: str
    rules: RuleSet
    #: What shapes the windows of each rule, by its id.
    parameters: Mapping[str, Mapping[str, Any]]


def opened(
    policy: Policy, evaluator: Evaluates, change: Transition, shown: Shown | None
) -> Finding:
    """Return the finding that `change` opens at the row `shown`, or began with before.

    Raises `ValueError` for a rule without clause, and for an opening without any row.
    """
    rule, aup = evaluator.rule, evaluator.rule.aup
    if aup is None:
        raise ValueError(f"{rule.name} has no clause")
    row = change.began or (shown.row if shown else None)
    if row is None:
        raise ValueError(f"{rule.name} opened without a row")
    first = event_id(row["stream"], row["position"], row["part"])
    others = (event_id(*kept) for kept in change.kept)
    events = (first, *(event for event in others if event != first))
    threshold = evaluator.numbers[0] if change.threshold is None else change.threshold
    because = bundle.condition(
        rule, row, value=change.peak, threshold=threshold, parts=change.parts, holds=True
    )
    inner = [_text(value) for value in change.key]
    key = {
        name: value if name in rule.aliases else _text(row.get(name))
        for name, value in zip(rule.group_by, inner, strict=True)
    }
    return Finding(
        id=make_id(policy.provider, rule.id, rule.detection, inner, first),
        state="open",
        provider=policy.provider,
        rule=rule.id,
        rule_version=rule.version,
        rule_status=aup.status,
        policy_version=policy.policy_version,
        clause=aup.clause,
        tier=min(aup.tier, Tier.STRONG) if change.weak else aup.tier,
        key=key,
        customer=row["customer"],
        service=row["service"],
        attribution=row["attribution"] or "unknown",
        actor=row["actor"] or "",
        first=change.instant,
        last=change.instant,
        observed_at=row["observed_at"],
        value=change.peak,
        threshold=threshold,
        events=events[: aup.most],
        forgeable=change.forgeable,
        evidence=_quoted(aup.fields, row),
        rule_name=rule.name,
        unit=bundle.unit(rule),
        window=bundle.window(rule, change.instant, row["event_time"]),
        parameters=policy.parameters[rule.id],
        because=because | _rules(policy, rule, change, shown),
    )


def _rules(
    policy: Policy, rule: Rule, change: Transition, shown: Shown | None
) -> dict[str, object]:
    """Return the part of the tree that is about the rules that `rule` is made of."""
    nodes = bundle.joined(rule, change.parts, policy.rules)
    if shown is None or not shown.trees:
        return {"rules": nodes}
    told, more = bundle.with_trees(nodes, shown.trees)
    return {"rules": told, "more": more} if more else {"rules": told}


def _quoted(fields: tuple[str, ...], row: Mapping[str, object]) -> dict[str, str] | None:
    found = {name: _text(row.get(name)) for name in fields}
    return {name: text for name, text in found.items() if text is not None} or None


def _text(value: object) -> str | None:
    """Return a value as text, truth values as in JSON."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
