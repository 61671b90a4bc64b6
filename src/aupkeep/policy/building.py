"""Checked shapes to the `Policy` value.

In: a draft without faults. Out: `Policy`. Nothing is decided here; what was left out of a file
becomes the value that the model calls "none".
"""

from __future__ import annotations

from aupkeep.policy.draft import Draft
from aupkeep.policy.frontmatter import Section
from aupkeep.policy.model import (
    CLOSE_AFTER,
    RESOLVE_AFTER,
    Clause,
    Fees,
    Ladder,
    Limits,
    Measure,
    Policy,
    Step,
    Tier,
    When,
)
from aupkeep.policy.schema import ClauseShape, EnforcementShape, FrontShape, StepShape, WhenShape
from aupkeep.policy.words import COMPROMISED, SEVERITIES, TIERS


def build(draft: Draft, content_hash: str) -> Policy:
    """Return the policy of a draft without faults; raises `ValueError` where its shape is not."""
    front, enforcement = draft.front_shape, draft.enforcement_shape
    if front is None or enforcement is None:
        raise ValueError("only a draft whose files have their shape becomes a policy")
    return Policy(
        provider=front.provider,
        id=front.id,
        version=front.version,
        effective=front.effective,
        hash=content_hash,
        title=front.title,
        preamble=draft.page.preamble,
        contact=front.contact,
        languages=tuple(front.languages),
        time_zone=front.time_zone,
        weekend=tuple(front.weekend),
        holidays=tuple(front.holidays or ()),
        services=tuple(front.services),
        measures=tuple(Measure(word) for word in front.measures),
        duties=_duties(front, enforcement),
        clauses=_clauses(draft.page.sections, enforcement),
        ladders=_ladders(enforcement),
        limits=_limits(enforcement),
        act_within=enforcement.act_within,
        appeal_within=enforcement.appeal_within,
        strike_decay=enforcement.strike_decay,
        compromised_strike=COMPROMISED[enforcement.compromised_strike or "none"],
        resolve_after=enforcement.resolve_after or RESOLVE_AFTER,
        close_after=enforcement.close_after or CLOSE_AFTER,
        tell=enforcement.tell or "customer",
        digest=enforcement.digest or 0,
        fees=_fees(enforcement),
        rules=draft.rules,
        notices={(notice.language, notice.name): notice.text for notice in draft.notices},
    )


def _duties(front: FrontShape, enforcement: EnforcementShape) -> tuple[str, ...]:
    return tuple(duty for duty in front.duties if enforcement.duties[duty].enabled)


def _clauses(sections: tuple[Section, ...], enforcement: EnforcementShape) -> dict[str, Clause]:
    return {section.id: _clause(section, enforcement.clauses[section.id]) for section in sections}


def _clause(section: Section, shape: ClauseShape) -> Clause:
    return Clause(
        id=section.id,
        title=section.title,
        text=section.text,
        severity=SEVERITIES[shape.severity],
        tier=TIERS[shape.tier],
        ladder=shape.ladder,
        applies_to=tuple(shape.applies_to or ()),
        immediate=shape.immediate,
        reported=shape.reported,
        duties=tuple(shape.duties or ()),
        decide_within=shape.decide_within,
        business_days=shape.clock == "business_days",
        by_service=shape.group_by == "service",
        category=shape.category or "",
    )


def _ladders(enforcement: EnforcementShape) -> dict[str, Ladder]:
    return {
        name: Ladder(name=name, steps=tuple(_step(step) for step in shape.steps))
        for name, shape in enforcement.ladders.items()
    }


def _step(shape: StepShape) -> Step:
    return Step(
        name=shape.name,
        when=_when(shape.when),
        measures=tuple(Measure(word) for word in shape.measures),
        scope=shape.scope,
        length=shape.length or 0,
        answer_within=shape.answer_within or 0,
        people=shape.people or 0,
    )


def _when(shape: WhenShape) -> When:
    return When(
        findings=shape.findings or 1,
        within=shape.within or 0,
        lasting=shape.lasting or 0,
        tier=TIERS[shape.tier] if shape.tier else Tier.JUDGEMENT,
        unanswered=shape.unanswered or 0,
    )


def _limits(enforcement: EnforcementShape) -> Limits:
    return Limits(
        accounts_per_hour=enforcement.limits.accounts_per_hour,
        share_permille=enforcement.limits.share_permille,
        protected_customers=tuple(enforcement.limits.protected_customers or ()),
    )


def _fees(enforcement: EnforcementShape) -> Fees | None:
    shape = enforcement.fees
    if shape is None:
        return None
    return Fees(
        currency=shape.currency,
        cap=shape.cap,
        period=shape.period,
        amounts={
            (clause, step): amount
            for clause, steps in shape.amounts.items()
            for step, amount in steps.items()
        },
        free_strikes=shape.free_strikes,
    )
