"""People agree, refuse, choose milder, lift: who may, how many must, and the words of refusals."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError, render
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.policy.people import least_people
from aupkeep.policy.words import CREDITED, REVERSIBLE
from aupkeep.sanctions.approval import (
    ALONE_WAITS,
    approve,
    by_policy,
    enough,
    lift,
    milder,
    override,
    refuse,
)
from aupkeep.sanctions.sanction import Sanction, State

GOLDEN = Path(__file__).parents[1] / "golden" / "sanctions"
NOW = 1_772_438_400_000_000

#: DESIGN section 5, word for word: people on a fact, on anything weaker, on a fact at once.
TABLE = {
    Measure.WARN: (0, 1, 0),
    Measure.THROTTLE: (0, 1, 0),
    Measure.PRESERVE: (0, 1, 0),
    Measure.HOLD_MAIL: (0, 1, 0),
    Measure.LOCK_SITE: (0, 1, 0),
    Measure.QUARANTINE_FILE: (0, 1, 0),
    Measure.BLOCK_TRAFFIC: (0, 1, 0),
    Measure.SUSPEND_SERVICE: (0, 1, 0),
    Measure.DENY_SERVICE: (0, 1, 0),
    Measure.REMOVE_CONTENT: (2, 2, 1),
    Measure.SUSPEND_ACCOUNT: (2, 2, 1),
    Measure.FEE: (1, 1, 1),
    Measure.NOTIFY_AUTHORITY: (1, 1, 1),
    Measure.TERMINATE: (2, 2, 2),
}
CARRYING = (Tier.FACT, Tier.STRONG, Tier.JUDGEMENT)


def proposed(
    measure: Measure = Measure.HOLD_MAIL, *, people: int = 1, tier: Tier = Tier.STRONG
) -> Sanction:
    return Sanction(
        id="5" * 32,
        case="case-1",
        provider="jasmo",
        customer="c-1",
        clause="spam",
        step="stop",
        measure=measure.value,
        scope="mailbox",
        target="ann",
        power=measure.value,
        state=State.PROPOSED,
        would_do=False,
        since=NOW - HOUR,
        until=None,
        length=DAY if measure in REVERSIBLE else 0,
        people=people,
        tier=tier.word,
        policy_version="1",
        touches_service=measure in TOUCH_SERVICE,
        findings=("f1",),
    )


def in_force(state: State = State.ANNOUNCED) -> Sanction:
    return replace(proposed(), state=state, approved_by=("ann",), applied_at=NOW)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(AupkeepError) as refused:
        act()
    (fault,) = refused.value.faults
    return fault.code


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("tier", CARRYING)
@pytest.mark.parametrize("immediate", [False, True])
def test_as_many_people_as_the_table_says(measure: Measure, tier: Tier, immediate: bool) -> None:  # noqa: FBT001  # a table
    on_fact, otherwise, at_once = TABLE[measure]
    fact = at_once if immediate else on_fact
    needed = least_people(measure, tier, immediate=immediate)
    assert needed == (fact if tier is Tier.FACT else otherwise)
    sanction = proposed(measure, people=needed, tier=tier)
    if needed == 0:
        assert by_policy(sanction, now=NOW).state is State.APPROVED
        return
    assert code(lambda: by_policy(sanction, now=NOW)) == "too-few-people"
    for number in range(1, needed + 1):
        assert not enough(sanction)
        sanction = approve(sanction, f"person {number}", now=NOW)
        assert (sanction.state is State.APPROVED) == (number == needed)
    assert enough(sanction)
    assert sanction.ready_at == NOW


@pytest.mark.parametrize("measure", list(Measure))
def test_a_score_never_comes_to_people(measure: Measure) -> None:
    assert least_people(measure, Tier.SCORE) is None
    assert least_people(measure, Tier.SCORE, immediate=True) is None


@given(st.lists(st.sampled_from(["ann", "bob", "eve"]), max_size=8), st.integers(1, 3))
def test_nobody_counts_twice(presses: list[str], people: int) -> None:
    sanction = proposed(people=people)
    agreed: list[str] = []
    for person in presses:
        if len(agreed) == people:
            assert code(lambda: approve(sanction, person, now=NOW)) == "no-such-move"  # noqa: B023  # called at once
        elif person in agreed:
            assert code(lambda: approve(sanction, person, now=NOW)) == "agreed-already"  # noqa: B023  # called at once
        else:
            sanction = approve(sanction, person, now=NOW)
            agreed.append(person)
        assert sanction.approved_by == tuple(agreed)
        assert (sanction.state is State.APPROVED) == (len(agreed) == people)


def test_nobody_agrees_to_their_own_proposal() -> None:
    own = replace(proposed(), proposed_by="ann")
    assert code(lambda: approve(own, "ann", now=NOW)) == "own-proposal"
    assert approve(own, "bob", now=NOW).state is State.APPROVED
    assert not enough(replace(own, approved_by=("ann",)))
    assert enough(replace(own, approved_by=("bob",)))


@pytest.mark.parametrize("people", [1, 2, 3])
def test_a_single_operator_is_enough_and_what_needs_two_waits_a_day(people: int) -> None:
    made = approve(proposed(people=people), "ann", now=NOW, alone=True)
    assert made.state is State.APPROVED
    assert made.ready_at == (NOW if people == 1 else NOW + ALONE_WAITS)
    assert enough(made, alone=True)
    assert enough(made) == (people == 1)


def test_a_single_operators_own_proposal_waits_a_day() -> None:
    own = replace(proposed(), proposed_by="ann")
    made = approve(own, "ann", now=NOW, alone=True)
    assert (made.state, made.ready_at) == (State.APPROVED, NOW + DAY)


@pytest.mark.parametrize("alone", [False, True])
def test_what_was_only_observed_nobody_approves(alone: bool) -> None:  # noqa: FBT001  # a table
    shown = replace(proposed(), would_do=True)
    assert code(lambda: approve(shown, "ann", now=NOW, alone=alone)) == "observe"
    assert code(lambda: refuse(shown, "ann", "no", now=NOW)) == "observe"
    assert code(lambda: override(shown, "warn", 0, "ann", "no", now=NOW)) == "observe"
    assert code(lambda: lift(shown, "ann", "no", release=False)) == "observe"
    assert code(lambda: by_policy(replace(shown, people=0), now=NOW)) == "observe"


@pytest.mark.parametrize("state", list(State))
def test_where_each_act_is_allowed(state: State) -> None:
    one = replace(in_force(state), people=1)

    def allowed(act: Callable[[], Sanction]) -> bool:
        try:
            act()
        except AupkeepError as refused:
            (fault,) = refused.faults
            assert fault.code == "no-such-move"
            return False
        return True

    assert allowed(lambda: approve(one, "bob", now=NOW)) == (state is State.PROPOSED)
    before = state in (State.PROPOSED, State.APPROVED)
    assert allowed(lambda: refuse(one, "bob", "no", now=NOW)) == before
    assert allowed(lambda: override(one, "warn", 0, "bob", "no", now=NOW)) == before
    standing = state in (State.APPLIED, State.VERIFIED, State.ANNOUNCED, State.FAILED)
    assert allowed(lambda: lift(one, "bob", "no", release=False)) == standing


def test_a_refusal_says_who_and_why() -> None:
    gone = refuse(proposed(), "ann", "  a newsletter,\n that people asked for ", now=NOW)
    assert (gone.state, gone.lifted_by, gone.ended_at) == (State.REFUSED, "ann", NOW)
    assert gone.reason == "a newsletter, that people asked for"


def test_lifting_says_who_why_and_what_becomes_of_what_was_held() -> None:
    gone = lift(in_force(), "ann", "password changed", release=True)
    assert (gone.state, gone.ends_as, gone.release) == (State.LIFTING, "lifted", True)
    assert (gone.lifted_by, gone.reason, gone.ended_at) == ("ann", "password changed", None)


@pytest.mark.parametrize("measure", list(Measure))
def test_only_what_can_be_taken_back_is_lifted(measure: Measure) -> None:
    one = replace(proposed(measure), state=State.ANNOUNCED)
    if measure in REVERSIBLE | CREDITED:
        assert lift(one, "ann", "over", release=False).state is State.LIFTING
    else:
        assert code(lambda: lift(one, "ann", "over", release=False)) == "nothing-to-lift"


@pytest.mark.parametrize("measure", list(Measure))
def test_what_is_milder(measure: Measure) -> None:
    wanted = [measure.value] if measure in REVERSIBLE else []
    wanted += ["warn"] if measure in TOUCH_SERVICE else []
    assert milder(proposed(measure)) == tuple(wanted)


def test_a_milder_measure_is_a_new_proposal_of_a_person() -> None:
    one = proposed(people=2)
    shorter = override(one, "hold_mail", 6 * HOUR, "ann", "first time", now=NOW)
    assert (shorter.instead_of, shorter.proposed_by) == (one.id, "ann")
    assert (shorter.state, shorter.approved_by, shorter.people) == (State.PROPOSED, (), 2)
    assert (shorter.length, shorter.until) == (6 * HOUR, NOW + 6 * HOUR)
    assert (shorter.measure, shorter.power, shorter.target) == ("hold_mail", "hold_mail", "ann")
    assert (shorter.findings, shorter.reason, shorter.would_do) == (("f1",), "first time", False)
    word = override(one, "warn", 0, "ann", "first time", now=NOW)
    assert (word.measure, word.length, word.until, word.people) == ("warn", 0, None, 1)
    assert not word.touches_service
    assert len({one.id, shorter.id, word.id}) == 3


@pytest.mark.parametrize("measure", sorted(REVERSIBLE & TOUCH_SERVICE))
@given(length=st.integers(-DAY, 3 * DAY))
def test_nothing_longer_or_graver_comes_of_an_override(measure: Measure, length: int) -> None:
    one = proposed(measure)
    if 0 < length < one.length:
        assert override(one, measure.value, length, "ann", "so", now=NOW).length == length
    else:
        assert code(lambda: override(one, measure.value, length, "ann", "so", now=NOW)) == (
            "not-milder"
        )
    for other in set(Measure) - {measure, Measure.WARN}:
        assert code(lambda: override(one, other.value, 1, "ann", "so", now=NOW)) == "not-milder"  # noqa: B023  # called at once


FAULTS: dict[str, Callable[[], object]] = {
    "agreed-already": lambda: approve(
        replace(proposed(people=2), approved_by=("ann",)), "ann", now=NOW
    ),
    "approved-already": lambda: approve(in_force(State.APPROVED), "bob", now=NOW),
    "own-proposal": lambda: approve(replace(proposed(), proposed_by="ann"), "ann", now=NOW),
    "observe": lambda: approve(replace(proposed(), would_do=True), "ann", now=NOW),
    "people-must": lambda: by_policy(proposed(people=2), now=NOW),
    "refuse-without-reason": lambda: refuse(proposed(), "ann", " \n", now=NOW),
    "refuse-in-force": lambda: refuse(in_force(), "ann", "no", now=NOW),
    "lift-without-reason": lambda: lift(in_force(), "ann", "", release=False),
    "lift-proposed": lambda: lift(proposed(), "ann", "no", release=False),
    "lift-twice": lambda: lift(in_force(State.LIFTING), "ann", "no", release=False),
    "lift-a-warning": lambda: lift(
        replace(proposed(Measure.WARN), state=State.ANNOUNCED), "ann", "no", release=False
    ),
    "override-longer": lambda: override(proposed(), "hold_mail", 2 * DAY, "ann", "no", now=NOW),
    "override-graver": lambda: override(proposed(), "terminate", 0, "ann", "no", now=NOW),
    "override-a-warning": lambda: override(
        proposed(Measure.WARN), "hold_mail", DAY, "ann", "no", now=NOW
    ),
    "override-without-reason": lambda: override(proposed(), "warn", 0, "ann", "", now=NOW),
    "override-over": lambda: override(in_force(State.LIFTED), "warn", 0, "ann", "no", now=NOW),
}


def test_every_refusal_in_its_words() -> None:
    said = []
    for name, act in FAULTS.items():
        with pytest.raises(AupkeepError) as refused:
            act()
        said.append(f"# {name}\n" + "\n".join(render(one) for one in refused.value.faults) + "\n")
    text = "\n".join(said)
    path = GOLDEN / "approval.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
