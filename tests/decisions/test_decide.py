"""What a small policy says about plain situations, one rule of DESIGN section 5 or 6 at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aupkeep.base.clock import DAY, HOUR
from aupkeep.cases.case import Case
from aupkeep.decisions.decide import decide
from aupkeep.decisions.decision import Decision, Profile
from aupkeep.decisions.history import NO_HISTORY, History
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Limits, Measure, Policy, Step, Tier, When

#: When the finding of the fixtures opens: 2026-03-02T08:00:00Z.
MORNING = 1_772_438_400_000_000

Findings = Callable[..., Finding]
Policies = Callable[..., Policy]
Cases = Callable[..., Case]
Judge = Callable[..., Decision]


@pytest.fixture
def judge(policy: Policies, case_of: Cases) -> Judge:
    def decided(
        *findings: Finding,
        by: Policy | None = None,
        profile: Profile | None = None,
        now: int | None = None,
        history: History = NO_HISTORY,
    ) -> Decision:
        return decide(
            policy=by or policy(),
            case=case_of(findings),
            findings=findings,
            profile=profile or Profile(),
            now=now if now is not None else max(item.last for item in findings),
            history=history,
        )

    return decided


def asked(decision: Decision) -> list[tuple[str, str, str, int]]:
    """Return (step, measure, target, people) of each proposal."""
    return [
        (item.step, item.measure.value, item.target, item.people) for item in decision.proposals
    ]


def test_a_fact_reaches_the_gravest_step_without_anybody(finding: Findings, judge: Judge) -> None:
    decision = judge(finding())
    assert asked(decision) == [("stop-sending", "hold_mail", "ann@shop.example", 0)]
    assert decision.step == "stop-sending"
    assert decision.proposals[0].length == DAY
    assert decision.review == ()


def test_strong_evidence_needs_a_person(finding: Findings, judge: Judge) -> None:
    decision = judge(finding(tier=Tier.STRONG))
    assert asked(decision) == [("question", "warn", "ann@shop.example", 1)]


def test_what_lasts_goes_further(finding: Findings, judge: Judge) -> None:
    long = finding(state="open")
    before = judge(long, now=long.first + 2 * HOUR - 1)
    assert before.step == "stop-sending"
    assert before.due == long.first + 2 * HOUR
    after = judge(long, now=long.first + 2 * HOUR)
    assert after.step == "still-going-on"
    assert after.due is None


def test_an_ended_finding_lasts_no_longer(finding: Findings, judge: Judge) -> None:
    over = finding()
    assert judge(over, now=over.first + DAY).step == "stop-sending"
    assert judge(over, now=over.first + DAY).due is None


def test_only_what_can_end_gets_an_end(finding: Findings, judge: Judge) -> None:
    long = finding(state="open")
    lengths = {item.measure: item.length for item in judge(long, now=long.first + DAY).proposals}
    assert lengths == {Measure.HOLD_MAIL: 3 * DAY, Measure.PRESERVE: 0}


def test_what_did_not_last_is_not_held_for_what_did(finding: Findings, judge: Judge) -> None:
    brief = finding(id="f2", key={"login": "bob@shop.example"}, first=finding().first + 1)
    long = finding(last=finding().first + 3 * HOUR)
    assert asked(judge(long, brief)) == [
        ("still-going-on", "hold_mail", "ann@shop.example", 0),
        ("still-going-on", "preserve", "ann@shop.example", 0),
        ("stop-sending", "hold_mail", "bob@shop.example", 0),
    ]


def test_worse_evidence_keeps_its_own_step(finding: Findings, judge: Judge) -> None:
    """A report about one mailbox does not hold it because another one is a proven spammer."""
    rumour = finding(id="f2", tier=Tier.STRONG, key={"login": "bob@shop.example"})
    assert asked(judge(finding(), rumour)) == [
        ("stop-sending", "hold_mail", "ann@shop.example", 0),
        ("question", "warn", "bob@shop.example", 1),
    ]


def test_rumours_that_repeat_do_not_put_off_what_is_proven(finding: Findings, judge: Judge) -> None:
    """Three findings lead to a step that people must agree to; the hold on facts stands beside."""
    first = finding()
    rumours = [
        finding(id=f"f{day}", tier=Tier.STRONG, first=first.first + day * DAY,
                last=first.first + day * DAY, observed_at=first.first + day * DAY)
        for day in (1, 2)
    ]  # fmt: skip
    decision = judge(first, *rumours)
    assert asked(decision) == [
        ("again", "suspend_service", "s-1", 1),
        ("stop-sending", "hold_mail", "ann@shop.example", 0),
    ]
    assert decision.step == "again"
    assert any("contract does not allow fees" in text for text in decision.review)


def test_an_old_cluster_still_counts_when_a_lone_finding_follows(
    finding: Findings, judge: Judge
) -> None:
    start = finding().first
    days = [0, 1, 2, 40]
    many = [
        finding(id=f"f{day}", first=start + day * DAY, last=start + day * DAY,
                observed_at=start + day * DAY)
        for day in days
    ]  # fmt: skip
    assert judge(*many[:3]).step == "again"
    assert judge(*many).step == "again"
    assert judge(many[0], many[1], many[3]).step == "stop-sending"


def test_a_fee_needs_a_contract(finding: Findings, judge: Judge) -> None:
    many = [finding(id=f"f{n}", first=finding().first + n * DAY) for n in range(3)]
    with_fee = judge(*many, profile=Profile(fee_allowed=True), history=History(strikes=1))
    assert ("again", "fee", "c-1", 1) in asked(with_fee)
    without = judge(*many, history=History(strikes=1))
    assert not any(item.measure is Measure.FEE for item in without.proposals)


def test_protected_customers_need_one_more(
    finding: Findings, judge: Judge, policy: Policies
) -> None:
    assert [p for *_, p in asked(judge(finding(), profile=Profile(protected=True)))] == [1]
    limits = Limits(accounts_per_hour=1, share_permille=1, protected_customers=("c-1",))
    assert [p for *_, p in asked(judge(finding(), by=policy(limits=limits)))] == [1]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"forgeable": True}, "could have been forged"),
        ({"degraded": True}, "could not see everything"),
        ({"observed_at": MORNING + DAY + 1}, "more than 1d after it happened"),
        ({"rule_status": "review"}, "is on review"),
        ({"tier": Tier.SCORE}, "a score orders a queue"),
        ({"attribution": "ambiguous"}, "nobody could be named for it"),
        ({"customer": None, "attribution": "unknown"}, "nobody could be named for it"),
    ],
)
def test_what_only_a_person_may_look_at(
    finding: Findings, judge: Judge, change: dict[str, object], word: str
) -> None:
    decision = judge(finding(**change))
    assert decision.proposals == ()
    assert decision.step == ""
    assert decision.answer_by is None
    assert decision.due is None
    assert any(word in text for text in decision.review)
    assert any(word in reason.text for reason in decision.reasons.because)


def test_a_finding_received_just_in_time_counts(finding: Findings, judge: Judge) -> None:
    assert judge(finding(observed_at=finding().first + DAY)).proposals


def test_a_shadow_finding_counts_for_nothing(
    finding: Findings, policy: Policies, case_of: Cases
) -> None:
    real = finding(tier=Tier.STRONG)
    shadow = finding(id="f2", rule_status="shadow")
    decision = decide(
        policy=policy(), case=case_of([real]), findings=[real, shadow], profile=Profile(), now=0
    )
    assert decision.step == "question"
    assert any("is shadow" in text for text in decision.review)


@pytest.mark.parametrize(
    ("clause_tier", "people"), [(Tier.STRONG, [1]), (Tier.JUDGEMENT, [1]), (Tier.SCORE, [])]
)
def test_no_evidence_is_better_than_its_clause(
    finding: Findings, judge: Judge, policy: Policies, clause_tier: Tier, people: list[int]
) -> None:
    decision = judge(finding(), by=policy(clause={"tier": clause_tier}))
    assert [item.people for item in decision.proposals] == people
    assert all(item.measure is Measure.WARN for item in decision.proposals)


@pytest.mark.parametrize(
    ("kinds", "word"),
    [
        ((("s-1", "mailbox"),), ""),
        ((("s-1", "vps"),), "does not bind a service of kind `vps`"),
        ((), "kind is unknown"),
        ((("s-2", "mailbox"),), "kind is unknown"),
        ((("s-1", ""),), "kind is unknown"),
    ],
)
def test_a_clause_binds_the_services_it_names(
    finding: Findings,
    judge: Judge,
    policy: Policies,
    kinds: tuple[tuple[str, str], ...],
    word: str,
) -> None:
    by = policy(clause={"applies_to": ("mailbox",)})
    decision = judge(finding(), by=by, profile=Profile(service_kinds=kinds))
    assert bool(decision.proposals) == (not word)
    assert any(word in text for text in decision.review) == bool(word)


def test_a_measure_that_is_not_reserved_is_refused(
    finding: Findings, judge: Judge, policy: Policies
) -> None:
    decision = judge(finding(), by=policy(measures=(Measure.WARN,)))
    assert asked(decision) == [("question", "warn", "ann@shop.example", 0)]
    assert any("did not reserve" in text for text in decision.review)


def test_a_graduated_provider_talks_first(
    finding: Findings, judge: Judge, policy: Policies
) -> None:
    by = policy(clause={"immediate": False})
    alone = judge(finding(), by=by)
    assert asked(alone) == [("question", "warn", "ann@shop.example", 0)]
    assert any("talks with the customer" in text for text in alone.review)
    lasting = judge(finding(last=finding().first + 2 * HOUR), by=by)
    assert lasting.step == "still-going-on"
    many = [finding(id=f"f{n}", first=finding().first + n * DAY) for n in range(3)]
    assert judge(*many, by=by).step == "again"
    at_once = [finding(id=f"f{n}") for n in range(3)]
    assert judge(*at_once, by=by).step == "question"
    assert judge(finding(), by=policy(clause={"immediate": False}, duties=())).step == (
        "stop-sending"
    )


def test_what_is_refused_at_a_step_leaves_the_milder_one(
    finding: Findings, judge: Judge, policy: Policies
) -> None:
    """Three at the same instant are one occasion: no repetition, but what lasts may be held."""
    steps = list(policy().ladders["mail"].steps)
    steps[3] = replace(steps[3], measures=(Measure.SUSPEND_SERVICE, Measure.PRESERVE))
    by = policy(clause={"immediate": False}, steps=tuple(steps))
    many = [finding(id=f"f{n}", last=finding().first + 3 * HOUR) for n in range(3)]
    assert [(step, measure) for step, measure, *_ in asked(judge(*many, by=by))] == [
        ("still-going-on", "hold_mail"),
        ("still-going-on", "preserve"),
    ]


def test_immediate_is_for_facts_alone(finding: Findings, judge: Judge, policy: Policies) -> None:
    lock = Step(
        name="lock", when=When(), measures=(Measure.LOCK_SITE,), scope="mailbox", length=DAY
    )
    by = policy(steps=(lock,))
    assert asked(judge(finding(), by=by)) == [("lock", "lock_site", "ann@shop.example", 0)]
    rumour = judge(finding(tier=Tier.STRONG), by=by)
    assert rumour.proposals == ()
    assert rumour.step == "lock"


def test_a_step_that_waits_for_an_answer_is_not_reached(finding: Findings, judge: Judge) -> None:
    many = [finding(id=f"f{n}", first=finding().first + n * DAY) for n in range(9)]
    assert judge(*many).step == "again"


def test_a_wider_target_than_asked_needs_a_person(finding: Findings, judge: Judge) -> None:
    nameless = finding(key={}, actor="ip:192.0.2.9")
    assert asked(judge(nameless)) == [("stop-sending", "hold_mail", "s-1", 1)]


def test_an_account_measure_falls_on_the_account(
    finding: Findings, judge: Judge, policy: Policies
) -> None:
    step = Step(
        name="close",
        when=When(tier=Tier.FACT),
        measures=(Measure.SUSPEND_ACCOUNT,),
        scope="mailbox",
        length=DAY,
    )
    decision = judge(finding(), by=policy(steps=(step,)))
    assert [(item.scope, item.target, item.people) for item in decision.proposals] == [
        ("account", "c-1", 1)
    ]


def test_clocks_run_from_awareness_and_from_now(finding: Findings, judge: Judge) -> None:
    aware = finding().first + 5
    decision = judge(finding(observed_at=aware), now=aware + HOUR)
    assert decision.decide_by == aware + DAY
    assert decision.answer_by == aware + HOUR + DAY


def test_nothing_reached_is_said(finding: Findings, judge: Judge, policy: Policies) -> None:
    step = Step(name="later", when=When(findings=2), measures=(Measure.WARN,), scope="account")
    decision = judge(finding(), by=policy(steps=(step,)))
    assert (decision.proposals, decision.step) == ((), "")
    assert decision.review == ("no step of ladder `mail` is reached by this evidence",)


def test_the_id_stands_for_the_content(finding: Findings, judge: Judge) -> None:
    one = judge(finding())
    assert judge(finding(), now=finding().last + 7).id == one.id
    assert judge(finding(value=999, state="ended")).id == one.id
    others = {
        judge(finding(tier=Tier.STRONG)).id,
        judge(finding(state="open")).id,
        judge(finding(id="f2")).id,
        judge(finding(), profile=Profile(protected=True)).id,
        judge(finding(key={"login": "bob@shop.example"})).id,
    }
    assert len(others | {one.id}) == 6


def test_nobody_answers_for_somebody_else(
    finding: Findings, policy: Policies, case_of: Cases
) -> None:
    mine, theirs = finding(), finding(id="f2", customer="c-2")
    with pytest.raises(ValueError, match="does not belong to case"):
        decide(
            policy=policy(),
            case=case_of([mine]),
            findings=[mine, theirs],
            profile=Profile(),
            now=mine.last,
        )


def test_a_clause_that_the_policy_lacks_is_refused(
    finding: Findings, judge: Judge, policy: Policies
) -> None:
    with pytest.raises(KeyError):
        judge(finding(clause="port-scan"), by=replace(policy(), clauses={}))


def test_one_burst_that_many_keys_notice_is_one_occasion(finding: Findings, judge: Judge) -> None:
    burst = [
        finding(id=f"f{n}", key={"login": f"user{n}@shop.example"}, first=finding().first + n)
        for n in range(10)
    ]
    assert {step for step, *_ in asked(judge(*burst))} == {"stop-sending"}
