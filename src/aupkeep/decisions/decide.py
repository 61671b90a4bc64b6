"""What the policy says to do about a case: one pure function.

In: the policy in force at the findings, the case, its findings, the customer's profile, an instant.
Out: a `Decision`. The laws, held by property tests: more, longer or better evidence never makes the
decision milder; a score never reaches a measure; nothing that the policy did not reserve appears.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.base.ids import make_id
from aupkeep.cases.case import Case
from aupkeep.decisions.decision import Decision, Profile, Proposal, Reason
from aupkeep.decisions.evidence import Evidence, sort_evidence
from aupkeep.decisions.ladder import Reached, climb, next_look
from aupkeep.decisions.targets import targets
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import TOUCH_SERVICE, Clause, Measure, Policy, Step, Tier
from aupkeep.policy.people import least_people


def decide(
    *, policy: Policy, case: Case, findings: Iterable[Finding], profile: Profile, now: int
) -> Decision:
    """Return the decision about `case`; raises `KeyError` for a clause the policy does not have."""
    clause = policy.clauses[case.clause]
    ladder = policy.ladders[clause.ladder]
    listed = tuple(findings)
    evidence = sort_evidence(listed, policy)
    bound = _bound(clause, evidence, profile)
    reached, proposals, notes = _gravest(policy, clause, climb(ladder, bound.usable, now), profile)
    review = (*bound.review, *notes)
    if reached is None and not review:
        review = (f"no step of ladder `{ladder.name}` is reached by this evidence",)
    step = reached.step.name if reached else ""
    return Decision(
        id=_decision_id(case, step, proposals, listed, review),
        case=case.id,
        policy_version=policy.version,
        step=step,
        tier=max((item.tier for item in bound.usable), default=case.tier),
        proposals=proposals,
        review=review,
        decide_by=case.aware_at + clause.decide_within if clause.decide_within else None,
        answer_by=_answer_by(reached, proposals, now),
        due=next_look(ladder, bound.usable, now),
        reasons=_reasons(clause, case, bound, reached, notes),
    )


def _bound(clause: Clause, evidence: Evidence, profile: Profile) -> Evidence:
    """Leave out findings about services that the clause does not bind."""
    if not clause.applies_to:
        return evidence
    kinds = dict(profile.service_kinds)
    usable = []
    review = list(evidence.review)
    for finding in evidence.usable:
        kind = kinds.get(finding.service or "", "")
        if kind in clause.applies_to:
            usable.append(finding)
        elif kind:
            review.append(f"clause `{clause.id}` does not bind a service of kind `{kind}`")
        else:
            review.append(f"clause `{clause.id}` binds only some services; this one's is unknown")
    return Evidence(tuple(usable), tuple(dict.fromkeys(review)))


def _gravest(
    policy: Policy, clause: Clause, steps: tuple[Reached, ...], profile: Profile
) -> tuple[Reached | None, tuple[Proposal, ...], tuple[str, ...]]:
    """Return the gravest step that may be taken, its proposals, and what was refused and why."""
    notes: list[str] = []
    for reached in steps:
        proposals, refused = _propose(policy, clause, reached, profile)
        notes += refused
        if proposals:
            return reached, proposals, tuple(notes)
    return (steps[0] if steps else None), (), tuple(notes)


def _propose(
    policy: Policy, clause: Clause, reached: Reached, profile: Profile
) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
    """Return the proposals of one step, and why some of its measures are not proposed."""
    proposals: list[Proposal] = []
    notes: list[str] = []
    for measure in reached.step.measures:
        refusal = _refusal(policy, clause, reached, measure, profile)
        people = least_people(measure, reached.tier, immediate=clause.immediate)
        if people is None:
            refusal = refusal or f"evidence of tier {reached.tier.word} never leads to a measure"
        if refusal or people is None:
            notes.append(f"`{measure}` of step `{reached.step.name}` is not proposed: {refusal}")
            continue
        needed = max(people, reached.step.people) + (1 if profile.protected else 0)
        proposals += _on_targets(measure, reached, needed)
    return tuple(proposals), tuple(notes)


def _refusal(
    policy: Policy, clause: Clause, reached: Reached, measure: Measure, profile: Profile
) -> str:
    if measure not in policy.measures:
        return "the provider did not reserve it in its policy"
    if measure is Measure.FEE and not profile.fee_allowed:
        return "the customer's contract does not allow fees"
    if measure in TOUCH_SERVICE and policy.graduated and not _talked(policy, clause, reached):
        return "this provider talks with the customer before a service becomes unavailable"
    return ""


def _talked(policy: Policy, clause: Clause, reached: Reached) -> bool:
    """Whether a graduated provider may touch service: an earlier step warned, or a grave fact."""
    if clause.immediate and reached.tier is Tier.FACT:
        return True
    steps = policy.ladders[clause.ladder].steps
    earlier = steps[: steps.index(reached.step)]
    warned = any(Measure.WARN in step.measures for step in earlier)
    return warned and len(reached.findings) > 1


def _on_targets(measure: Measure, reached: Reached, people: int) -> list[Proposal]:
    step: Step = reached.step
    scope = "account" if measure in (Measure.SUSPEND_ACCOUNT, Measure.TERMINATE) else step.scope
    return [
        Proposal(
            measure=measure,
            scope=named,
            target=target,
            length=step.length,
            people=people,
            touches_service=measure in TOUCH_SERVICE,
        )
        for named, target in targets(reached.findings, scope)
    ]


def _answer_by(reached: Reached | None, proposals: tuple[Proposal, ...], now: int) -> int | None:
    if reached is None or not proposals or not reached.step.answer_within:
        return None
    return now + reached.step.answer_within


def _decision_id(
    case: Case,
    step: str,
    proposals: tuple[Proposal, ...],
    findings: tuple[Finding, ...],
    review: tuple[str, ...],
) -> str:
    measures = sorted([item.measure.value, item.scope, item.target] for item in proposals)
    evidence = sorted([item.id, item.state, item.tier.word] for item in findings)
    return make_id("decision", case.id, step, measures, evidence, list(review))


def _reasons(
    clause: Clause,
    case: Case,
    evidence: Evidence,
    reached: Reached | None,
    notes: tuple[str, ...],
) -> Reason:
    who = case.customer or f"an unnamed actor ({case.actor})"
    because = []
    if reached is not None:
        because.append(reached.reason)
    because += [Reason(f"for a person: {text}") for text in evidence.review]
    because += [Reason(text) for text in notes]
    if clause.immediate:
        because.append(Reason("the clause may be acted on at once, on facts"))
    count = len(case.findings)
    noun = "finding" if count == 1 else "findings"
    return Reason(
        f"clause `{clause.id}` ({clause.severity.name.lower()}): {count} {noun} about {who}",
        tuple(because),
    )
