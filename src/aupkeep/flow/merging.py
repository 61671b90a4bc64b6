"""Lines of all files of one format, put in the order in which they happened.

In: readers with waiting records. Out: runs of records for the join, each of one source, so that a
message whose lines stand in two files is joined as if they stood in one. Within a file the order
of its lines is kept; between files a tie in time is broken by the kind of line, then by stream and
position, so that the order in which the files were named does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from aupkeep.flow.lines import LineReader, Segment

#: Kind of line -> its place among lines of one instant that stand in different files.
Rank = Callable[[tuple[Any, ...]], int]


class Join(Protocol):
    """What takes records in order and makes rows of them."""

    def take(
        self,
        records: Sequence[tuple[Any, ...]],
        times: Any,
        positions: Any,
        *,
        source: int,
        stream: int,
    ) -> None:
        """Take consecutive records of one source."""


def drain(readers: Sequence[LineReader], join: Join, rank: Rank) -> bool:
    """Join every waiting line that no other reader can still precede; True if there was any."""
    waiting = [reader for reader in readers if reader.queue]
    if not waiting:
        return False
    limit = min(reader.reach for reader in readers)
    if len([reader for reader in readers if not reader.ended]) <= 1 and len(waiting) == 1:
        limit = 2**62
    runs = [(reader, reader.take_up_to(limit)) for reader in waiting]
    if len(waiting) == 1:
        reader, listed = runs[0]
        for segment, start, stop in listed:
            for first, last in reader.fresh(segment, start, stop):
                _take(join, reader, segment, first, last)
            reader.finish([(segment, start, stop)])
        return True
    _merge(runs, join, rank)
    return any(start < stop for _, listed in runs for _, start, stop in listed)


def _take(join: Join, reader: LineReader, segment: Segment, first: int, last: int) -> None:
    whole = first == 0 and last == len(segment.records)
    join.take(
        segment.records if whole else segment.records[first:last],
        segment.times if whole else segment.times[first:last],
        segment.positions if whole else segment.positions[first:last],
        source=reader.source,
        stream=segment.stream,
    )


def _merge(
    runs: Sequence[tuple[LineReader, list[tuple[Segment, int, int]]]], join: Join, rank: Rank
) -> None:
    """Take the runs of several readers in one common order."""
    pieces: list[tuple[LineReader, Segment, int, int]] = []
    listed = [
        (reader, *run)
        for reader, own in sorted(runs, key=lambda item: _first_stream(item[1]))
        for run in own
    ]
    # A line without an end goes last: where a copy holds it whole, that one is taken.
    for reader, segment, start, stop in sorted(listed, key=lambda item: item[1].unfinished):
        # Taken at once, so that a copy read beside this file finds its positions taken.
        ranges = reader.fresh(segment, start, stop)
        reader.finish([(segment, start, stop)])
        pieces += [(reader, segment, first, last) for first, last in ranges]
    if not pieces:
        return
    keys = np.concatenate([piece[1].keys[piece[2] : piece[3]] for piece in pieces])
    ranks = np.concatenate([_ranks(piece[1], piece[2], piece[3], rank) for piece in pieces])
    streams = np.concatenate([np.full(last - first, s.stream) for _, s, first, last in pieces])
    places = np.concatenate([s.positions[first:last] for _, s, first, last in pieces])
    owner = np.concatenate([np.full(p[3] - p[2], i) for i, p in enumerate(pieces)])
    index = np.concatenate([np.arange(p[2], p[3]) for p in pieces])
    order = np.lexsort((places, streams, ranks, keys))
    owner, index = owner[order], index[order]
    cuts = np.flatnonzero((np.diff(owner) != 0) | (np.diff(index) != 1)) + 1
    for run in np.split(np.arange(len(order)), cuts):
        reader, segment, _, _ = pieces[int(owner[run[0]])]
        _take(join, reader, segment, int(index[run[0]]), int(index[run[-1]]) + 1)


def _first_stream(runs: list[tuple[Segment, int, int]]) -> int:
    return runs[0][0].stream if runs else 0


def _ranks(segment: Segment, first: int, last: int, rank: Rank) -> np.ndarray[Any, Any]:
    """Ranks of the records, never falling within one instant: a file's own order wins."""
    ranks = np.fromiter((rank(r) for r in segment.records[first:last]), np.int64, last - first)
    keys = segment.keys[first:last]
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    for begin, end in zip(starts, [*starts[1:], len(keys)], strict=True):
        if end - begin > 1:
            ranks[begin:end] = np.maximum.accumulate(ranks[begin:end])
    return ranks
