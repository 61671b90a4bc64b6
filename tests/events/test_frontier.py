"""Lateness and leaps: judged row by row, however the rows are cut into batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import HOUR, MINUTE, SECOND
from aupkeep.events.frontier import ENDED, LEAP, NEVER, Frontier

#: What became of a row.
FINE, LATE, ASTRAY = "fine", "late", "astray"

#: Steps from one row to the next: mostly small, sometimes back, sometimes far ahead or behind.
STEPS = st.sampled_from(
    [
        *(0, 1, SECOND, MINUTE, -1, -SECOND, -3 * SECOND, -MINUTE, -HOUR),
        *(LEAP, LEAP + 1, 2 * LEAP, 50 * HOUR, -LEAP, -LEAP - 1, -50 * HOUR),
    ]
)
TIMES = st.lists(STEPS, min_size=1, max_size=14).map(
    lambda steps: [int(time) for time in np.cumsum(steps)]
)
DISORDERS = st.sampled_from([0, 2 * SECOND, 120 * SECOND, 2 * HOUR])


def naive(times: Sequence[int], disorder: int) -> tuple[list[str], int]:
    """Judge row by row with the whole future at hand; return the verdicts and the largest time."""
    verdicts, largest = [], NEVER
    for index, time in enumerate(times):
        ahead = largest == NEVER or time > largest + LEAP
        following = times[index + 1 : index + 2]
        if ahead and following and following[0] < time - max(LEAP, disorder):
            verdicts.append(ASTRAY)
            continue
        verdicts.append(LATE if largest != NEVER and time < largest - disorder else FINE)
        largest = max(largest, time)
    return verdicts, largest


def batched(times: Sequence[int], cuts: Sequence[int], disorder: int) -> tuple[list[str], Frontier]:
    """Judge in batches that end at `cuts`, keeping back a last row that runs ahead."""
    frontier, verdicts, kept = Frontier(disorder), [], 0
    for end in [*sorted({cut for cut in cuts if 0 < cut < len(times)}), len(times)]:
        listed = np.array(times[kept:end], dtype=np.int64)
        if not len(listed):
            continue
        if end < len(times) and frontier.waits(listed):
            verdicts += words(frontier, listed[:-1], int(listed[-1]))
            kept = end - 1
        else:
            verdicts += words(frontier, listed, None)
            kept = end
    return verdicts, frontier


def words(frontier: Frontier, times: np.ndarray[tuple[int], np.dtype[np.int64]],
          ahead: int | None) -> list[str]:  # fmt: skip
    stamp = frontier.stamp(times, ahead)
    assert not (stamp.late & stamp.astray).any()
    pairs = zip(stamp.late.tolist(), stamp.astray.tolist(), strict=True)
    return [LATE if late else ASTRAY if astray else FINE for late, astray in pairs]


@settings(max_examples=300, deadline=None)
@given(TIMES, st.lists(st.integers(0, 14), max_size=6), DISORDERS)
def test_any_cut_gives_the_verdicts_of_the_whole(
    times: list[int], cuts: list[int], disorder: int
) -> None:
    verdicts, largest = naive(times, disorder)
    found, frontier = batched(times, cuts, disorder)
    assert found == verdicts
    assert frontier.largest == largest


def test_a_row_far_ahead_does_not_vouch_for_the_next() -> None:
    """The cut falls after two rows that are both wrong, and apart from each other too."""
    times = [0, 50 * HOUR, 40 * HOUR, SECOND]
    assert naive(times, 0)[0] == [FINE, ASTRAY, ASTRAY, FINE]
    for cut in range(4):
        assert batched(times, [cut], 0)[0] == [FINE, ASTRAY, ASTRAY, FINE]


@settings(max_examples=100, deadline=None)
@given(TIMES, DISORDERS, st.data())
def test_a_saved_frontier_goes_on(times: list[int], disorder: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(times)))
    first = np.array(times[:cut], dtype=np.int64)
    rest = np.array(times[cut:], dtype=np.int64)
    ahead = int(rest[0]) if len(rest) else None
    one = Frontier(disorder)
    one.stamp(first, ahead)
    two = Frontier(disorder, largest=one.largest)
    assert words(one, rest, None) == words(two, rest, None)


@settings(max_examples=100, deadline=None)
@given(TIMES, DISORDERS)
def test_the_frontier_never_moves_back(times: list[int], disorder: int) -> None:
    frontier = Frontier(disorder)
    places = [frontier.at]
    for index, time in enumerate(times):
        frontier.stamp(
            np.array([time], dtype=np.int64), times[index + 1] if index + 1 < len(times) else None
        )
        places.append(frontier.at)
    assert places == sorted(places)


@settings(max_examples=50, deadline=None)
@given(TIMES)
def test_asking_whether_a_row_waits_moves_nothing(times: list[int]) -> None:
    frontier = Frontier(SECOND)
    frontier.stamp(np.array(times[:1], dtype=np.int64), None)
    before = frontier.largest
    frontier.waits(np.array(times, dtype=np.int64))
    assert frontier.largest == before


def test_a_row_waits_only_while_it_runs_ahead() -> None:
    frontier = Frontier(0)
    assert frontier.waits(np.array([0], dtype=np.int64))
    frontier.stamp(np.array([0], dtype=np.int64), None)
    assert not frontier.waits(np.array([LEAP], dtype=np.int64))
    assert not frontier.waits(np.array([LEAP, 2 * LEAP], dtype=np.int64))
    assert frontier.waits(np.array([LEAP, 2 * LEAP + 1], dtype=np.int64))
    assert not frontier.waits(np.array([5 * LEAP, 5 * LEAP], dtype=np.int64))


def test_a_row_at_the_frontier_is_not_late() -> None:
    frontier = Frontier(2 * SECOND)
    times = np.array([10 * SECOND, 8 * SECOND, 8 * SECOND - 1], dtype=np.int64)
    assert words(frontier, times, None) == [FINE, FINE, LATE]
    assert frontier.at == 8 * SECOND


@pytest.mark.parametrize(("ahead", "verdict"), [(LEAP + 1, ASTRAY), (LEAP, FINE), (0, FINE)])
def test_the_next_row_agrees_within_an_hour(ahead: int, verdict: str) -> None:
    frontier = Frontier(0)
    frontier.stamp(np.array([0], dtype=np.int64), None)
    times = np.array([3 * LEAP, 3 * LEAP - ahead], dtype=np.int64)
    assert words(frontier, times, None)[0] == verdict


def test_no_rows_change_nothing() -> None:
    frontier = Frontier(SECOND)
    assert words(frontier, np.array([], dtype=np.int64), 5) == []
    assert frontier.at == NEVER


def test_a_source_that_has_ended_holds_nobody_up() -> None:
    frontier = Frontier(SECOND)
    frontier.ended = True
    assert frontier.at == ENDED
