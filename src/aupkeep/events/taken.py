"""Which positions of a stream have been taken in already.

In: half-open byte intervals. Out: whether a position is new. A copy, a rotated file or a second
reading of the same stream meets its own positions here and is counted, not evaluated.
"""

from __future__ import annotations

import bisect


class Taken:
    """Disjoint, sorted, half-open intervals of one stream."""

    def __init__(self, intervals: list[tuple[int, int]] | None = None) -> None:
        """Begin empty or with saved `intervals` (sorted, disjoint)."""
        self._starts = [start for start, _ in intervals or []]
        self._ends = [end for _, end in intervals or []]

    def intervals(self) -> list[tuple[int, int]]:
        """Return what has been taken, sorted."""
        return list(zip(self._starts, self._ends, strict=True))

    def gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the parts of [start, end) that are not taken yet."""
        found = []
        at = start
        index = max(0, bisect.bisect_right(self._starts, start) - 1)
        while at < end and index < len(self._starts):
            if self._ends[index] > at:
                if self._starts[index] >= end:
                    break
                if self._starts[index] > at:
                    found.append((at, self._starts[index]))
                at = max(at, self._ends[index])
            index += 1
        if at < end:
            found.append((at, end))
        return found

    def add(self, start: int, end: int) -> None:
        """Take [start, end); overlapping and touching intervals become one."""
        if start >= end:
            return
        first = bisect.bisect_left(self._ends, start)
        last = bisect.bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
