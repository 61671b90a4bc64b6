"""Follow one file that a program is still writing.

In: a path and the position up to which it has been read. Out: blocks of whole lines as they
appear. Rotation (another file under the name) is followed once the new file has content and the old
one has been read to its end, because a program may go on writing to the old one for a while;
truncation (the file is shorter than what was read) starts again at the beginning. A file that is
not there yet is waited for; one that may not be read is named.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aupkeep.inlets.files.blocks import BLOCK, Block, Cutter


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look at the file brought."""

    blocks: list[Block]
    #: A new file began, before the first block: positions count from its start.
    fresh: bool = False
    #: Nothing more to read at this moment.
    at_end: bool = True


class Tail:
    """One followed file; `poll` never blocks."""

    def __init__(self, path: Path, *, offset: int = 0) -> None:
        """Begin at `offset` bytes into the file that has the name now."""
        self.path = path
        self._cutter = Cutter(offset)
        self._file: IO[bytes] | None = None
        #: Device and inode of the file that `offset` belongs to, once it has been open.
        self._identity: tuple[int, int] | None = None

    @property
    def offset(self) -> int:
        """Position after the last whole line that was handed on."""
        return self._cutter.offset

    def poll(self) -> Turn:
        """Return the next blocks; raises `OSError` when the file may not be read."""
        if self._file is None:
            return self._open()
        blocks = self._read(self._file)
        if blocks:
            return Turn(blocks, at_end=False)
        if self._truncated(self._file):
            self._leave()
            return self._open(fresh=True)
        if self._rotated():
            # What was written between the last read and the rotation is still to be read.
            blocks = self._read(self._file)
            if blocks:
                return Turn(blocks, at_end=False)
            rest = self._cutter.rest()
            self._leave()
            return Turn(rest, at_end=False) if rest else self._open(fresh=True)
        return Turn([])

    def close(self) -> None:
        """Let go of the file; the next poll opens it again at the same position."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._cutter = Cutter(self.offset)

    def _leave(self) -> None:
        """Let go of the file for good."""
        self.close()
        self._cutter = Cutter(0)
        self._identity = None

    def _open(self, *, fresh: bool = False) -> Turn:
        try:
            opened = self.path.open("rb")
        except FileNotFoundError:
            return Turn([], fresh=fresh)
        state = os.fstat(opened.fileno())
        identity = (state.st_dev, state.st_ino)
        other = self._identity is not None and self._identity != identity
        if other or state.st_size < self.offset:
            self._cutter = Cutter(0)
        fresh = fresh or self.offset == 0
        opened.seek(self.offset)
        self._file, self._identity = opened, identity
        blocks = self._read(opened)
        return Turn(blocks, fresh=fresh, at_end=not blocks)

    def _read(self, opened: IO[bytes]) -> list[Block]:
        """Read on until a line is whole or the file ends."""
        blocks: list[Block] = []
        while not blocks:
            data = opened.read(BLOCK)
            if not data:
                break
            blocks = self._cutter.add(data)
        return blocks

    def _truncated(self, opened: IO[bytes]) -> bool:
        return os.fstat(opened.fileno()).st_size < self._cutter.seen

    def _rotated(self) -> bool:
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) != self._identity and named.st_size > 0
