"""Taken intervals against a set of positions."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.events.taken import Taken

SPANS = st.tuples(st.integers(0, 40), st.integers(0, 40))
ACTS = st.lists(SPANS, max_size=12)


def positions(intervals: list[tuple[int, int]]) -> set[int]:
    return {position for start, end in intervals for position in range(start, end)}


@settings(max_examples=300, deadline=None)
@given(ACTS, SPANS)
def test_intervals_are_the_set_of_what_was_added(
    acts: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    taken, naive = Taken(), set[int]()
    for start, end in acts:
        taken.add(start, end)
        naive |= set(range(start, end))
        intervals = taken.intervals()
        assert positions(intervals) == naive
        assert all(start < end for start, end in intervals)
        # Sorted, disjoint and not even touching: as few as can be.
        assert all(before[1] < after[0] for before, after in pairwise(intervals))
    gaps = taken.gaps(*asked)
    assert positions(gaps) == set(range(*asked)) - naive
    assert sum(end - start for start, end in gaps) == len(positions(gaps))
    assert gaps == sorted(gaps)
    assert all(start < end for start, end in gaps)


@settings(max_examples=100, deadline=None)
@given(ACTS, ACTS)
def test_saved_intervals_go_on(first: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    whole, part = Taken(), Taken()
    for span in first:
        whole.add(*span)
        part.add(*span)
    restored = Taken(part.intervals())
    for span in more:
        whole.add(*span)
        restored.add(*span)
    assert restored.intervals() == whole.intervals()


@settings(max_examples=100, deadline=None)
@given(ACTS, st.randoms())
def test_the_order_of_adding_does_not_matter(acts: list[tuple[int, int]], dice: Random) -> None:
    one, two = Taken(), Taken()
    for span in acts:
        one.add(*span)
    dice.shuffle(acts)
    for span in acts:
        two.add(*span)
    assert one.intervals() == two.intervals()


@settings(max_examples=100, deadline=None)
@given(ACTS, SPANS)
def test_filling_the_gaps_is_taking_the_whole(
    acts: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    one, two = Taken(), Taken()
    for span in acts:
        one.add(*span)
        two.add(*span)
    for gap in one.gaps(*asked):
        one.add(*gap)
    two.add(*asked)
    assert one.intervals() == two.intervals()
    assert one.gaps(*asked) == []
