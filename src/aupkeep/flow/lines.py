"""One source of lines being read: blocks in, records with time and position waiting to be joined.

In: blocks of one file after another. Out: segments of records, in the order of the bytes. The
source's place in time (`reach`) tells the merger how far its lines may be used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aupkeep.base.clock import HOUR
from aupkeep.base.ids import stream_id
from aupkeep.events.frontier import ENDED, NEVER
from aupkeep.events.taken import Taken
from aupkeep.flow.tally import Tally
from aupkeep.inlets.files.blocks import Block
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.parsed import Parsed, Reject

Parse = Callable[[bytes, LineClock], Parsed]


@dataclass(slots=True)
class Segment:
    """Records of one block that have not been joined yet."""

    stream: int
    #: Position of the byte after the block.
    end: int
    records: list[tuple[Any, ...]]
    times: NDArray[np.int64]
    #: Merge keys: times made monotone, lone leaps left out.
    keys: NDArray[np.int64]
    positions: NDArray[np.int64]
    rejects: list[Reject]
    #: Where the next unjoined byte stands.
    start: int
    #: Year state of the clock before the block, for a restart inside it, and after it.
    clock: Any
    clock_after: Any
    #: The block's text, for counting lines up to a place inside it.
    text: bytes
    #: Lines, and ignored ones among them, that have not been counted yet.
    lines: int
    ignored: int
    used: int = 0
    #: Nothing of it waits: all records are joined, all rejects counted.
    done: bool = False

    @property
    def unfinished(self) -> bool:
        """The last line has no end: a copy of the file may hold it whole."""
        return not self.text.endswith(b"\n")

    def counted(self, stop: int, end: int) -> tuple[int, int]:
        """Return how many lines, and ignored ones, end between `start` and `end`, and count them.

        `stop` is the index of the first record that lies behind `end`.
        """
        if stop == len(self.keys):
            lines, ignored = self.lines, self.ignored
        else:
            begin = self.end - len(self.text)
            lines = self.text.count(b"\n", self.start - begin, end - begin)
            refused = sum(item.offset < end for item in self.rejects)
            ignored = lines - (stop - self.used) - refused
        self.lines -= lines
        self.ignored -= ignored
        return lines, ignored


@dataclass(slots=True)
class Place:
    """Where a stream is to be taken up again."""

    position: int
    clock: Any


@dataclass(slots=True)
class LineReader:
    """The lines of one source; `source` is its index in the run."""

    source: int
    parse: Parse
    clock: LineClock
    tally: Tally
    taken: dict[int, Taken]
    queue: list[Segment] = field(default_factory=list)
    #: Stream of the file being read; None before its first readable line.
    stream: int | None = None
    largest: int = NEVER
    ended: bool = False
    places: dict[int, Place] = field(default_factory=dict)
    #: What the clock says for a source that is silent at this moment.
    silent_until: int = NEVER

    @property
    def reach(self) -> int:
        """The time up to which this source's lines are known."""
        return ENDED if self.ended else max(self.largest, self.silent_until)

    def bound(self) -> int:
        """The time before which no line of this source is still waiting to be joined."""
        for segment in self.queue:
            if segment.used < len(segment.keys):
                return int(segment.keys[segment.used])
        return self.reach

    def begin_file(self) -> None:
        """The next block belongs to another file."""
        self.stream = None

    def read(self, block: Block) -> None:
        """Parse one block and put its records in the queue."""
        before = self.clock.save()
        parsed = self.parse(block.data, self.clock)
        if self.stream is None and parsed.first:
            self.stream = stream_id("lines", parsed.first.hex())
        keys = self._keys(parsed.times)
        self.queue.append(
            Segment(
                stream=self.stream or 0,
                end=block.offset + len(block.data),
                records=parsed.records,
                times=parsed.times,
                keys=keys,
                positions=parsed.offsets + block.offset,
                rejects=[
                    Reject(item.offset + block.offset, item.head, item.reason)
                    for item in parsed.rejects
                ],
                start=block.offset,
                clock=before,
                clock_after=self.clock.save(),
                text=block.data,
                lines=parsed.lines,
                ignored=parsed.ignored,
            )
        )

    def _keys(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return monotone merge keys; a line over an hour ahead of both sides moves nothing."""
        if len(times) == 0:
            return times
        largest = self.largest
        following = np.append(times[1:], NEVER)
        lone = (times > following + HOUR) & (np.arange(len(times)) < len(times) - 1)
        before = np.maximum.accumulate(np.concatenate(([largest], times[:-1])))
        lone |= (times > before + HOUR) & (np.arange(len(times)) == len(times) - 1)
        if largest == NEVER and len(times) == 1:
            lone[:] = False
        keys = np.maximum.accumulate(np.where(lone, NEVER, times))
        keys = np.maximum(keys, largest)
        self.largest = int(keys[-1]) if int(keys[-1]) != NEVER else largest
        return keys

    def take_up_to(self, limit: int) -> list[tuple[Segment, int, int]]:
        """Return (segment, from, to) for the waiting records with a key before `limit`."""
        runs = []
        for segment in self.queue:
            stop = int(np.searchsorted(segment.keys, limit, side="left"))
            if limit == ENDED:
                stop = len(segment.keys)
            runs.append((segment, segment.used, max(stop, segment.used)))
            if stop < len(segment.keys):
                break
        return runs

    def finish(self, runs: list[tuple[Segment, int, int]]) -> None:
        """Mark the records of `runs` as joined and their bytes as taken."""
        for segment, _, stop in runs:
            segment.used = stop
            segment.done = stop == len(segment.keys)
            end = segment.end if segment.done else int(segment.positions[stop])
            if segment.stream:
                self.taken.setdefault(segment.stream, Taken()).add(segment.start, end)
                clock = segment.clock_after if segment.done else segment.clock
                self.places[segment.stream] = Place(end, clock)
            segment.start = end
        self.queue = [item for item in self.queue if not item.done]

    def fresh(self, segment: Segment, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the index ranges within [start, stop) whose positions were never taken before.

        Rejects of the bytes covered are counted here, so that a copy does not count them again;
        lines too, so that a restart, which reads again what was not taken, counts none twice.
        """
        end = segment.end if stop == len(segment.keys) else int(segment.positions[stop])
        lines, ignored = segment.counted(stop, end)
        self.tally.counts["lines"] += lines
        self.tally.counts["ignored"] += ignored
        taken = self.taken.setdefault(segment.stream, Taken()) if segment.stream else Taken()
        gaps = taken.gaps(segment.start, end)
        ranges = []
        for gap_start, gap_end in gaps:
            first = start + int(np.searchsorted(segment.positions[start:stop], gap_start))
            last = start + int(np.searchsorted(segment.positions[start:stop], gap_end))
            if first < last:
                ranges.append((first, last))
            for item in segment.rejects:
                if gap_start <= item.offset < gap_end:
                    self.tally.reject(item.reason, item.offset, item.head)
        segment.rejects = [item for item in segment.rejects if item.offset >= end]
        fresh = sum(last - first for first, last in ranges)
        self.tally.counts["duplicates"] += (stop - start) - fresh
        return ranges
