"""Read files to their end, all merged by time: what `detect`, `events` and a replay do.

In: (path, source) pairs. Out: findings as the stream finds them. Memory is flat: only the file
that lies furthest back in time is read on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.finding import Finding
from aupkeep.events.frontier import ENDED
from aupkeep.flow.lines import LineReader
from aupkeep.flow.merging import drain
from aupkeep.flow.stream import Stream
from aupkeep.inlets.files.blocks import (
    Block,
    open_bytes,
    read_blocks,
    read_whole,
    stdin_bytes,
)
from aupkeep.signals.formats import LINE_FORMATS
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.formats.netflow5 import datagrams
from aupkeep.signals.formats.pcap import Datagram
from aupkeep.signals.formats.report import Reading, read_report, received_by
from aupkeep.signals.source import Source

#: Datagrams taken at once: up to 30 flow records each.
DATAGRAMS_AT_ONCE = 4_000


@dataclass(slots=True)
class _Lines:
    reader: LineReader
    opened: IO[bytes]
    blocks: Iterator[Block]
    format: str
    #: Read, but without an end: the file breaks off in it, or goes on with more of the same line.
    tail: Block | None = None
    #: Position up to which the file has been read, the tail left out.
    position: int = 0
    #: Nothing comes any more, but perhaps the tail.
    exhausted: bool = False

    @property
    def reach(self) -> int:
        return self.reader.reach

    def feed(self, block: Block) -> None:
        """Hand a block to the reader."""
        self.reader.read(block)
        self.position = block.offset + len(block.data)

    def may_hold(self, other: _Lines) -> bool:
        """Whether this file may still bring whole the line in which `other` breaks off."""
        if self is other or self.exhausted or self.format != other.format:
            return False
        unknown = self.reader.stream is None
        return unknown or (
            self.reader.stream == other.reader.stream and self.position <= other.position
        )


@dataclass(slots=True)
class _Datagrams:
    source: int
    waiting: list[Datagram]
    reach: int = -(2**62)


@dataclass(slots=True)
class Replay:
    """A run over files; `progress` is told how many bytes have been read."""

    stream: Stream
    now: int
    progress: Callable[[int], None] | None = None
    faults: list[Fault] = field(default_factory=list)
    _lines: list[_Lines] = field(default_factory=list)
    _flows: list[_Datagrams] = field(default_factory=list)

    def findings(self, files: Sequence[tuple[Path, Source]]) -> Iterator[Finding]:
        """Read `files` to their ends and yield every finding that opens or changes."""
        reports = [(path, source) for path, source in files if source.format == "report"]
        for path, source in files:
            if source.format in LINE_FORMATS:
                self._open_lines(path, source)
            elif source.format == "netflow5":
                self._open_datagrams(path, source)
        self._take_reports(reports)
        while self._step():
            yield from self.stream.advance(self._frontier())
        for index in range(len(self.stream.sources)):
            self.stream.end_source(index, observed_at=None, now=self.now)
        yield from self.stream.advance(ENDED)
        yield from self.stream.engine.finish()

    def _open_lines(self, path: Path, source: Source) -> None:
        index = self.stream.source(source)
        try:
            opened = stdin_bytes() if str(path) == "-" else open_bytes(path)
        except OSError as refused:
            self._unreadable(path, index, refused)
            return
        clock = LineClock(zone=source.zone, year=source.year, now=self.now)
        reader = LineReader(
            source=index,
            parse=LINE_FORMATS[source.format].parse,
            clock=clock,
            tally=self.stream.tallies[index],
            taken=self.stream.taken,
        )
        self._lines.append(_Lines(reader, opened, read_blocks(opened, str(path)), source.format))

    def _open_datagrams(self, path: Path, source: Source) -> None:
        index = self.stream.source(source)
        try:
            data, damage = read_whole(path)
        except OSError as refused:
            self._unreadable(path, index, refused)
            return
        if damage is not None:
            self._damaged(index, damage)
        self._progress(len(data))
        found, rejects = datagrams(data, source.exporter)
        self.stream.tallies[index].counts["lines"] += len(found) + len(rejects)
        for reject in rejects:
            self.stream.tallies[index].reject(reject.reason, reject.offset, reject.head)
        self._flows.append(_Datagrams(index, found))

    def _take_reports(self, files: Sequence[tuple[Path, Source]]) -> None:
        read = []
        for path, source in files:
            index = self.stream.source(source)
            try:
                data, damage = read_whole(path)
            except OSError as refused:
                self._unreadable(path, index, refused)
                continue
            if damage is not None:
                self._damaged(index, damage)
            self._progress(len(data))
            reading = read_report(data)
            received = _receipt(reading, path, self.now)
            read.append((received, str(path), data, reading, index))
        for received, name, data, reading, index in sorted(read, key=lambda item: item[:2]):
            self.stream.take_report(data, reading, index, received, name=name)

    def _step(self) -> bool:
        """Read on where the least is known; False when everything is read."""
        lines = [
            item
            for item in self._lines
            if not item.reader.ended
            and not (item.exhausted and any(one.may_hold(item) for one in self._lines))
        ]
        flows = [item for item in self._flows if item.waiting]
        everyone: list[_Lines | _Datagrams] = [*lines, *flows]
        if not everyone:
            return False
        chosen = min(everyone, key=lambda item: item.reach)
        if isinstance(chosen, _Datagrams):
            self._step_datagrams(chosen)
        else:
            self._step_lines(chosen)
        return True

    def _step_lines(self, chosen: _Lines) -> None:
        block = None
        try:
            block = next(chosen.blocks, None)
        except AupkeepError as broken:
            self.faults += broken.faults
            self.stream.tallies[chosen.reader.source].trouble = str(broken)
        if block is None:
            self._at_end(chosen)
        else:
            self._progress(len(block.data))
            if chosen.tail is not None:
                chosen.feed(chosen.tail)
            chosen.tail = None if block.data.endswith(b"\n") else block
            if chosen.tail is None:
                chosen.feed(block)
        readers = [item.reader for item in self._lines if item.format == chosen.format]
        drain(readers, self.stream.joins[chosen.format], LINE_FORMATS[chosen.format].rank)
        silent = all(reader.ended and not reader.queue for reader in readers)
        self.stream.collect(chosen.format, None, silent=silent)
        for reader in readers:
            if reader.ended and not reader.queue:
                self.stream.end_source(reader.source, observed_at=None, now=self.now)

    @staticmethod
    def _at_end(chosen: _Lines) -> None:
        """Take the tail of a file once no copy can hold its line whole; then the file has ended."""
        if not chosen.exhausted:
            chosen.exhausted = True
            chosen.opened.close()
        elif chosen.tail is not None:
            chosen.feed(chosen.tail)
            chosen.tail = None
        chosen.reader.ended = chosen.tail is None

    def _step_datagrams(self, chosen: _Datagrams) -> None:
        now = chosen.waiting[:DATAGRAMS_AT_ONCE]
        chosen.waiting = chosen.waiting[DATAGRAMS_AT_ONCE:]
        self.stream.take_datagrams(now, chosen.source, None)
        chosen.reach = self.stream.stamper.frontier(chosen.source, "flow").at
        if not chosen.waiting:
            self.stream.end_source(chosen.source, observed_at=None, now=self.now)

    def _frontier(self) -> int:
        """The instant before which no row can still come from any file."""
        bounds = [item.reader.bound() - 2_000_000 for item in self._lines if _open(item.reader)]
        bounds += [
            self.stream.stamper.frontier(item.source, "flow").at
            for item in self._flows
            if item.waiting
        ]
        return min(bounds, default=ENDED)

    def _unreadable(self, path: Path, index: int, refused: OSError) -> None:
        why = refused.strerror or str(refused)
        self.stream.tallies[index].trouble = why
        self.faults.append(Fault(code="unreadable", what=f"cannot read `{path}`: {why.lower()}"))

    def _damaged(self, index: int, damage: Fault) -> None:
        self.stream.tallies[index].trouble = damage.what
        self.faults.append(damage)

    def _progress(self, count: int) -> None:
        if self.progress is not None:
            self.progress(count)


def _open(reader: LineReader) -> bool:
    return bool(reader.queue) or not reader.ended


def _receipt(reading: Reading, path: Path, now: int) -> int:
    """Return when a report came in, by what it says; only else by when its file was written.

    A copy of a file is written later, and what is found in it must not change by that.
    """
    if reading.received is not None:
        return reading.received
    written = now if str(path) == "-" else path.stat().st_mtime_ns // 1000
    return received_by(reading, written)
