"""What the policy says to do about a case: one pure function.

In: the policy in force at the findings, the case, its findings, the customer's profile, an instant.
Out: a `Decision`. The laws, held by property tests: more, longer or better evidence never makes the
decision milder; worse evidence changes nothing of what better evidence leads to; a score never
reaches a measure; nothing that the policy did not reserve appears.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from aupkeep.base.ids import make_id
from aupkeep.cases.case import Case
from aupkeep.cases.deadline import decide_by
from aupkeep.decisions.decision import Decision, Profile, Proposal, Reason
from aupkeep.decisions.evidence import Evidence, sort_evidence
from aupkeep.decisions.ladder import Reached, climb, next_look, occasions
from aupkeep.decisions.targets import as_small, targets
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import TOUCH_SERVICE, Clause, Measure, Policy, Tier
from aupkeep.policy.people import least_people
from aupkeep.policy.words import REVERSIBLE

#: Measures that only make sense on everything a customer has.
_WHOLE_ACCOUNT = frozenset({Measure.SUSPEND_ACCOUNT, Measure.TERMINATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What does not change while one case is decided."""

    policy: Policy
    clause: Clause
    profile: Profile

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the clause's steps, from the mildest to the gravest."""
        return tuple(step.name for step in self.policy.ladders[self.clause.ladder].steps)


@dataclass(slots=True)
class _Outcome:
    """What the ladder comes to."""

    proposals: list[Proposal] = field(default_factory=list)
    #: The steps that gave them, or, where nothing may be proposed, the gravest one reached.
    taken: list[Reached] = field(default_factory=list)
    #: Why some measures of reached steps are not proposed, each once.
    refused: dict[str, None] = field(default_factory=dict)


def decide(
    *,
    policy: Policy,
    case: Case,
    findings: Iterable[Finding],
    profile: Profile,
    now: int,
    silent_since: int | None = None,
) -> Decision:
    """Return the decision about `case`.

    `silent_since` is the delivery of the first notice that the customer has not answered; None:
    they were asked nothing, it is not known to have reached them, or they have answered.

    Raises `KeyError` for a clause the policy does not have, and `ValueError` for a finding of
    another case: nobody answers for what somebody else did.
    """
    listed = tuple(findings)
    for finding in listed:
        if not case.holds(finding):
            raise ValueError(f"finding {finding.id} does not belong to case {case.id}")
    setting = _Setting(policy=policy, clause=policy.clauses[case.clause], profile=profile)
    clause, ladder = setting.clause, policy.ladders[setting.clause.ladder]
    evidence = sort_evidence(listed, policy, clause, profile)
    silent = max(0, now - silent_since) if silent_since is not None else 0
    outcome = _outcome(setting, case, climb(ladder, evidence.usable, now, silent=silent))
    review = (*evidence.review, *outcome.refused)
    if not outcome.taken and not review:
        review = (f"no step of ladder `{ladder.name}` is reached by this evidence",)
    return Decision(
        id=_decision_id(case, outcome, listed, review),
        case=case.id,
        policy_version=policy.version,
        step=_gravest(setting, outcome),
        tier=max((item.tier for item in evidence.usable), default=case.tier),
        proposals=tuple(outcome.proposals),
        review=review,
        decide_by=decide_by(policy, clause, case.aware_at),
        answer_by=_answer_by(outcome, now),
        due=next_look(ladder, evidence.usable, now, silent_since=silent_since),
        reasons=_reasons(clause, case, evidence, outcome),
    )


def _outcome(setting: _Setting, case: Case, steps: tuple[Reached, ...]) -> _Outcome:
    """Take, for every finding and tier, the gravest step it carries of which anything may be done.

    A finding that better evidence brought to a step already counts for graver ones only.
    """
    outcome = _Outcome()
    rank: dict[str, int] = {}
    there: set[tuple[str, Measure, str, str]] = set()
    for reached in steps:
        index = setting.steps.index(reached.step.name)
        fresh = [item for item in reached.findings if rank.get(item.id, -1) < index]
        if not fresh:
            continue
        proposed, refused = _propose(setting, case, reached, fresh)
        outcome.refused |= dict.fromkeys(refused)
        if not proposed:
            continue
        if _full(reached, proposed):
            rank |= dict.fromkeys((item.id for item in fresh), index)
        outcome.taken.append(reached)
        for item in proposed:
            what = (item.step, item.measure, item.scope, item.target)
            if what not in there:
                there.add(what)
                outcome.proposals.append(item)
    if not outcome.taken and steps:
        order = setting.steps.index
        outcome.taken.append(max(steps, key=lambda item: order(item.step.name)))
    outcome.proposals.sort(key=lambda item: -setting.steps.index(item.step))
    return outcome


def _full(reached: Reached, proposed: list[Proposal]) -> bool:
    """Whether `proposed` is as grave as the step: else milder steps must still be looked at."""
    touching = any(measure in TOUCH_SERVICE for measure in reached.step.measures)
    return not touching or any(item.touches_service for item in proposed)


def _propose(
    setting: _Setting, case: Case, reached: Reached, fresh: list[Finding]
) -> tuple[list[Proposal], list[str]]:
    """Return the proposals of one step for `fresh`, and why some measures are not proposed."""
    proposals: list[Proposal] = []
    refused: list[str] = []
    for measure in reached.step.measures:
        refusal = _refusal(setting, reached, measure)
        people = least_people(measure, reached.tier, immediate=setting.clause.immediate)
        if people is None:
            refusal = refusal or f"evidence of tier {reached.tier.word} never leads to a measure"
        if refusal or people is None:
            refused.append(f"`{measure}` of step `{reached.step.name}` is not proposed: {refusal}")
            continue
        needed = max(people, reached.step.people) + _extra(setting, case)
        proposals += _on_targets(measure, reached, fresh, needed)
    return proposals, refused


def _refusal(setting: _Setting, reached: Reached, measure: Measure) -> str:
    if measure not in setting.policy.measures:
        return "the provider did not reserve it in its policy"
    if measure is Measure.FEE and not setting.profile.fee_allowed:
        return "the customer's contract does not allow fees"
    if measure in TOUCH_SERVICE and setting.profile.former:
        return "the customer's contract is over, so no service is left that it could fall on"
    if measure in TOUCH_SERVICE and setting.policy.graduated and not _talked(setting, reached):
        return "this provider talks with the customer before a service becomes unavailable"
    return ""


def _talked(setting: _Setting, reached: Reached) -> bool:
    """Whether a graduated provider may touch service: it warned before, or a grave fact is at hand.

    It had the time to warn when a step asks for something that comes after the first opening: a
    later finding, a time that passed, or silence.
    """
    if setting.clause.immediate and reached.tier is Tier.FACT:
        return True
    steps = setting.policy.ladders[setting.clause.ladder].steps
    earlier = steps[: setting.steps.index(reached.step.name)]
    when = reached.step.when
    later = (
        (when.findings > 1 and occasions(reached.findings) > 1) or when.lasting or when.unanswered
    )
    return bool(later) and any(Measure.WARN in step.measures for step in earlier)


def _extra(setting: _Setting, case: Case) -> int:
    """Return how many people more a protected customer's measures need."""
    listed = setting.policy.limits.protected_customers
    return 1 if setting.profile.protected or case.customer in listed else 0


def _on_targets(
    measure: Measure, reached: Reached, fresh: list[Finding], people: int
) -> list[Proposal]:
    step, touches = reached.step, measure in TOUCH_SERVICE
    asked = "account" if measure in _WHOLE_ACCOUNT else step.scope
    return [
        Proposal(
            step=step.name,
            measure=measure,
            scope=scope,
            target=target,
            length=step.length if measure in REVERSIBLE else 0,
            # Where the step's own scope could not be named, more would stop working than it says.
            people=max(people, 1) if touches and not as_small(scope, asked) else people,
            touches_service=touches,
            tier=reached.tier,
            findings=ids,
        )
        for scope, target, ids in targets(fresh, asked)
    ]


def _gravest(setting: _Setting, outcome: _Outcome) -> str:
    order = setting.steps.index
    return max((item.step.name for item in outcome.taken), key=order, default="")


def _answer_by(outcome: _Outcome, now: int) -> int | None:
    """Return when the customer must have answered: the shortest time any proposed step gives."""
    if not outcome.proposals:
        return None
    times = [item.step.answer_within for item in outcome.taken if item.step.answer_within]
    return now + min(times) if times else None


def _decision_id(
    case: Case, outcome: _Outcome, findings: tuple[Finding, ...], review: tuple[str, ...]
) -> str:
    measures = sorted(
        [item.step, item.measure.value, item.scope, item.target, item.people]
        for item in outcome.proposals
    )
    evidence = sorted([item.id, item.state, item.tier.word] for item in findings)
    return make_id("decision", case.id, measures, evidence, list(review))


def _reasons(clause: Clause, case: Case, evidence: Evidence, outcome: _Outcome) -> Reason:
    who = case.customer or f"an unnamed actor ({case.actor})"
    because = [item.reason for item in outcome.taken]
    because += [Reason(f"for a person: {text}") for text in evidence.review]
    because += [Reason(text) for text in outcome.refused]
    if clause.immediate and any(item.tier is Tier.FACT for item in outcome.taken):
        because.append(Reason("the clause may be acted on at once, on facts"))
    count = len(case.findings)
    noun = "finding" if count == 1 else "findings"
    return Reason(
        f"clause `{clause.id}` ({clause.severity.name.lower()}): {count} {noun} about {who}",
        tuple(because),
    )
