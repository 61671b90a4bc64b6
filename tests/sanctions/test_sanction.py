"""Proposing is idempotent, observe mode is a wall, and only the table's moves exist."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError
from aupkeep.cases.case import Case
from aupkeep.decisions.decision import Decision, Proposal, Reason
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.sanctions.sanction import MOVES, Sanction, State, move, propose, sanction_id

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

PROPOSALS = st.builds(
    Proposal,
    step=st.sampled_from(["question", "again"]),
    measure=st.sampled_from(Measure),
    scope=st.sampled_from(["mailbox", "service"]),
    target=st.sampled_from(["a", "b"]),
    length=st.sampled_from([0, DAY]),
    people=st.integers(0, 3),
    touches_service=st.booleans(),
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


HOLD = Proposal(
    step="again",
    measure=Measure.HOLD_MAIL,
    scope="mailbox",
    target="ann",
    length=DAY,
    people=2,
    touches_service=Measure.HOLD_MAIL in TOUCH_SERVICE,
)


def hold(*, observe: bool = False) -> Sanction:
    (made,) = propose(decision(HOLD), CASE, [], now=NOW, observe=observe)
    return made


@settings(max_examples=100, deadline=None)
@given(st.lists(PROPOSALS, max_size=6), st.lists(PROPOSALS, max_size=6))
def test_proposing_again_proposes_nothing_new(first: list[Proposal], more: list[Proposal]) -> None:
    once = propose(decision(*first), CASE, [], now=NOW)
    known = [item.id for item in once]
    assert len(known) == len(set(known))
    assert set(known) == {sanction_id("case-1", item) for item in first}
    assert propose(decision(*first), CASE, known, now=NOW + 1) == ()
    later = propose(decision(*first, *more), CASE, known, now=NOW + 1)
    fresh = {sanction_id("case-1", item) for item in more} - set(known)
    assert {item.id for item in later} == fresh


@settings(max_examples=50, deadline=None)
@given(st.lists(PROPOSALS, min_size=1, max_size=6))
def test_an_unattributed_case_has_no_sanctions(proposals: list[Proposal]) -> None:
    nobody = replace(CASE, customer=None, actor="ip:192.0.2.1", attribution="unknown")
    assert propose(decision(*proposals), nobody, [], now=NOW, observe=False) == ()


def test_what_is_proposed() -> None:
    made = hold(observe=True)
    assert (made.case, made.provider, made.customer) == ("case-1", "jasmo", "c-1")
    assert (made.measure, made.scope, made.target) == ("hold_mail", "mailbox", "ann")
    assert (made.since, made.until, made.people) == (NOW, NOW + DAY, 2)
    assert made.state is State.PROPOSED
    assert made.would_do
    (endless,) = propose(decision(replace(HOLD, length=0)), CASE, [], now=NOW)
    assert endless.until is None


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
    other = replace(HOLD, **change)  # type: ignore[arg-type]  # by name
    assert sanction_id("case-1", other) != sanction_id("case-1", HOLD)
    assert sanction_id("case-2", HOLD) != sanction_id("case-1", HOLD)


def test_a_decision_about_another_case_is_refused() -> None:
    with pytest.raises(ValueError, match="is not about case"):
        propose(decision(HOLD, case="case-2"), CASE, [], now=NOW)


@pytest.mark.parametrize("to", list(State))
def test_nothing_proposed_in_observe_mode_ever_moves(to: State) -> None:
    agreed = replace(hold(observe=True), approved_by=("ann", "bob"))
    with pytest.raises(AupkeepError) as refused:
        move(agreed, to)
    assert refused.value.faults[0].code == "observe"


@pytest.mark.parametrize("to", list(State))
@pytest.mark.parametrize("state", list(State))
def test_only_the_moves_of_the_table_exist(state: State, to: State) -> None:
    agreed = replace(hold(), state=state, approved_by=("ann", "bob"))
    if to in MOVES[state]:
        assert move(agreed, to) == replace(agreed, state=to)
    else:
        with pytest.raises(AupkeepError) as refused:
            move(agreed, to)
        (fault,) = refused.value.faults
        assert fault.code == "no-such-move"
        assert fault.allowed == tuple(item.value for item in MOVES[state])


@pytest.mark.parametrize("approved_by", [(), ("ann",), ("ann", "ann")])
def test_too_few_different_people_do_not_approve(approved_by: tuple[str, ...]) -> None:
    with pytest.raises(AupkeepError) as refused:
        move(replace(hold(), approved_by=approved_by), State.APPROVED)
    assert refused.value.faults[0].code == "too-few-people"


def test_the_table_is_whole() -> None:
    """Every state is listed, is reached from `proposed`, and has a way to an end."""
    assert set(MOVES) == set(State)
    reached = {State.PROPOSED}
    for _ in State:
        reached |= {to for state in reached for to in MOVES[state]}
    assert reached == set(State)
    ends = {state for state in State if not MOVES[state]}
    assert ends == {State.REFUSED, State.LIFTED, State.EXPIRED}
    for _ in State:
        ends |= {state for state in State if set(MOVES[state]) & ends}
    assert ends == set(State)


def test_nothing_takes_effect_before_it_is_approved_and_is_announced_before_it_is_verified() -> (
    None
):
    """Past `approved` there is only refusal; past `verified` nothing is announced."""

    def reached(without: State) -> set[State]:
        found = {State.PROPOSED}
        for _ in State:
            found |= {to for state in found for to in MOVES[state] if to is not without}
        return found

    assert reached(State.APPROVED) == {State.PROPOSED, State.REFUSED}
    assert State.ANNOUNCED not in reached(State.VERIFIED)
