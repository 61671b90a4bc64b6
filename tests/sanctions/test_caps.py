"""Caps: one mistake stays small, one customer may always be acted on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import HOUR, MINUTE
from aupkeep.policy.model import Limits
from aupkeep.sanctions.caps import over
from aupkeep.sanctions.sanction import Sanction, State

NOW = 1_772_438_400_000_000
LIMITS = Limits(accounts_per_hour=3, share_permille=20)


def one(
    customer: str,
    *,
    ago: int = 0,
    state: State = State.ANNOUNCED,
    touches: bool = True,
    applied: bool = True,
) -> Sanction:
    return Sanction(
        id=f"{customer} {ago} {state}",
        case="case",
        provider="jasmo",
        customer=customer,
        step="stop",
        measure="hold_mail" if touches else "warn",
        scope="mailbox",
        target="ann",
        power="hold_mail",
        state=state,
        would_do=False,
        since=NOW - ago,
        until=None,
        people=0,
        touches_service=touches,
        applied_at=NOW - ago if applied else None,
    )


NEXT = replace(one("new", state=State.APPROVED, applied=False), id="next")


def said(others: list[Sanction], *, customers: int = 10_000, sanction: Sanction = NEXT) -> str:
    return over(sanction, others, LIMITS, customers=customers, now=NOW)


def test_under_the_caps_nothing_is_said() -> None:
    assert said([]) == ""
    assert said([one("a"), one("b")]) == ""


def test_so_many_customers_an_hour() -> None:
    three = [one("a"), one("b"), one("c", ago=HOUR - 1)]
    assert said(three) == (
        "3 other customers were acted on within an hour, and the policy's limit is 3"
    )
    assert said([*three[:2], one("c", ago=HOUR)]) == ""
    assert said([*three[:2], one("b", ago=MINUTE)]) == ""


def test_what_ended_within_the_hour_counts_for_the_hour() -> None:
    ended = [one(name, state=State.LIFTED) for name in "abc"]
    assert said(ended).startswith("3 other customers were acted on")


def test_what_failed_counts_since_nobody_knows() -> None:
    assert said([one(name, state=State.FAILED) for name in "abc"]) != ""


def test_a_customer_who_is_under_a_measure_does_not_count_against_themselves() -> None:
    others = [one("a"), one("b"), one("new")]
    assert said(others) == ""


def test_so_many_of_all_customers() -> None:
    long_ago = [one(name, ago=48 * HOUR) for name in "ab"]
    assert said(long_ago, customers=150) == ""
    assert said(long_ago, customers=100) == (
        "2 of 100 customers are under a measure, and the policy's limit is 2 % (2)"
    )
    over_now = [one(name, ago=48 * HOUR, state=State.EXPIRED) for name in "ab"]
    assert said(over_now, customers=100) == ""


def test_a_small_provider_may_act_on_one() -> None:
    assert said([], customers=1) == ""
    assert said([], customers=0) == ""
    assert said([one("a", ago=48 * HOUR)], customers=1) != ""


def test_who_says_go_on_vouches_for_what_was_applied_so_far() -> None:
    three = [one(name, ago=MINUTE) for name in "abc"]

    def after(vouched: int) -> str:
        return over(NEXT, three, LIMITS, customers=10, now=NOW, vouched=vouched)

    assert after(NOW - 2 * MINUTE).startswith("3 other customers")
    assert after(NOW - MINUTE) == ""


def test_what_touches_no_service_is_not_capped_and_does_not_count() -> None:
    letters = [one(name, touches=False) for name in "abcdef"]
    assert said(letters) == ""
    assert (
        said([one(name) for name in "abcdef"], sanction=replace(NEXT, touches_service=False)) == ""
    )


def test_the_sanction_itself_does_not_count() -> None:
    again = replace(NEXT, applied_at=NOW, state=State.FAILED)
    assert said([again, one("a"), one("b")], sanction=again) == ""


@given(
    st.lists(
        st.builds(
            one,
            st.sampled_from("abcdefgh"),
            ago=st.integers(0, 2 * HOUR),
            state=st.sampled_from([State.ANNOUNCED, State.LIFTED, State.FAILED, State.LIFTING]),
            touches=st.booleans(),
        ),
        max_size=12,
    ),
    st.integers(1, 400),
)
def test_more_in_force_never_makes_room(others: list[Sanction], customers: int) -> None:
    blocked = [bool(said(others[:count], customers=customers)) for count in range(len(others) + 1)]
    assert blocked == sorted(blocked)


@pytest.mark.parametrize("limit", [0, 1])
def test_the_least_limits(limit: int) -> None:
    limits = Limits(accounts_per_hour=limit, share_permille=1000)
    assert (over(NEXT, [], limits, customers=5, now=NOW) == "") == (limit == 1)
