"""What was in force when a finding opened, what the contract says, and who else is behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aupkeep.base.clock import DAY
from aupkeep.cases.case import Case
from aupkeep.cases.disposition import FEE_ALLOWED, Disposition
from aupkeep.decisions.blast import Blast, told
from aupkeep.decisions.decide import Terms, decide
from aupkeep.decisions.decision import Decision, Profile
from aupkeep.decisions.history import Charge, History
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Measure, Policy, Step, Tier, When

Findings = Callable[..., Finding]
Policies = Callable[..., Policy]
Cases = Callable[..., Case]

HOLD = Step(name="hold", when=When(), measures=(Measure.HOLD_MAIL,), scope="mailbox", length=DAY)
WARN = Step(name="question", when=When(), measures=(Measure.WARN,), scope="mailbox")
CHARGE = Step(
    name="again", when=When(findings=2, within=7 * DAY), measures=(Measure.FEE,), scope="service"
)
EURO = Profile(fee_allowed=True)


def asked(decision: Decision) -> set[tuple[str, str, str, str]]:
    return {
        (item.step, item.measure.value, item.target, item.policy_version)
        for item in decision.proposals
    }


@pytest.fixture
def old(policy: Policies) -> Policy:
    return policy(steps=(WARN,), version="1")


@pytest.fixture
def new(policy: Policies) -> Policy:
    return policy(steps=(WARN, HOLD), version="2", effective=10)


def test_each_finding_is_judged_by_the_version_of_its_opening(
    finding: Findings, old: Policy, new: Policy, case_of: Cases
) -> None:
    first = finding()
    second = finding(id="f2", first=first.first + DAY, key={"login": "bob@shop.example"})
    both = (first, second)
    decision = decide(
        policy=new,
        case=case_of(both),
        findings=both,
        profile=Profile(),
        now=second.last,
        terms={"f1": Terms(policy=old, profile=Profile())},
    )
    assert asked(decision) == {
        ("question", "warn", "ann@shop.example", "1"),
        ("hold", "hold_mail", "bob@shop.example", "2"),
    }
    assert any("version 1, in force" in reason.text for reason in decision.reasons.because)


def test_a_newer_version_counts_what_came_before_and_never_the_reverse(
    finding: Findings, policy: Policies, case_of: Cases
) -> None:
    again = replace(CHARGE, measures=(Measure.HOLD_MAIL,), length=DAY, scope="mailbox")
    old = policy(steps=(WARN, again), version="1")
    new = policy(steps=(WARN, again), version="2", effective=10)
    first = finding()
    second = finding(id="f2", first=first.first + DAY, key={"login": "bob@shop.example"})
    decision = decide(
        policy=new,
        case=case_of((first, second)),
        findings=(first, second),
        profile=Profile(),
        now=second.last,
        terms={"f1": Terms(policy=old, profile=Profile())},
    )
    assert asked(decision) == {
        ("question", "warn", "ann@shop.example", "1"),
        ("again", "hold_mail", "bob@shop.example", "2"),
    }


def test_who_must_agree_and_by_when_is_what_is_in_force_now(
    finding: Findings, new: Policy, policy: Policies, case_of: Cases
) -> None:
    stricter = (WARN, replace(HOLD, people=2, answer_within=3 * DAY))
    now = policy(steps=stricter, version="3", clause={"decide_within": 7}, effective=20)
    first = finding()
    case = case_of((first,))
    decision = decide(
        policy=now,
        case=case,
        findings=(first,),
        profile=Profile(),
        now=first.last,
        terms={"f1": Terms(policy=new, profile=Profile())},
    )
    assert [(item.people, item.policy_version) for item in decision.proposals] == [(2, "2")]
    assert decision.decide_by == case.aware_at + 7
    assert decision.answer_by == first.last + 3 * DAY


def judged(
    policy: Policy, case_of: Cases, *members: Finding, history: History, profile: Profile = EURO
) -> Decision:
    return decide(
        policy=policy,
        case=case_of(members),
        findings=members,
        profile=profile,
        now=max(item.last for item in members),
        history=history,
    )


def fees_of(decision: Decision) -> list[tuple[int, str]]:
    return [
        (item.amount, item.currency) for item in decision.proposals if item.measure is Measure.FEE
    ]


def test_the_first_strike_is_free_and_the_cap_is_kept(
    finding: Findings, policy: Policies, case_of: Cases
) -> None:
    twice = (finding(), finding(id="f2", first=finding().first + DAY))
    book = policy(steps=(WARN, CHARGE))
    now = max(item.last for item in twice)

    def charged(*amounts: int, strikes: int = 1, at: int = now - DAY) -> Decision:
        charges = tuple(Charge(at=at, amount=one, currency="EUR") for one in amounts)
        return judged(book, case_of, *twice, history=History(strikes=strikes, charges=charges))

    free = charged(strikes=0)
    assert fees_of(free) == []
    assert any("0 strikes before, and the first 1 cost nothing" in one for one in free.review)
    assert fees_of(charged()) == [(4500, "EUR")]
    assert fees_of(charged(4500)) == [(4500, "EUR")]
    assert fees_of(charged(4500, 3000)) == [(1500, "EUR")]
    full = charged(4500, 4500)
    assert fees_of(full) == []
    assert any("cap is 90.00 EUR" in text for text in full.review)
    assert fees_of(charged(9000, at=now - 91 * DAY)) == [(4500, "EUR")]


def test_a_contract_without_fees_or_a_policy_without_prices_charges_nothing(
    finding: Findings, policy: Policies, case_of: Cases
) -> None:
    twice = (finding(), finding(id="f2", first=finding().first + DAY))
    had = History(strikes=3)
    book = policy(steps=(WARN, CHARGE))
    assert fees_of(judged(book, case_of, *twice, history=had, profile=Profile())) == []
    assert fees_of(judged(replace(book, fees=None), case_of, *twice, history=had)) == []


@pytest.mark.parametrize("disposition", list(Disposition))
def test_a_victim_and_a_mistake_cost_nothing(
    finding: Findings, policy: Policies, case_of: Cases, disposition: Disposition
) -> None:
    twice = (finding(), finding(id="f2", first=finding().first + DAY))
    decision = decide(
        policy=policy(steps=(WARN, CHARGE)),
        case=replace(case_of(twice), disposition=disposition.value),
        findings=twice,
        profile=EURO,
        now=max(item.last for item in twice),
        history=History(strikes=3),
    )
    assert bool(fees_of(decision)) is (disposition in FEE_ALLOWED)


def test_the_contract_forbids_measures(finding: Findings, new: Policy, case_of: Cases) -> None:
    first = finding()
    profile = Profile(forbidden=("hold_mail",))
    decision = judged(new, case_of, first, history=History(), profile=profile)
    assert [item.measure.value for item in decision.proposals] == ["warn"]
    assert any("the customer's contract forbids it" in text for text in decision.review)


def test_what_several_customers_share_is_not_touched(
    finding: Findings, new: Policy, case_of: Cases
) -> None:
    first = finding()
    seen = []

    def reach(scope: str, target: str) -> Blast:
        seen.append((scope, target))
        return Blast(holders=("c-1", "c-9"), mailboxes=1)

    decision = decide(
        policy=new,
        case=case_of((first,)),
        findings=(first,),
        profile=Profile(),
        now=first.last,
        reach=reach,
    )
    assert [item.measure.value for item in decision.proposals] == ["warn"]
    assert seen == [("mailbox", "ann@shop.example")]
    assert any("2 customers share it" in text for text in decision.review)


def test_what_stands_behind_a_target_is_told(
    finding: Findings, new: Policy, case_of: Cases
) -> None:
    first = finding()
    behind = Blast(holders=("c-1",), mailboxes=3, sites=1)
    decision = decide(
        policy=new,
        case=case_of((first,)),
        findings=(first,),
        profile=Profile(),
        now=first.last,
        reach=lambda *_: behind,
    )
    assert [item.blast for item in decision.proposals] == [behind]
    assert told(behind) == "stops working: 3 mailboxes and logins, 1 site"
    assert told(Blast()) == "stops working: nothing else"
    assert told(None) == "the holdings do not say what else stops working"


def test_a_warning_is_noise_beside_a_hold_on_the_same_mailbox(
    finding: Findings, new: Policy, case_of: Cases
) -> None:
    proven = finding()
    rumour = finding(id="f2", tier=Tier.STRONG)
    other = finding(id="f3", tier=Tier.STRONG, key={"login": "bob@shop.example"})
    fact_only = replace(new, ladders={"mail": replace(
        new.ladders["mail"], steps=(WARN, replace(HOLD, when=When(tier=Tier.FACT)))
    )})  # fmt: skip
    decision = judged(fact_only, case_of, proven, rumour, other, history=History())
    assert asked(decision) == {
        ("hold", "hold_mail", "ann@shop.example", "2"),
        ("question", "warn", "bob@shop.example", "2"),
    }
    said = [reason.text for reason in decision.reasons.because]
    assert any("is not said apart: `hold_mail`" in text for text in said)


def test_a_warning_waits_for_no_measure_that_more_people_have_to_agree_to(
    finding: Findings, policy: Policies, case_of: Cases
) -> None:
    """A hold that may still be refused does not keep the customer from hearing."""
    slow = replace(HOLD, when=When(tier=Tier.FACT), people=2)
    both = (finding(), finding(id="f2", tier=Tier.STRONG))
    decision = judged(policy(steps=(WARN, slow)), case_of, *both, history=History())
    people = {item.measure.value: item.people for item in decision.proposals}
    assert people == {"hold_mail": 2, "warn": 1}
