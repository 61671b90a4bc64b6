"""A case makes the moves of the table and no other, whatever happens in whatever order."""

from __future__ import annotations

import pytest
from case_samples import case
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.errors import AupkeepError
from aupkeep.cases.moving import happened, moved, moved_by_person
from aupkeep.cases.state import (
    BY_ITSELF,
    BY_PERSON,
    LOOKED_AT,
    MOVES,
    RANK,
    TAKES_FINDINGS,
    CaseState,
    Cause,
)

_STATES = st.sampled_from(CaseState)


def test_the_tables_agree() -> None:
    assert set(MOVES) == set(CaseState) == set(RANK)
    assert set(BY_ITSELF) == set(Cause)
    for states, to in BY_ITSELF.values():
        assert all(to in MOVES[state] for state in states)
    assert set(CaseState) - TAKES_FINDINGS == {CaseState.CLOSED}
    assert {CaseState.CONTAINED, CaseState.APPEALED, CaseState.CLOSED}.isdisjoint(LOOKED_AT)


def test_nothing_brings_a_closed_case_back_by_itself() -> None:
    for cause in Cause:
        assert happened(case(state="closed"), cause, at=9).state == "closed"


@given(st.lists(st.sampled_from(Cause), max_size=20))
def test_whatever_happens_each_step_is_a_move_of_the_table(causes: list[Cause]) -> None:
    here = case()
    for instant, cause in enumerate(causes):
        there = happened(here, cause, at=instant)
        if there != here:
            assert CaseState(there.state) in MOVES[CaseState(here.state)]
            assert there.moved_at == instant
        here = there


@given(_STATES, _STATES)
def test_only_the_table_moves(state: CaseState, to: CaseState) -> None:
    if to in MOVES[state]:
        assert moved(case(state=state.value), to, at=5).state == to
        return
    with pytest.raises(AupkeepError) as refused:
        moved(case(state=state.value), to, at=5)
    (fault,) = refused.value.faults
    assert (fault.code, fault.allowed) == ("no-such-move", tuple(MOVES[state]))


@given(_STATES, st.one_of(_STATES, st.text(max_size=9)))
def test_a_person_says_only_what_a_person_can(state: CaseState, to: str) -> None:
    allowed = to in BY_PERSON and CaseState(to) in MOVES[state]
    try:
        assert moved_by_person(case(state=state.value), to, at=5).state == to
    except AupkeepError:
        assert not allowed
    else:
        assert allowed


@given(_STATES, st.sampled_from(Cause))
def test_a_merged_case_stays_what_it_is(to: CaseState, cause: Cause) -> None:
    gone = case(state="closed", merged_into="2" * 32)
    assert happened(gone, cause, at=1) == gone
    with pytest.raises(AupkeepError, match="was merged into"):
        moved(gone, to, at=1)
