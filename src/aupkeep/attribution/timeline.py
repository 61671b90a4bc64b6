"""Many small histories in one index: what was the answer for this key at that instant?

In: stretches of time with an item, grouped by key. Out: `Timeline`, which answers whole columns of
(key, instant) at once. Stretches are half-open: at its end a stretch no longer holds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from aupkeep.attribution.coding import Ints

#: No stretch covers the instant.
NONE = -1
#: Before and after every instant there is.
BEGINNING = -(2**63)
FOREVER = 2**63 - 1

Item = TypeVar("Item")
#: (first instant, first instant after or None, item).
Stretch = tuple[int, int | None, Item]
#: (instant from which it holds, answer, instant since which its owner has been the same).
_Segment = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The histories of keys 0, 1, 2 ... cut into segments of one answer.

    Invariant: each key has a segment from the beginning of time, so the last segment that begins at
    or before an instant is always the key's own.
    """

    #: Every instant at which some answer changes, sorted.
    bounds: Ints
    #: key * (number of bounds + 1) + number of bounds at or before the segment's begin; sorted.
    starts: Ints
    answers: Ints
    settled: Ints

    def at(self, keys: Ints, times: Ints) -> tuple[Ints, Ints]:
        """Return each row's answer and the instant since which it has had the same owner.

        Args:
            keys: key of each row; a negative key gives `NONE`, settled since `BEGINNING`.
            times: instant of each row in microseconds UTC.
        """
        if not len(self.starts):
            return np.full(len(keys), NONE), np.full(len(keys), BEGINNING)
        width = len(self.bounds) + 1
        place = keys * width + np.searchsorted(self.bounds, times, side="right")
        found = np.searchsorted(self.starts, place, side="right") - 1
        known = keys >= 0
        return (
            np.where(known, self.answers[found], NONE),
            np.where(known, self.settled[found], BEGINNING),
        )

    def stretches(self) -> Iterable[tuple[int, int, int | None, int]]:
        """Yield (key, since, until, answer) for every stretch that has an answer."""
        keys, ranks = np.divmod(self.starts, len(self.bounds) + 1)
        ends = zip(keys[1:].tolist(), ranks[1:].tolist(), strict=True)
        answers = self.answers.tolist()
        for key, rank, answer in zip(keys.tolist(), ranks.tolist(), answers, strict=True):
            following, end = next(ends, (-1, 0))
            if answer != NONE:
                until = int(self.bounds[end - 1]) if following == key else FOREVER
                begin = int(self.bounds[rank - 1])
                yield key, begin, None if until == FOREVER else until, answer


def build_timeline(
    histories: Iterable[Sequence[Stretch[Item]]],
    decide: Callable[[Sequence[Item]], int],
    owner: Callable[[int], int] = int,
) -> Timeline:
    """Build the timeline of `histories`, one for each key.

    Args:
        histories: the stretches of key 0, of key 1 and so on.
        decide: the answer for the items that hold at one instant (at least one).
        owner: who an answer stands for; `settled` counts from the last change of owner. Answers
            without an owner are their own.
    """
    keys, begins, answers, settled = (array("q") for _ in range(4))
    for key, history in enumerate(histories):
        for begin, answer, since in _segments(history, decide, owner):
            keys.append(key)
            begins.append(begin)
            answers.append(answer)
            settled.append(since)
    instants = _column(begins)
    bounds = np.unique(instants[instants != BEGINNING])
    ranks = np.searchsorted(bounds, instants, side="right")
    return Timeline(
        bounds=bounds,
        starts=_column(keys) * (len(bounds) + 1) + ranks,
        answers=_column(answers),
        settled=_column(settled),
    )


def _column(numbers: array[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _segments(
    history: Sequence[Stretch[Item]],
    decide: Callable[[Sequence[Item]], int],
    owner: Callable[[int], int],
) -> Iterable[_Segment]:
    last = (BEGINNING, NONE, BEGINNING)
    yield last
    for begin, answer in _answers(history, decide):
        if answer == last[1]:
            continue
        settled = last[2] if owner(answer) == owner(last[1]) else begin
        last = (begin, answer, settled)
        yield last


def _answers(
    history: Sequence[Stretch[Item]], decide: Callable[[Sequence[Item]], int]
) -> Iterable[tuple[int, int]]:
    """Yield (instant, answer) at each instant at which a stretch begins or ends, in order."""
    if len(history) == 1:  # Nearly all of them: nothing to sort.
        since, until, item = history[0]
        if until is None or since < until:
            yield since, decide([item])
            yield FOREVER if until is None else until, NONE
        return
    changes = sorted(
        (instant, begins, number)
        for number, (since, until, _) in enumerate(history)
        for instant, begins in ((since, True), (FOREVER if until is None else until, False))
        if until is None or since < until
    )
    holding: dict[int, Item] = {}
    for position, (instant, begins, number) in enumerate(changes):
        if begins:
            holding[number] = history[number][2]
        else:
            del holding[number]
        if position + 1 == len(changes) or changes[position + 1][0] != instant:
            yield instant, decide(list(holding.values())) if holding else NONE
