"""Follow one family of log files: what rotation left first, then the live file for ever.

In: a family and the places where its streams were left. Out: blocks for the reader, one at a time,
without waiting. A rotated file that was read to its end before is not read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from aupkeep.base.errors import AupkeepError
from aupkeep.base.ids import stream_id
from aupkeep.flow.lines import LineReader, Place
from aupkeep.inlets.files.blocks import DAMAGE, Block, open_bytes, read_blocks, read_head
from aupkeep.inlets.files.family import Family
from aupkeep.inlets.files.tail import Tail
from aupkeep.signals.formats.lineclock import LineClock

#: Bytes looked at to find the first line that parses, and so the stream of a file.
HEAD = 1 << 20


class Following:
    """One family being read; `step` reads at most one block."""

    def __init__(self, family: Family, reader: LineReader, done: dict[int, int]) -> None:
        """Begin with the oldest member; `done` holds streams of rotated files read to their end."""
        self.family = family
        self.reader = reader
        self.done = done
        self._rotated = list(family.rotated)
        self._blocks: Iterator[Block] | None = None
        self._opened: IO[bytes] | None = None
        self._tail: Tail | None = None
        #: File -> why it cannot be read, or not to its end.
        self._troubles: dict[Path, str] = {}
        #: The rotated file that is being read.
        self._reading = family.path

    def step(self) -> bool:
        """Read on; False when there is nothing more at this moment."""
        if self._blocks is not None:
            return self._step_rotated()
        if self._rotated:
            self._begin_rotated(self._rotated.pop(0))
            return True
        return self._step_live()

    def close(self) -> None:
        """Let go of every file."""
        self._let_go()
        if self._tail is not None:
            self._tail.close()

    def _let_go(self) -> None:
        """Let go of the rotated file."""
        self._blocks = None
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    def _begin_rotated(self, path: Path) -> None:
        try:
            stream = self._stream_of(path)
            self.reader.begin_file()
            if stream is not None and stream in self.done:
                return
            self._opened = open_bytes(path)
            place = self._take_up(stream)
            self._opened.seek(place)
        except DAMAGE as refused:
            self._refused(path, refused)
            self._let_go()
            return
        self._blocks = read_blocks(self._opened, str(path), offset=place)
        self._reading = path

    def _step_rotated(self) -> bool:
        if self._blocks is None:
            return False
        try:
            block = next(self._blocks, None)
        except AupkeepError as broken:
            self._trouble(self._reading, f"{self._reading}: {broken}")
            # Not done: the file may be whole the next time, and what was read counts once only.
            self.reader.begin_file()
            block = None
        if block is None:
            self._let_go()
            if self.reader.stream is not None:
                self.done[self.reader.stream] = 1
        else:
            self.reader.read(block)
        return True

    def _step_live(self) -> bool:
        try:
            if self._tail is None:
                stream = self._stream_of(self.family.path)
                self.reader.begin_file()
                self._tail = Tail(self.family.path, offset=self._take_up(stream))
            turn = self._tail.poll()
        except FileNotFoundError:
            self._tail = None
            return False
        except OSError as refused:
            self._refused(self.family.path, refused)
            self._tail = None
            return False
        self._trouble(self.family.path, "")
        if turn.fresh:
            self.reader.begin_file()
        for block in turn.blocks:
            self.reader.read(block)
        return bool(turn.blocks)

    def _stream_of(self, path: Path) -> int | None:
        """Return the stream of the file at `path`, from its first line that parses."""
        with open_bytes(path) as opened:
            head = read_head(opened, HEAD)
        cut = head.rfind(b"\n") + 1 or len(head)
        clock = LineClock.restore(self.reader.clock.save())
        first = self.reader.parse(head[:cut], clock).first
        return stream_id("lines", first.hex()) if first else None

    def _take_up(self, stream: int | None) -> int:
        """Return where to read on in `stream`, with the clock set as it was there."""
        place: Place | None = self.reader.places.get(stream) if stream is not None else None
        if place is None:
            return 0
        self.reader.stream = stream
        self.reader.clock = LineClock.restore(place.clock)
        return place.position

    def _refused(self, path: Path, refused: Exception) -> None:
        why = refused.strerror if isinstance(refused, OSError) else str(refused)
        self._trouble(path, f"cannot read `{path}`: {why or refused}")

    def _trouble(self, path: Path, why: str) -> None:
        """Say why `path` cannot be read; with no reason, that it can be."""
        self._troubles.pop(path, None)
        if why:
            self._troubles[path] = why
        self.reader.tally.trouble = "; ".join(self._troubles.values())
