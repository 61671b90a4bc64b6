"""How far a source has come in event time, and which of its rows are late.

In: the event times of one source's rows, in the order they were read. Out: which are late (behind
the source's own frontier), which run ahead alone and are refused, and the frontier after them.
The law: any way of cutting the rows into batches gives the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aupkeep.base.clock import HOUR, SECOND

#: Before the first row of a source.
NEVER = -(2**62)
#: After the last one.
ENDED = 2**62

#: How far rows of one source may be out of order, by kind (DESIGN section 4).
DISORDER = {
    "mail": 2 * SECOND,
    "login": 2 * SECOND,
    "flow": 120 * SECOND,
    "report": 0,
    "process": 2 * SECOND,
    "file": 2 * SECOND,
    "web": 2 * SECOND,
    "dns": 2 * SECOND,
    "config": 2 * SECOND,
}

#: A row further ahead than this moves the frontier only when the next row agrees.
LEAP = HOUR


@dataclass(slots=True)
class Stamp:
    """Verdict on one batch: masks over its rows."""

    late: NDArray[np.bool_]
    #: Rows the next row contradicted: their clock was wrong.
    astray: NDArray[np.bool_]


class Frontier:
    """The largest event time of one source, less the disorder its kind allows."""

    def __init__(self, disorder: int, *, largest: int = NEVER) -> None:
        """Begin before the first row, or at the `largest` time a saved state names."""
        self.disorder = disorder
        self.largest = largest
        self.ended = False

    @property
    def at(self) -> int:
        """The instant before which every later row of this source counts as late."""
        if self.ended:
            return ENDED
        return NEVER if self.largest == NEVER else self.largest - self.disorder

    def waits(self, times: NDArray[np.int64]) -> bool:
        """Whether the last of `times`, read next, runs ahead and needs the row after it to agree.

        The caller then keeps that row back and gives its time to `stamp` as `ahead`.
        """
        last = int(times[-1])
        if self.largest != NEVER and last <= self.largest + LEAP:
            return False
        before = Frontier(self.disorder, largest=self.largest)
        before.stamp(times[:-1], last)
        return before.largest == NEVER or last > before.largest + LEAP

    def stamp(self, times: NDArray[np.int64], ahead: int | None) -> Stamp:
        """Judge `times` in reading order; `ahead` is the next row's time where it is known.

        A row that runs ahead at the end of a batch is judged with the row that follows it, so the
        caller keeps it back until it has one (`waits`), or passes None at the end of the input.
        """
        count = len(times)
        if count == 0:
            return Stamp(np.zeros(0, np.bool_), np.zeros(0, np.bool_))
        before = np.maximum.accumulate(np.concatenate(([self.largest], times[:-1])))
        leaps = times > before + LEAP
        if self.largest == NEVER:
            leaps[0] = False
        if leaps.any() or (self.largest == NEVER and count):
            return self._stamp_slowly(times, ahead)
        late = times < before - self.disorder
        self.largest = max(int(before[-1]), int(times[-1]))
        return Stamp(late, np.zeros(count, np.bool_))

    def _stamp_slowly(self, times: NDArray[np.int64], ahead: int | None) -> Stamp:
        """Judge row by row: only batches that begin a source or hold a leap come here."""
        late = np.zeros(len(times), np.bool_)
        astray = np.zeros(len(times), np.bool_)
        listed = times.tolist()
        for index, time in enumerate(listed):
            following = listed[index + 1] if index + 1 < len(listed) else ahead
            # The first row leaps from nowhere, so it too needs the next one to agree.
            leap = self.largest == NEVER or time > self.largest + LEAP
            if leap and following is not None and following < time - max(LEAP, self.disorder):
                astray[index] = True
                continue
            late[index] = self.largest != NEVER and time < self.largest - self.disorder
            self.largest = max(self.largest, time)
        return Stamp(late, astray)
