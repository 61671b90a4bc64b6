"""The laws of the ladder: random ladders, random findings, more and longer and better ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.cases.case import Case
from aupkeep.cases.grouping import take
from aupkeep.decisions.blast import Blast
from aupkeep.decisions.decide import Terms, decide
from aupkeep.decisions.decision import Decision, Profile
from aupkeep.decisions.history import Charge, History
from aupkeep.decisions.ladder import CARRYING, climb
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import (
    TOUCH_SERVICE,
    Clause,
    Fees,
    Ladder,
    Limits,
    Measure,
    Policy,
    Severity,
    Step,
    Tier,
    When,
)
from aupkeep.policy.people import least_people

CUSTOMER = "c-1"
NOW = 40

WHENS = st.builds(
    When,
    findings=st.integers(1, 4),
    within=st.sampled_from([0, 5, 20]),
    lasting=st.sampled_from([0, 0, 3, 15]),
    tier=st.sampled_from(CARRYING),
    unanswered=st.sampled_from([0, 0, 0, 9]),
)
SCOPES = st.sampled_from(["mailbox", "address", "site", "service", "account"])


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Draw a ladder; its steps need not even be in a sensible order."""
    steps = tuple(
        Step(
            name=f"step-{number}",
            when=draw(WHENS),
            measures=tuple(draw(st.lists(st.sampled_from(Measure), min_size=1, max_size=3))),
            scope=draw(SCOPES),
            length=7,
            people=draw(st.integers(0, 2)),
        )
        for number in range(draw(st.integers(1, 4)))
    )
    return Ladder(name="mail", steps=steps)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a policy of one clause."""
    clause = Clause(
        id="spam",
        title="Spam",
        text="No.",
        severity=Severity.HIGH,
        tier=draw(st.sampled_from([Tier.FACT, Tier.FACT, *Tier])),
        ladder="mail",
        immediate=draw(st.booleans()),
    )
    return Policy(
        provider="jasmo",
        id="aup",
        version="1",
        effective=0,
        hash="",
        title="",
        contact="",
        languages=("en",),
        time_zone="UTC",
        weekend=(),
        holidays=(),
        services=(),
        measures=tuple(draw(st.sets(st.sampled_from(Measure)))),
        duties=("graduated",) if draw(st.booleans()) else (),
        clauses={"spam": clause},
        ladders={"mail": draw(ladders())},
        limits=Limits(accounts_per_hour=1, share_permille=1),
        act_within=10,
        appeal_within=1,
        strike_decay=1,
        fees=Fees(
            currency="EUR",
            cap=draw(st.integers(1, 50)),
            period=100,
            amounts={("spam", f"step-{number}"): number + 1 for number in range(3)},
            free_strikes=draw(st.integers(0, 1)),
        ),
    )


PROFILES = st.builds(
    Profile,
    fee_allowed=st.booleans(),
    protected=st.booleans(),
    forbidden=st.sampled_from([(), (), ("hold_mail", "fee"), ("suspend_service", "warn")]),
)


@st.composite
def findings(draw: st.DrawFn, name: str = "f", tiers: Sequence[Tier] = tuple(Tier)) -> Finding:
    """Draw one finding about the customer."""
    first = draw(st.integers(0, 30))
    return Finding(
        id=name,
        state=draw(st.sampled_from(["open", "growing", "ended"])),
        provider="jasmo",
        rule="bulk",
        rule_version="1",
        rule_status=draw(st.sampled_from(["automatic"] * 6 + ["review"])),
        policy_version="1",
        clause="spam",
        tier=draw(st.sampled_from(tiers)),
        key={"login": draw(st.sampled_from(["a", "b", None]))},
        customer=CUSTOMER,
        service=draw(st.sampled_from(["s", "t", None])),
        attribution="attributed",
        actor=draw(st.sampled_from(["ip:192.0.2.1", "url:http://x.example/a", "login:a", "ip:-"])),
        first=first,
        last=first + draw(st.integers(0, 20)),
        observed_at=first + draw(st.sampled_from([0, 0, 0, 11])),
        value=1,
        threshold=1,
        events=(),
        forgeable=draw(st.sampled_from([False] * 6 + [True])),
        degraded=draw(st.sampled_from([False] * 6 + [True])),
    )


@st.composite
def bundles(draw: st.DrawFn) -> list[Finding]:
    """Draw the findings of one case."""
    return [draw(findings(f"f{number}")) for number in range(draw(st.integers(1, 5)))]


def case_of(members: Sequence[Finding]) -> Case:
    case: Case | None = None
    known: dict[str, Finding] = {}
    for item in members:
        taken = take(item, case, known).case
        if taken is not None:
            case, known = taken, {**known, item.id: item}
    assert case is not None
    return case


#: Targets that another customer holds too.
SHARED = frozenset({"b", "x.example", "t"})


def judge(policy: Policy, members: Sequence[Finding], profile: Profile, now: int) -> Decision:
    case = case_of(members)
    return decide(
        policy=policy,
        case=case,
        findings=members,
        profile=profile,
        now=now,
        history=History(strikes=1, charges=(Charge(at=20, amount=9, currency="EUR"),)),
        reach=lambda _, target: Blast(holders=("c-1", "c-2") if target in SHARED else ("c-1",)),
    )


def grave(policy: Policy, decision: Decision) -> list[tuple[int, str]]:
    """Return (place of its step in the ladder, measure) of each proposal."""
    order = [step.name for step in policy.ladders["mail"].steps]
    return [(order.index(item.step), item.measure.value) for item in decision.proposals]


def assert_no_milder(policy: Policy, before: Decision, after: Decision) -> None:
    """Each proposal stays, or gives way to one of a graver step."""
    order = [step.name for step in policy.ladders["mail"].steps]
    there = {
        (item.step, item.measure, item.scope, item.target): item.people for item in after.proposals
    }
    for item in before.proposals:
        same = there.get((item.step, item.measure, item.scope, item.target))
        graver = any(order.index(other.step) > order.index(item.step) for other in after.proposals)
        assert graver or (same is not None and same <= item.people)
    assert (
        max(grave(policy, before), default=(-1, ""))[0]
        <= max(grave(policy, after), default=(-1, ""))[0]
    )


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), findings("new"), PROFILES)
def test_one_more_finding_is_never_milder(
    policy: Policy, members: list[Finding], new: Finding, profile: Profile
) -> None:
    before = judge(policy, members, profile, NOW)
    assert_no_milder(policy, before, judge(policy, [*members, new], profile, NOW))


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), st.integers(1, 30), PROFILES)
def test_longer_is_never_milder(
    policy: Policy, members: list[Finding], more: int, profile: Profile
) -> None:
    before = judge(policy, members, profile, NOW)
    longer = [replace(item, last=item.last + more) for item in members]
    assert_no_milder(policy, before, judge(policy, longer, profile, NOW))
    assert_no_milder(policy, before, judge(policy, members, profile, NOW + more))


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), st.data(), PROFILES)
def test_better_evidence_is_never_milder(
    policy: Policy, members: list[Finding], data: st.DataObject, profile: Profile
) -> None:
    """A score stands below a judgement here: a person may act on that one."""
    order = [Tier.SCORE, Tier.JUDGEMENT, Tier.STRONG, Tier.FACT]
    place = data.draw(st.integers(0, len(members) - 1))
    now = members[place].tier
    better = data.draw(st.sampled_from(order[order.index(now) :]))
    # What the clause cannot rest on is cut to what it can, and that may be a score.
    clause = replace(policy.clauses["spam"], tier=Tier.FACT)
    policy = replace(policy, clauses={"spam": clause})
    improved = [*members]
    improved[place] = replace(members[place], tier=better)
    before = judge(policy, members, profile, NOW)
    assert_no_milder(policy, before, judge(policy, improved, profile, NOW))


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), PROFILES)
def test_worse_evidence_adds_to_what_better_evidence_does_and_takes_nothing(
    policy: Policy, members: list[Finding], profile: Profile
) -> None:
    whole = set(judge(policy, members, profile, NOW).proposals)
    for tier in CARRYING:
        good = [item for item in members if item.tier >= tier and item.tier is not Tier.SCORE]
        if good:
            assert set(judge(policy, good, profile, NOW).proposals) <= whole


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), st.data(), PROFILES)
def test_scores_change_nothing_that_is_proposed(
    policy: Policy, members: list[Finding], data: st.DataObject, profile: Profile
) -> None:
    count = data.draw(st.integers(1, 4))
    scores = [data.draw(findings(f"s{number}", [Tier.SCORE])) for number in range(count)]
    assert judge(policy, scores, profile, NOW).proposals == ()
    without = judge(policy, members, profile, NOW)
    assert judge(policy, [*scores, *members], profile, NOW).proposals == without.proposals


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), PROFILES)
def test_no_proposal_goes_beyond_the_policy_and_the_least_people(
    policy: Policy, members: list[Finding], profile: Profile
) -> None:
    decision = judge(policy, members, profile, NOW)
    clause = policy.clauses["spam"]
    steps = {step.name: step for step in policy.ladders["mail"].steps}
    best = max(min(item.tier, clause.tier) for item in members)
    for item in decision.proposals:
        step = steps[item.step]
        assert item.measure in policy.measures
        assert item.measure in step.measures
        assert step.when.tier <= best
        assert item.touches_service == (item.measure in TOUCH_SERVICE)
        least = least_people(item.measure, best, immediate=clause.immediate)
        assert least is not None
        assert item.people >= max(least, step.people) + profile.protected
        assert item.measure.value not in profile.forbidden
        assert not item.touches_service or item.target not in SHARED
        assert bool(item.amount) == (item.measure is Measure.FEE)
        if item.measure is Measure.FEE:
            assert policy.fees is not None
            assert profile.fee_allowed
            assert item.amount + 9 <= policy.fees.cap
    keys = [(item.step, item.measure, item.scope, item.target) for item in decision.proposals]
    assert len(keys) == len(set(keys))
    assert decision.proposals or decision.review


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), PROFILES, st.randoms())
def test_a_decision_depends_on_the_set_of_findings_alone(
    policy: Policy, members: list[Finding], profile: Profile, dice: Random
) -> None:
    case = case_of(members)
    shuffled = list(members)
    dice.shuffle(shuffled)
    once = decide(policy=policy, case=case, findings=members, profile=profile, now=NOW)
    again = decide(policy=policy, case=case, findings=shuffled, profile=profile, now=NOW)
    assert once == again


UNUSABLE: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"forgeable": True},
        {"degraded": True},
        {"rule_status": "review"},
        {"rule_status": "shadow"},
        {"observed_at": 1_000},
    ]
)


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), st.data(), PROFILES)
def test_what_may_carry_nothing_carries_nothing(
    policy: Policy, members: list[Finding], data: st.DataObject, profile: Profile
) -> None:
    dull = [replace(item, **data.draw(UNUSABLE)) for item in members]
    first = replace(dull[0], rule_status="automatic", tier=Tier.SCORE)
    decision = judge(policy, [first, *dull[1:]], profile, NOW)
    assert decision.proposals == ()
    assert decision.due is None
    assert decision.review


@settings(max_examples=120, deadline=None)
@given(policies(), bundles(), st.integers(1, 30), PROFILES)
def test_nothing_changes_before_the_next_look_is_due(
    policy: Policy, members: list[Finding], later: int, profile: Profile
) -> None:
    decision = judge(policy, members, profile, NOW)
    assert decision.due is None or decision.due > NOW
    until = NOW + later if decision.due is None else min(NOW + later, decision.due - 1)
    assert judge(policy, members, profile, until).proposals == decision.proposals


@settings(max_examples=120, deadline=None)
@given(ladders(), bundles(), st.integers(0, 60))
def test_climbing_is_by_tier_and_then_by_gravity(
    ladder: Ladder, members: list[Finding], now: int
) -> None:
    reached = climb(ladder, sorted(members, key=lambda item: (item.first, item.id)), now)
    order = [(-item.tier, -ladder.steps.index(item.step)) for item in reached]
    assert order == sorted(order)
    for item in reached:
        assert item.findings
        assert all(one.tier >= max(item.tier, item.step.when.tier) for one in item.findings)
        assert item.tier in CARRYING
        assert not item.step.when.unanswered


@settings(max_examples=60, deadline=None)
@given(policies(), policies(), bundles(), findings("new"), st.integers(0, 30), st.data())
def test_more_findings_under_several_versions_are_never_milder(
    older: Policy, newer: Policy, members: list[Finding], more: Finding, begins: int,
    data: st.DataObject,
) -> None:  # fmt: skip
    """Of both versions each has a ladder of its own; the names of the steps are the same."""
    newer = replace(newer, version="2", effective=begins)
    before = replace(older, version="1", effective=0)
    profile = data.draw(st.sampled_from([Profile(), Profile(fee_allowed=True)]))

    def judge(listed: list[Finding]) -> Decision:
        terms = {
            item.id: Terms(policy=before if item.first < begins else newer, profile=profile)
            for item in listed
        }
        return decide(
            policy=newer,
            case=case_of(listed),
            findings=listed,
            profile=profile,
            now=NOW,
            terms=terms,
            history=History(strikes=1),
        )

    longest = max(before, newer, key=lambda one: len(one.ladders["mail"].steps))
    assert_no_milder(longest, judge(members), judge([*members, more]))
