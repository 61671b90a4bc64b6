"""Follow one file that a program is still writing.

In: a path and the position up to which it has been read. Out: blocks of whole lines as they
appear. Rotation (another inode under the name) is noticed after the old file has been read to its
end; truncation (the file is shorter than what was read) starts again at the beginning. A file that
is not there yet is waited for; one that may not be read is named.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aupkeep.inlets.files.blocks import BLOCK, LONGEST_PENDING, Block


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look at the file brought."""

    blocks: list[Block]
    #: A new file began with the first block: positions count from its start.
    fresh: bool = False
    #: Nothing more to read at this moment.
    at_end: bool = True


class Tail:
    """One followed file; `poll` never blocks."""

    def __init__(self, path: Path, *, offset: int = 0) -> None:
        """Begin at `offset` bytes into the file that has the name now."""
        self.path = path
        self.offset = offset
        self._file: IO[bytes] | None = None
        self._pending = b""

    def poll(self) -> Turn:
        """Return the next blocks; raises `OSError` when the file may not be read."""
        if self._file is None:
            return self._open()
        block = self._read()
        if block is not None:
            return Turn([block], at_end=False)
        if self._truncated():
            self._close()
            self.offset = 0
            return self._open(fresh=True)
        if self._rotated():
            rest = self._flush()
            self._close()
            self.offset = 0
            if rest is not None:
                return Turn([rest], at_end=False)
            return self._open(fresh=True)
        return Turn([])

    def close(self) -> None:
        """Let go of the file; the next poll opens it again at the same position."""
        self._close()

    def _open(self, *, fresh: bool = False) -> Turn:
        if not self.path.exists():
            return Turn([], fresh=fresh)
        opened = self.path.open("rb")
        if os.fstat(opened.fileno()).st_size < self.offset:
            self.offset = 0
            fresh = True
        opened.seek(self.offset)
        self._file = opened
        self._pending = b""
        block = self._read()
        return Turn([block] if block else [], fresh=fresh or self.offset == 0, at_end=block is None)

    def _read(self) -> Block | None:
        if self._file is None:
            return None
        data = self._file.read(BLOCK)
        if not data:
            return None
        self._pending += data
        cut = self._pending.rfind(b"\n") + 1
        if cut == 0:
            if len(self._pending) < LONGEST_PENDING:
                return None
            cut = len(self._pending)
        block = Block(self.offset, self._pending[:cut])
        self._pending = self._pending[cut:]
        self.offset += cut
        return block

    def _flush(self) -> Block | None:
        """Return the last line of a file that ended without a newline."""
        if not self._pending:
            return None
        block = Block(self.offset, self._pending)
        self._pending = b""
        return block

    def _truncated(self) -> bool:
        if self._file is None:
            return False
        size = os.fstat(self._file.fileno()).st_size
        return size < self.offset + len(self._pending)

    def _rotated(self) -> bool:
        if self._file is None:
            return False
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        opened = os.fstat(self._file.fileno())
        return (named.st_ino, named.st_dev) != (opened.st_ino, opened.st_dev)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._pending = b""
