from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.attribution.timeline import BEGINNING, NONE, Stretch, build_timeline

stretches = st.tuples(st.integers(-5, 5), st.none() | st.integers(-5, 6), st.integers(0, 3))
histories = st.lists(st.lists(stretches, max_size=4), max_size=4)


def holding(history: list[Stretch[int]], at: int) -> int:
    items = [
        item for since, until, item in history if since <= at and (until is None or at < until)
    ]
    return max(items, default=NONE)


@given(histories)
@settings(max_examples=150)
def test_every_key_and_instant_is_answered_as_by_looking(groups: list[list[Stretch[int]]]) -> None:
    timeline = build_timeline(groups, max)
    asked = [(key, at) for key in range(-1, len(groups)) for at in range(-7, 8)]
    keys, times = (np.array(column, dtype=np.int64) for column in zip(*asked, strict=True))
    answers, _ = timeline.at(keys, times)
    assert answers.tolist() == [holding(groups[key], at) if key >= 0 else NONE for key, at in asked]


@given(histories)
@settings(max_examples=100)
def test_settled_is_the_last_change_of_owner(groups: list[list[Stretch[int]]]) -> None:
    def owner(answer: int) -> int:
        return answer // 2

    timeline = build_timeline(groups, max, owner)
    for key, history in enumerate(groups):
        times = np.arange(-7, 8)
        _, settled = timeline.at(np.full(len(times), key), times)
        owners = [owner(holding(history, at)) for at in range(-7, 8)]
        for index in range(len(times)):
            changes = [at for at in range(1, index + 1) if owners[at] != owners[at - 1]]
            assert settled[index] == (times[changes[-1]] if changes else BEGINNING)


@given(histories)
@settings(max_examples=100)
def test_its_stretches_build_it_again(groups: list[list[Stretch[int]]]) -> None:
    timeline = build_timeline(groups, max)
    again: list[list[Stretch[int]]] = [[] for _ in groups]
    for key, since, until, answer in timeline.stretches():
        again[key].append((since, until, answer))
    other = build_timeline(again, max)
    assert timeline.answers.tolist() == other.answers.tolist()
    assert timeline.starts.tolist() == other.starts.tolist()


def test_the_largest_instants_do_not_overflow() -> None:
    timeline = build_timeline([[(0, None, 1)]], max)
    times = np.array([BEGINNING, -1, 0, 2**63 - 2], dtype=np.int64)
    assert timeline.at(np.zeros(4, dtype=np.int64), times)[0].tolist() == [NONE, NONE, 1, 1]
