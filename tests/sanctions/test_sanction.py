"""Observe mode is a wall, only the table's moves exist, and no path goes round verification."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError
from aupkeep.sanctions.sanction import IN_FORCE, MOVES, OVER, Sanction, State, move


def hold(*, observe: bool = False) -> Sanction:
    return Sanction(
        id="s" * 32,
        case="case-1",
        provider="jasmo",
        customer="c-1",
        clause="spam",
        step="again",
        measure="hold_mail",
        scope="mailbox",
        target="ann",
        power="hold_mail",
        state=State.PROPOSED,
        would_do=observe,
        since=1_000,
        until=1_000 + DAY,
        length=DAY,
        people=2,
        tier="fact",
        touches_service=True,
    )


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
    """Without `approved` there is only refusal; without `verified` nothing is announced."""

    def reached(without: State) -> set[State]:
        found = {State.PROPOSED}
        for _ in State:
            found |= {to for state in found for to in MOVES[state] if to is not without}
        return found

    assert reached(State.APPROVED) == {State.PROPOSED, State.REFUSED}
    assert State.ANNOUNCED not in reached(State.VERIFIED)


@pytest.mark.parametrize("to", list(State))
def test_what_failed_while_it_was_lifted_is_never_applied_again(to: State) -> None:
    failed = replace(hold(), state=State.FAILED, approved_by=("ann", "bob"), ends_as="lifted")
    if to is State.LIFTING:
        assert move(failed, to).state is State.LIFTING
        return
    with pytest.raises(AupkeepError) as refused:
        move(failed, to)
    (fault,) = refused.value.faults
    assert fault.what.startswith("a sanction that is failed while it was being lifted cannot")
    assert fault.allowed == ("lifting",)


@pytest.mark.parametrize("state", list(State))
def test_what_is_pending_and_in_force(state: State) -> None:
    one = replace(hold(), state=state)
    assert one.pending == (state not in OVER)
    assert not one.in_force
    assert replace(one, applied_at=1).in_force == (state in IN_FORCE)
    assert not replace(one, would_do=True).pending


class Life(RuleBasedStateMachine):
    """Any moves in any order: what must hold of every history."""

    def __init__(self) -> None:
        super().__init__()
        self.sanction = hold()
        self.past = [self.sanction.state]

    @rule(person=st.sampled_from(["ann", "bob"]))
    def agree(self, person: str) -> None:
        agreed = (*self.sanction.approved_by, person)
        self.sanction = replace(self.sanction, approved_by=agreed)

    @rule(to=st.sampled_from(State), ends_as=st.sampled_from([State.LIFTED, State.EXPIRED]))
    def try_to(self, to: State, ends_as: State) -> None:
        wants_end = to is State.LIFTING and not self.sanction.ends_as
        changes = {"ends_as": ends_as.value} if wants_end else {}
        try:
            self.sanction = move(self.sanction, to, **changes)
        except AupkeepError:
            return
        self.past.append(to)

    @precondition(lambda self: any(MOVES[self.sanction.state]))
    @rule(pick=st.integers(0, 9))
    def follow_the_table(self, pick: int) -> None:
        ways = MOVES[self.sanction.state]
        self.try_to(ways[pick % len(ways)], State.LIFTED)

    @invariant()
    def nothing_is_announced_that_was_not_verified_just_before(self) -> None:
        for before, after in zip(self.past, self.past[1:], strict=False):
            assert after is not State.ANNOUNCED or before is State.VERIFIED
            assert after is not State.VERIFIED or before is State.APPLIED

    @invariant()
    def nothing_acts_that_two_people_have_not_approved(self) -> None:
        if set(self.past) & IN_FORCE:
            assert State.APPROVED in self.past
            assert set(self.sanction.approved_by) == {"ann", "bob"}

    @invariant()
    def an_end_is_the_end(self) -> None:
        for at, state in enumerate(self.past[:-1]):
            assert state not in OVER, self.past[at:]

    @invariant()
    def what_is_being_lifted_is_not_applied_again(self) -> None:
        if State.LIFTING in self.past:
            after = self.past[self.past.index(State.LIFTING) :]
            assert not {State.APPLYING, State.APPLIED, State.VERIFIED, State.ANNOUNCED} & set(after)


TestLife = Life.TestCase
