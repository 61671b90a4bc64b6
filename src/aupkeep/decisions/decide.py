"""What the policy says to do about a case: one pure function.

In: the policy in force now and the one in force at each finding, the case, its findings, profiles
and history then, what stands behind a target, an instant. Out: a `Decision`. Prohibition,
threshold, ladder, measure and fee are those of the version in force when a finding opened; who must
agree, and by when, those of the version in force now. The laws, held by property tests: more,
longer or better evidence never makes the decision milder; worse evidence changes nothing of what
better evidence leads to; a score never reaches a measure; nothing that the policy did not reserve
or the contract forbids appears; what several customers share is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aupkeep.base.ids import make_id
from aupkeep.cases.case import Case, accused
from aupkeep.cases.deadline import decide_by
from aupkeep.cases.disposition import FEE_ALLOWED
from aupkeep.decisions.blast import Reach, unknown
from aupkeep.decisions.decision import Decision, Profile, Proposal, Reason
from aupkeep.decisions.evidence import Evidence, sort_evidence
from aupkeep.decisions.history import NO_HISTORY, History
from aupkeep.decisions.ladder import Reached, climb, next_look, occasions
from aupkeep.decisions.pricing import price
from aupkeep.decisions.targets import as_small, targets
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import TOUCH_SERVICE, Clause, Ladder, Measure, Policy, Step, Tier
from aupkeep.policy.people import least_people
from aupkeep.policy.words import REVERSIBLE

#: Measures that only make sense on everything a customer has, or on the contract itself.
_WHOLE_ACCOUNT = frozenset({Measure.SUSPEND_ACCOUNT, Measure.TERMINATE, Measure.FEE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was in force for a finding when it opened."""

    policy: Policy
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What does not change while findings of the same terms are judged."""

    policy: Policy
    clause: Clause
    ladder: Ladder
    profile: Profile
    moment: _Moment
    #: Name -> place among the steps, from the mildest to the gravest.
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What is the same for all findings."""

    #: What is in force now, for who must agree and by when.
    procedure: _Procedure
    history: History
    reach: Reach
    now: int
    #: How long the customer has not answered a notice that was delivered, in µs.
    silent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Procedure:
    """What the version in force now says about who must agree."""

    policy: Policy
    #: None where that version has no such clause any more.
    clause: Clause | None
    #: One person more must agree to everything.
    protected: bool
    #: The contract is over by now.
    former: bool
    #: What a person says that the case turned out to be; empty before.
    disposition: str
    steps: Mapping[str, Step]


@dataclass(frozen=True, slots=True)
class _Group:
    """Findings that opened on the same terms."""

    setting: _Setting
    evidence: Evidence
    #: Of them and of what opened under earlier versions: what the steps count.
    counted: tuple[Finding, ...]


@dataclass(slots=True)
class _Outcome:
    """What the ladder comes to."""

    proposals: list[Proposal] = field(default_factory=list)
    #: The steps that gave them, or, where nothing may be proposed, the gravest one reached.
    taken: list[Reached] = field(default_factory=list)
    #: Where each of the steps that gave something stands in its ladder.
    places: dict[str, int] = field(default_factory=dict)
    #: What is not said apart, because something graver says it.
    unsaid: list[str] = field(default_factory=list)
    #: Why some measures of reached steps are not proposed, each once.
    refused: dict[str, None] = field(default_factory=dict)
    #: Everything that would be proposed, each once.
    there: dict[tuple[str, Measure, str, str], Proposal] = field(default_factory=dict)
    #: The gravest step reached on terms by which nothing may be proposed.
    hinted: list[Reached] = field(default_factory=list)


def decide(  # noqa: PLR0913  # each is a keyword, and half of them may be left out
    *,
    policy: Policy,
    case: Case,
    findings: Iterable[Finding],
    profile: Profile,
    now: int,
    silent_since: int | None = None,
    terms: Mapping[str, Terms] | None = None,
    history: History = NO_HISTORY,
    reach: Reach = unknown,
) -> Decision:
    """Return the decision about `case`.

    `policy` and `profile` hold now, and at each finding that `terms` (finding id -> what held when
    it opened) does not name. `history` is what the customer had behind them, `reach` what stands
    behind a target. `silent_since` is the delivery of the first notice that the customer has not
    answered; None: they were asked nothing, it is not known to have reached them, or they have
    answered. Raises `KeyError` for a clause the policy of a finding does not have, and `ValueError`
    for a finding of another case: nobody answers for what somebody else did.
    """
    listed = tuple(findings)
    for finding in listed:
        # Making a key costs more than looking whether it would be this one.
        alike = accused(finding) == case.customer and finding.clause == case.clause
        if not (alike and finding.provider == case.provider) and not case.holds(finding):
            raise ValueError(f"finding {finding.id} does not belong to case {case.id}")
    procedure = _procedure(policy, case, profile)
    silent = max(0, now - silent_since) if silent_since is not None else 0
    moment = _Moment(procedure=procedure, history=history, reach=reach, now=now, silent=silent)
    usual = Terms(policy=policy, profile=profile)
    groups = _groups(listed, terms or {}, usual, moment, case)
    outcome = _Outcome()
    for group in groups:
        _climb(group, outcome)
    _finish(outcome)
    refused = tuple(outcome.refused)
    review = (*dict.fromkeys(text for one in groups for text in one.evidence.review), *refused)
    newest = groups[0].setting
    if not outcome.taken and not review:
        review = (f"no step of ladder `{newest.ladder.name}` is reached by this evidence",)
    usable = [item.tier for one in groups for item in one.evidence.usable]
    clause = procedure.clause or newest.clause
    looks = [
        next_look(one.setting.ladder, one.evidence.usable, now, silent_since=silent_since)
        for one in groups
    ]
    return Decision(
        id=_decision_id(case, outcome, listed, review),
        case=case.id,
        policy_version=newest.policy.version,
        step=max((item.step.name for item in outcome.taken), key=outcome.places.__getitem__,
                 default=""),
        tier=max(usable, default=case.tier),
        proposals=tuple(outcome.proposals),
        review=review,
        decide_by=decide_by(policy, clause, case.aware_at),
        answer_by=_answer_by(outcome, procedure, now),
        due=min((look for look in looks if look is not None), default=None),
        reasons=_reasons(clause, case, groups, outcome),
    )  # fmt: skip


def _procedure(policy: Policy, case: Case, profile: Profile) -> _Procedure:
    clause = policy.clauses.get(case.clause)
    steps = policy.ladders[clause.ladder].steps if clause is not None else ()
    return _Procedure(
        policy=policy,
        clause=clause,
        protected=profile.protected or case.customer in policy.limits.protected_customers,
        former=profile.former,
        disposition=case.disposition,
        steps={step.name: step for step in steps},
    )


def _groups(
    findings: tuple[Finding, ...],
    terms: Mapping[str, Terms],
    usual: Terms,
    moment: _Moment,
    case: Case,
) -> list[_Group]:
    """Return the findings by their terms, the newest version first."""
    by_terms: dict[tuple[int, str, Profile], tuple[Terms, list[Finding]]] = {}
    for finding in findings:
        one = terms.get(finding.id, usual)
        key = (one.policy.effective, one.policy.version, one.profile)
        by_terms.setdefault(key, (one, []))[1].append(finding)
    if not by_terms:
        by_terms[usual.policy.effective, usual.policy.version, usual.profile] = (usual, [])
    sorted_out: list[tuple[_Setting, Evidence]] = []
    for one, members in by_terms.values():
        clause = one.policy.clauses[case.clause]
        ladder = one.policy.ladders[clause.ladder]
        setting = _Setting(
            policy=one.policy,
            clause=clause,
            ladder=ladder,
            profile=one.profile,
            moment=moment,
            places={step.name: place for place, step in enumerate(ladder.steps)},
        )
        sorted_out.append((setting, sort_evidence(members, one.policy, clause, one.profile)))
    # What came before an older version's end is counted by the newer one, and never the reverse.
    sorted_out.sort(key=lambda item: (-item[0].policy.effective, item[0].policy.version))
    return [
        _Group(setting, evidence, _counted(setting, evidence, sorted_out))
        for setting, evidence in sorted_out
    ]


def _counted(
    setting: _Setting, evidence: Evidence, everything: list[tuple[_Setting, Evidence]]
) -> tuple[Finding, ...]:
    if len(everything) == 1:
        return evidence.usable
    until = setting.policy.effective
    found = [
        item
        for other, sorted_out in everything
        if other.policy.effective <= until
        for item in sorted_out.usable
    ]
    return tuple(sorted(found, key=lambda item: (item.first, item.id)))


def _climb(group: _Group, outcome: _Outcome) -> None:
    """Take, for every finding and tier, the gravest step it carries of which anything may be done.

    A finding that better evidence brought to a step already counts for graver ones only.
    """
    setting, rank = group.setting, {item.id: -1 for item in group.evidence.usable}
    reached_most: Reached | None = None
    taken = False
    for reached in climb(
        setting.ladder, group.counted, setting.moment.now, silent=setting.moment.silent
    ):
        index = setting.places[reached.step.name]
        own = [item for item in reached.findings if item.id in rank]
        if not own:
            continue
        outcome.places[reached.step.name] = max(index, outcome.places.get(reached.step.name, 0))
        if reached_most is None or index > setting.places[reached_most.step.name]:
            reached_most = reached
        fresh = [item for item in own if rank[item.id] < index]
        if not fresh:
            continue
        proposed, refused = _propose(setting, reached, fresh)
        outcome.refused |= dict.fromkeys(refused)
        if not proposed:
            continue
        if _full(reached, proposed):
            rank |= dict.fromkeys((item.id for item in fresh), index)
        taken = True
        outcome.taken.append(reached)
        for item in proposed:
            outcome.there.setdefault((item.step, item.measure, item.scope, item.target), item)
    if not taken and reached_most is not None:
        outcome.hinted.append(reached_most)


def _finish(outcome: _Outcome) -> None:
    """Order the proposals, and drop what would only be said twice."""
    proposals = sorted(outcome.there.values(), key=lambda item: -outcome.places[item.step])
    grave = [item for item in proposals if item.touches_service]
    for item in proposals:
        more = next((other for other in grave if _says_more(other, item, outcome)), None)
        if more is None:
            outcome.proposals.append(item)
        else:
            outcome.unsaid.append(
                f"`warn` of step `{item.step}` on {item.target} is not said apart: "
                f"`{more.measure}` of step `{more.step}` says it too"
            )
    if not outcome.taken:
        outcome.taken += outcome.hinted


def _says_more(other: Proposal, item: Proposal, outcome: _Outcome) -> bool:
    """Whether the notice of `other` makes the warning `item` noise.

    It falls on the same thing, or on all the customer has; it rests on evidence as good, so that no
    worse evidence takes a warning away; and it waits for no more people, so that the customer hears
    no later.
    """
    return (
        item.measure is Measure.WARN
        and (other.scope == "account" or (other.scope, other.target) == (item.scope, item.target))
        and other.tier >= item.tier
        and other.people <= item.people
        and outcome.places[other.step] > outcome.places[item.step]
    )


def _full(reached: Reached, proposed: list[Proposal]) -> bool:
    """Whether `proposed` is as grave as the step: else milder steps must still be looked at."""
    touching = any(measure in TOUCH_SERVICE for measure in reached.step.measures)
    return not touching or any(item.touches_service for item in proposed)


def _propose(
    setting: _Setting, reached: Reached, fresh: list[Finding]
) -> tuple[list[Proposal], list[str]]:
    """Return the proposals of one step for `fresh`, and why some measures are not proposed."""
    proposals: list[Proposal] = []
    refused: list[str] = []
    for measure in reached.step.measures:
        refusal = _refusal(setting, reached, measure)
        people = _people(setting, reached, measure)
        if people is None:
            refusal = refusal or f"evidence of tier {reached.tier.word} never leads to a measure"
        amount = 0
        if measure is Measure.FEE and not refusal:
            fees, step = setting.policy.fees, reached.step.name
            amount, refusal = price(
                fees, setting.clause.id, step, setting.moment.history, setting.moment.now
            )
        if refusal or people is None:
            refused.append(f"`{measure}` of step `{reached.step.name}` is not proposed: {refusal}")
            continue
        made, shared = _on_targets(setting, measure, reached, fresh, people=people, amount=amount)
        proposals += made
        refused += shared
    return proposals, refused


def _people(setting: _Setting, reached: Reached, measure: Measure) -> int | None:
    """Return how many people must agree, by what is in force now; None: no number is enough."""
    procedure = setting.moment.procedure
    clause = procedure.clause or setting.clause
    step = procedure.steps.get(reached.step.name, reached.step)
    least = least_people(measure, reached.tier, immediate=clause.immediate)
    return None if least is None else max(least, step.people) + procedure.protected


def _refusal(setting: _Setting, reached: Reached, measure: Measure) -> str:
    former = setting.profile.former or setting.moment.procedure.former
    if measure not in setting.policy.measures:
        return "the provider did not reserve it in its policy"
    if measure is Measure.FEE and (refusal := _no_fee(setting)) != "":
        return refusal
    if measure in TOUCH_SERVICE and former:
        return "the customer's contract is over, so no service is left that it could fall on"
    if measure.value in setting.profile.forbidden:
        return "the customer's contract forbids it"
    if measure in TOUCH_SERVICE and setting.policy.graduated and not _talked(setting, reached):
        return "this provider talks with the customer before a service becomes unavailable"
    return ""


def _no_fee(setting: _Setting) -> str:
    disposition = setting.moment.procedure.disposition
    if not setting.profile.fee_allowed:
        return "the customer's contract does not allow fees"
    if disposition and disposition not in FEE_ALLOWED:
        return f"the case turned out to be {disposition.replace('_', ' ')}, which costs nothing"
    return ""


def _talked(setting: _Setting, reached: Reached) -> bool:
    """Whether a graduated provider may touch service: it warned before, or a grave fact is at hand.

    It had the time to warn when a step asks for something that comes after the first opening: a
    later finding, a time that passed, or silence.
    """
    if setting.clause.immediate and reached.tier is Tier.FACT:
        return True
    earlier = setting.ladder.steps[: setting.places[reached.step.name]]
    when = reached.step.when
    later = (
        (when.findings > 1 and occasions(reached.findings) > 1) or when.lasting or when.unanswered
    )
    return bool(later) and any(Measure.WARN in step.measures for step in earlier)


def _on_targets(
    setting: _Setting,
    measure: Measure,
    reached: Reached,
    fresh: list[Finding],
    *,
    people: int,
    amount: int,
) -> tuple[list[Proposal], list[str]]:
    """Return the proposals of one measure, and why it falls on some targets not at all."""
    step, touches = reached.step, measure in TOUCH_SERVICE
    asked = "account" if measure in _WHOLE_ACCOUNT else step.scope
    made, refused = [], []
    for scope, target, ids in targets(fresh, asked):
        blast = setting.moment.reach(scope, target) if touches else None
        if blast is not None and blast.shared:
            refused.append(
                f"`{measure}` of step `{step.name}` is not proposed on {target}: "
                f"{len(blast.holders)} customers share it"
            )
            continue
        proposal = Proposal(
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
            policy_version=setting.policy.version,
            amount=amount,
            currency=setting.policy.fees.currency if amount and setting.policy.fees else "",
            blast=blast,
        )
        made.append(proposal)
    return made, refused


def _answer_by(outcome: _Outcome, procedure: _Procedure, now: int) -> int | None:
    """Return when the customer must have answered: the shortest time any proposed step gives."""
    if not outcome.proposals:
        return None
    steps = [procedure.steps.get(item.step.name, item.step) for item in outcome.taken]
    times = [step.answer_within for step in steps if step.answer_within]
    return now + min(times) if times else None


def _decision_id(
    case: Case, outcome: _Outcome, findings: tuple[Finding, ...], review: tuple[str, ...]
) -> str:
    measures = sorted(
        [item.step, item.measure.value, item.scope, item.target, item.people]
        # What costs nothing has the id that it always had.
        + ([item.amount, item.currency] if item.amount else [])
        for item in outcome.proposals
    )
    evidence = sorted([item.id, item.state, item.tier.word] for item in findings)
    return make_id("decision", case.id, measures, evidence, list(review))


def _reasons(clause: Clause, case: Case, groups: list[_Group], outcome: _Outcome) -> Reason:
    who = case.customer or f"an unnamed actor ({case.actor})"
    because = [item.reason for item in outcome.taken]
    if len(groups) > 1:
        because += [_version(group) for group in groups]
    review = dict.fromkeys(text for group in groups for text in group.evidence.review)
    because += [Reason(f"for a person: {text}") for text in review]
    because += [Reason(text) for text in (*outcome.refused, *outcome.unsaid)]
    if any(group.setting.clause.immediate for group in groups) and any(
        item.tier is Tier.FACT for item in outcome.taken
    ):
        because.append(Reason("the clause may be acted on at once, on facts"))
    count = len(case.findings)
    noun = "finding" if count == 1 else "findings"
    return Reason(
        f"clause `{clause.id}` ({clause.severity.name.lower()}): {count} {noun} about {who}",
        tuple(because),
    )


def _version(group: _Group) -> Reason:
    count = len(group.evidence.usable)
    noun = "finding is" if count == 1 else "findings are"
    version = group.setting.policy.version
    return Reason(f"{count} {noun} judged by version {version}, in force when they opened")
