"""What a decision newly leads to: each thing once, nothing of the past, nothing only observed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY
from aupkeep.cases.case import Case
from aupkeep.decisions.decision import Decision, Proposal, Reason
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.sanctions.proposing import Standing, observe, propose, sanction_id, superseded
from aupkeep.sanctions.sanction import OVER, Sanction, State

CASE = Case(
    id="case-1",
    provider="jasmo",
    clause="spam",
    customer="c-1",
    actor="",
    state="open",
    attribution="attributed",
    tier=Tier.FACT,
    aware_at=0,
    opened_at=0,
    findings=("f1",),
)
NOW = 1_000
ARMED_AT = 100

MEASURES = (Measure.WARN, Measure.HOLD_MAIL, Measure.SUSPEND_SERVICE, Measure.PRESERVE)


def proposal(
    measure: Measure = Measure.HOLD_MAIL,
    *,
    step: str = "stop",
    target: str = "ann",
    findings: tuple[str, ...] = ("f1",),
    people: int = 0,
) -> Proposal:
    return Proposal(
        step=step,
        measure=measure,
        scope="mailbox",
        target=target,
        length=DAY if measure in TOUCH_SERVICE else 0,
        people=people,
        touches_service=measure in TOUCH_SERVICE,
        tier=Tier.FACT,
        findings=findings,
    )


PROPOSALS = st.builds(
    proposal,
    st.sampled_from(MEASURES),
    step=st.sampled_from(["question", "stop", "again"]),
    target=st.sampled_from(["ann", "bob"]),
    findings=st.lists(st.sampled_from(["f1", "f2", "f3"]), min_size=1, max_size=3, unique=True).map(
        tuple
    ),
    people=st.integers(0, 2),
)
RECEIVED = st.fixed_dictionaries({name: st.integers(0, 300) for name in ("f1", "f2", "f3")})
STANDINGS = st.sampled_from(
    [Standing(), Standing("hold_mail"), Standing("hold_mail", ARMED_AT), Standing("hold_mail", 200)]
)


def decision(*proposals: Proposal, case: str = "case-1") -> Decision:
    return Decision(
        id="d",
        case=case,
        policy_version="1",
        step="again",
        tier=Tier.FACT,
        proposals=proposals,
        review=(),
        decide_by=None,
        answer_by=None,
        due=None,
        reasons=Reason(""),
    )


def armed(_: Proposal) -> Standing:
    return Standing("hold_mail", ARMED_AT)


def live(
    *proposals: Proposal, earlier: Iterable[Sanction] = (), now: int = NOW, **received: int
) -> tuple[Sanction, ...]:
    """Propose with everything armed; findings that are not named were received at 150."""
    times = {"f1": 150, "f2": 150, "f3": 150, **received}
    return propose(decision(*proposals), CASE, earlier, now=now, received=times, standing=armed)


def ended(sanction: Sanction, state: State, at: int, **changes: object) -> Sanction:
    applied = {} if state is State.REFUSED else {"applied_at": sanction.since}
    return replace(sanction, state=state, ended_at=at, **applied, **changes)  # type: ignore[arg-type]  # by name


def test_what_is_proposed_in_observe() -> None:
    (made,) = propose(decision(proposal(people=2)), CASE, [], now=NOW, received={"f1": 5})
    assert (made.case, made.provider, made.customer) == ("case-1", "jasmo", "c-1")
    assert (made.clause, made.step, made.tier, made.policy_version) == ("spam", "stop", "fact", "1")
    assert (made.measure, made.scope, made.target) == ("hold_mail", "mailbox", "ann")
    assert (made.since, made.until, made.length, made.people) == (NOW, NOW + DAY, DAY, 2)
    assert (made.state, made.would_do, made.power) == (State.PROPOSED, True, "")
    assert (made.findings, made.touches_service) == (("f1",), True)


def test_what_is_proposed_for_real() -> None:
    (made,) = live(proposal())
    assert (made.would_do, made.power, made.approved_by) == (False, "hold_mail", ())
    (word,) = live(proposal(Measure.WARN))
    assert (word.until, word.length) == (None, 0)


@given(st.lists(PROPOSALS, max_size=6), RECEIVED, STANDINGS)
def test_the_same_decision_again_proposes_nothing(
    proposals: list[Proposal], received: dict[str, int], standing: Standing
) -> None:
    said = decision(*proposals)
    once = propose(said, CASE, [], now=NOW, received=received, standing=lambda _: standing)
    assert len({item.id for item in once}) == len(once)
    again = propose(said, CASE, once, now=NOW + 1, received=received, standing=lambda _: standing)
    assert again == ()


@given(st.lists(PROPOSALS, max_size=6), st.randoms(use_true_random=False), RECEIVED, STANDINGS)
def test_the_order_of_proposals_does_not_matter(
    proposals: list[Proposal], chance: random.Random, received: dict[str, int], standing: Standing
) -> None:
    # A decision names each thing once.
    named = {(one.step, one.measure, one.target): one for one in proposals}
    listed = list(named.values())
    shuffled = listed[:]
    chance.shuffle(shuffled)

    def made(order: list[Proposal]) -> set[Sanction]:
        said = decision(*order)
        return set(propose(said, CASE, [], now=NOW, received=received, standing=lambda _: standing))

    assert made(listed) == made(shuffled)


@given(st.lists(PROPOSALS, max_size=5), RECEIVED, RECEIVED, st.data())
def test_would_do_never_becomes_real(
    proposals: list[Proposal], received: dict[str, int], later: dict[str, int], data: st.DataObject
) -> None:
    """Whatever is armed later: what was shown in observe stays shown, and its findings dead."""
    shown = propose(decision(*proposals), CASE, [], now=NOW, received=received, standing=observe)
    assert all(item.would_do for item in shown)
    more = data.draw(st.lists(PROPOSALS, max_size=5))
    real = propose(
        decision(*proposals, *more), CASE, shown, now=NOW + 1, received=later, standing=armed
    )
    assert {item.id for item in shown}.isdisjoint(item.id for item in real)
    for item in real:
        if item.would_do:
            continue
        same = [one for one in shown if _what(one) == _what(item)]
        known = {name for one in same for name in one.findings}
        assert any(later[name] >= ARMED_AT and name not in known for name in item.findings)


def _what(sanction: Sanction) -> tuple[str, str, str]:
    return (sanction.step, sanction.measure, sanction.target)


@pytest.mark.parametrize(
    ("received", "real"), [(ARMED_AT - 1, False), (ARMED_AT, True), (ARMED_AT + 1, True)]
)
def test_only_what_was_received_after_arming_is_real(received: int, real: bool) -> None:  # noqa: FBT001  # a table
    (made,) = live(proposal(), f1=received)
    assert made.would_do == (not real)


def test_a_finding_nobody_knows_the_receipt_of_is_never_real() -> None:
    said = decision(proposal(findings=("f9",)))
    (made,) = propose(said, CASE, [], now=NOW, received={}, standing=armed)
    assert made.would_do


def test_what_was_shown_while_it_was_armed_stays_shown() -> None:
    """The instant of arming is read before the transaction that stores it."""
    said = decision(proposal())
    shown = propose(said, CASE, [], now=NOW, received={"f1": ARMED_AT + 1})
    assert propose(said, CASE, shown, now=NOW, received={"f1": ARMED_AT + 1}, standing=armed) == ()
    (real,) = live(proposal(findings=("f1", "f2")), earlier=shown, f1=ARMED_AT + 1)
    assert not real.would_do


@pytest.mark.parametrize("state", [state for state in State if state not in OVER])
def test_nothing_that_is_pending_is_proposed_again(state: State) -> None:
    (made,) = live(proposal())
    going_on = replace(made, state=state)
    assert live(proposal(findings=("f1", "f2")), earlier=[going_on], f2=NOW + 1) == ()


@pytest.mark.parametrize("state", sorted(OVER))
def test_after_an_end_only_what_came_after_it_counts(state: State) -> None:
    (made,) = live(proposal())
    over = ended(made, state, 500)
    assert live(proposal(), earlier=[over], now=600) == ()
    assert live(proposal(findings=("f1", "f2")), earlier=[over], now=600, f2=500) == ()
    (new,) = live(proposal(findings=("f1", "f2")), earlier=[over], now=600, f2=501)
    assert new.id != made.id
    assert new.id == sanction_id("case-1", proposal(), "f2", would_do=False)
    assert not new.would_do


@given(st.sampled_from(sorted(OVER)), st.integers(0, 600), st.booleans())
def test_after_an_end_nothing_older_is_ever_proposed_again(
    state: State,
    received: int,
    armed_now: bool,  # noqa: FBT001  # drawn
) -> None:
    (made,) = live(proposal())
    standing = armed if armed_now else observe
    again = propose(
        decision(proposal(findings=("f2",))),
        CASE,
        [ended(made, state, 500)],
        now=700,
        received={"f2": received},
        standing=standing,
    )
    assert bool(again) == (received > 500)


@pytest.mark.parametrize("state", [State.REFUSED, State.LIFTED])
def test_what_a_person_ended_no_graver_step_brings_back(state: State) -> None:
    (made,) = live(proposal(step="stop"))
    over = ended(made, state, 500, lifted_by="ann")
    assert live(proposal(step="again"), earlier=[over], now=600) == ()
    (new,) = live(proposal(step="again", findings=("f1", "f2")), earlier=[over], now=600, f2=501)
    assert new.step == "again"
    other = live(proposal(step="again", target="bob"), earlier=[over], now=600)
    assert [item.target for item in other] == ["bob"]


def test_what_expired_a_graver_step_may_ask_for_again() -> None:
    (made,) = live(proposal(step="stop"))
    over = ended(made, State.EXPIRED, 500)
    (new,) = live(proposal(step="again"), earlier=[over], now=600)
    assert new.step == "again"


def test_a_warning_is_not_sent_beside_a_hold() -> None:
    both = (proposal(Measure.WARN, step="question"), proposal())
    assert [item.measure for item in live(*both)] == ["hold_mail"]
    elsewhere = (proposal(Measure.WARN, step="question", target="bob"), proposal())
    assert sorted(item.measure for item in live(*elsewhere)) == ["hold_mail", "warn"]
    shown = propose(decision(*both), CASE, [], now=NOW, received={"f1": 5})
    assert sorted(item.measure for item in shown) == ["hold_mail", "warn"]


def test_a_warning_does_not_follow_the_hold_about_the_same() -> None:
    (held,) = live(proposal())
    warn = proposal(Measure.WARN, step="question")
    lifted = ended(held, State.LIFTED, 500, lifted_by="ann")
    assert live(warn, earlier=[lifted], now=600) == ()
    expired = ended(held, State.EXPIRED, 500)
    assert live(warn, earlier=[expired], now=600) == ()
    (new,) = live(replace(warn, findings=("f1", "f2")), earlier=[expired], now=600, f2=501)
    assert new.measure == "warn"
    # Nothing was said to the customer of what was refused.
    (still,) = live(warn, earlier=[ended(held, State.REFUSED, 500, lifted_by="ann")], now=600)
    assert still.measure == "warn"


def test_a_hold_takes_the_place_of_a_warning_that_still_waits() -> None:
    (warned,) = live(proposal(Measure.WARN, step="question", people=1))
    (held,) = live(proposal(), earlier=[warned])
    assert superseded(held, [warned]) == (warned,)
    for kept in (
        replace(warned, state=State.APPROVED),
        replace(warned, state=State.ANNOUNCED),
        replace(warned, would_do=True),
        replace(warned, target="bob"),
    ):
        assert superseded(held, [kept]) == ()
    assert superseded(replace(held, would_do=True), [warned]) == ()
    assert superseded(warned, [replace(warned, id="x")]) == ()


@given(st.lists(PROPOSALS, min_size=1, max_size=6), RECEIVED)
def test_an_unattributed_case_has_no_sanctions(
    proposals: list[Proposal], received: dict[str, int]
) -> None:
    nobody = replace(CASE, customer=None, actor="ip:192.0.2.1", attribution="unknown")
    said = decision(*proposals)
    assert propose(said, nobody, [], now=NOW, received=received, standing=armed) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"step": "habit"},
        {"measure": Measure.WARN},
        {"scope": "service"},
        {"target": "bob"},
    ],
)
def test_another_step_measure_or_target_is_another_sanction(change: dict[str, str]) -> None:
    one = proposal()
    other = replace(one, **change)  # type: ignore[arg-type]  # by name
    ids = {
        sanction_id("case-1", one, "f1", would_do=False),
        sanction_id("case-1", other, "f1", would_do=False),
        sanction_id("case-2", one, "f1", would_do=False),
        sanction_id("case-1", one, "f2", would_do=False),
        sanction_id("case-1", one, "f1", would_do=True),
    }
    assert len(ids) == 5


def test_a_decision_about_another_case_is_refused() -> None:
    with pytest.raises(ValueError, match="is not about case"):
        propose(decision(proposal(), case="case-2"), CASE, [], now=NOW, received={})
