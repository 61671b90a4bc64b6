from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.attribution.difference import Changes, difference
from aupkeep.attribution.holdings import Holding
from aupkeep.base.errors import AupkeepError

NOW = 100


def held(value: str = "a", customer: str = "c1", since: int = 0, **other: object) -> Holding:
    base = Holding(
        provider="jasmo",
        kind="login",
        value=value,
        customer=customer,
        since=since,
        source="billing",
        recorded_at=0,
    )
    return replace(base, **other)  # type: ignore[arg-type]  # fields by name, given by the tests


def many(count: int) -> list[Holding]:
    return [held(str(number)) for number in range(count)]


def run(old: list[Holding], new: list[Holding], *, forced: bool = True) -> Changes:
    return difference(old, new, "billing", at=NOW, forced=forced)


def applied(old: list[Holding], changes: Changes) -> list[Holding]:
    rest = list(old)
    for holding in changes.ending:
        rest.remove(holding)
    return [*rest, *changes.ended, *changes.opened]


def test_the_first_import_opens_everything() -> None:
    changes = run([], [held(source="file"), held("b")], forced=False)
    assert changes == Changes(opened=(held(), held("b")), ended=(), ending=(), kept=())


def test_what_is_no_longer_listed_ends_at_the_import() -> None:
    changes = run([held(), held("b")], [held("b")])
    assert changes.ended == (held(until=NOW),)
    assert changes.ending == (held(),)
    assert changes.kept == (held("b"),)
    assert changes.opened == ()


def test_another_source_is_left_alone() -> None:
    other = held("z", source="panel")
    changes = run([other, held()], [held()])
    assert changes.kept == (held(),)
    assert changes.ended == ()


def test_a_reassigned_value_changes_hands() -> None:
    changes = run([held()], [held(customer="c2", since=NOW)])
    assert changes.ended == (held(until=NOW),)
    assert changes.opened == (held(customer="c2", since=NOW),)


def test_a_list_that_says_from_now_each_time_changes_nothing() -> None:
    changes = run([held()], [held(since=NOW, recorded_at=NOW)])
    assert (changes.kept, changes.opened, changes.ended) == ((held(),), (), ())


def test_a_stated_end_is_taken() -> None:
    assert run([held()], [held(until=60)]).ended == (held(until=60),)
    assert run([held()], [held(until=160)]).ended == (held(until=160),)


def test_a_new_plan_begins_at_the_import() -> None:
    changes = run([held(plan="basic")], [held(plan="pro")])
    assert changes.ended == (held(plan="basic", until=NOW),)
    assert changes.opened == (held(plan="pro", since=NOW),)


def test_an_earlier_beginning_adds_the_time_before() -> None:
    changes = run([held(since=50)], [held(since=10)])
    assert changes.kept == (held(since=50),)
    assert changes.opened == (held(since=10, until=50),)


def test_what_was_announced_and_is_withdrawn_never_began() -> None:
    changes = run([held(since=150)], [])
    assert changes.ended == (held(since=150, until=150),)


def test_what_is_over_stays_over() -> None:
    over = held(until=50)
    assert run([over], []).kept == (over,)


@pytest.mark.parametrize(
    ("count", "left", "fine"),
    [
        (100, 95, True),
        (100, 94, False),
        (20, 19, True),
        (20, 18, False),
        (3, 2, True),
        (3, 1, False),
        (2, 1, True),
        (1, 0, False),
    ],
)
def test_a_list_that_ends_too_much_is_refused(count: int, left: int, *, fine: bool) -> None:
    old = many(count)
    if fine:
        assert len(run(old, old[:left], forced=False).ended) == count - left
        return
    with pytest.raises(AupkeepError, match=f"would end {count - left} of the {count} present"):
        run(old, old[:left], forced=False)
    assert len(run(old, old[:left]).ended) == count - left


def test_new_plans_for_all_end_nobody() -> None:
    old = [held(str(number), plan="basic") for number in range(50)]
    new = [replace(holding, plan="pro") for holding in old]
    changes = run(old, new, forced=False)
    assert (len(changes.ended), len(changes.opened)) == (50, 50)


@st.composite
def listed(draw: st.DrawFn) -> Holding:
    since = draw(st.integers(90, 110))
    return held(
        draw(st.sampled_from("ab")),
        draw(st.sampled_from(["c1", "c2"])),
        since,
        plan=draw(st.sampled_from(["", "pro"])),
        until=draw(st.none() | st.integers(since + 1, 112)),
    )


lists = st.lists(listed(), max_size=5)


def holders(holdings: list[Holding], at: int) -> set[tuple[str, str, str]]:
    return {
        (holding.value, holding.customer, holding.plan)
        for holding in holdings
        if holding.since <= at and (holding.until is None or at < holding.until)
    }


@given(lists, lists)
@settings(max_examples=200)
def test_from_the_import_on_the_books_say_what_the_list_says(
    first: list[Holding], second: list[Holding]
) -> None:
    books = applied([], difference([], first, "billing", at=95, forced=True))
    after = applied(books, run(books, second))
    for at in range(NOW, 115):
        assert {row[:2] for row in holders(after, at)} == {row[:2] for row in holders(second, at)}


@given(lists, lists)
@settings(max_examples=150)
def test_the_same_list_again_changes_nothing(first: list[Holding], second: list[Holding]) -> None:
    books = applied([], difference([], first, "billing", at=95, forced=True))
    after = applied(books, run(books, second))
    again = run(after, second)
    assert holders_everywhere(applied(after, again)) == holders_everywhere(after)


def holders_everywhere(holdings: list[Holding]) -> list[set[tuple[str, str, str]]]:
    return [holders(holdings, at) for at in range(85, 115)]
