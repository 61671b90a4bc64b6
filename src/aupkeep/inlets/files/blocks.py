"""Read a file, a gzip file or standard input as blocks of whole lines.

In: a path. Out: `Block`s in order, each with the position of its first byte in the uncompressed
text, so that a compressed copy gives the same positions. A file that breaks off or is damaged
gives what could be read, and then `BrokenFileError` names the damage.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aupkeep.base.errors import AupkeepError, Fault, Place

#: Bytes of one block: large enough for columns to pay, small enough to keep memory flat.
BLOCK = 8 << 20
#: A line of this length or more is cut into pieces of it that the parsers refuse, so memory stays
#: bounded. Where it is cut depends on the text alone, never on how it was read.
LONGEST_PENDING = 16 << 20

_GZIP_MAGIC = b"\x1f\x8b"
#: What reading a damaged or cut file raises.
DAMAGE = (EOFError, OSError, zlib.error)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines; the last may lack its newline where the input ends or a line is far too long."""

    offset: int
    data: bytes


class BrokenFileError(AupkeepError):
    """A file could not be read to its end; what came before the damage has been handed on."""


class Cutter:
    """Cuts bytes, as they come, into blocks of whole lines."""

    def __init__(self, offset: int) -> None:
        """Begin at `offset` in the text."""
        #: Position of the first byte that has not been handed on.
        self.offset = offset
        self._pending = b""

    @property
    def seen(self) -> int:
        """Position after the last byte that was added."""
        return self.offset + len(self._pending)

    def add(self, data: bytes) -> list[Block]:
        """Return the blocks that `data` completes; the start of an unfinished line is kept."""
        self._pending += data
        blocks = []
        while len(self._pending) >= LONGEST_PENDING and not self._ends_soon():
            blocks.append(self._cut(LONGEST_PENDING))
        end = self._pending.rfind(b"\n") + 1
        if end:
            blocks.append(self._cut(end))
        return blocks

    def rest(self) -> list[Block]:
        """Return what is left when the input ended without a newline."""
        return [self._cut(len(self._pending))] if self._pending else []

    def _ends_soon(self) -> bool:
        return self._pending.find(b"\n", 0, LONGEST_PENDING) >= 0

    def _cut(self, size: int) -> Block:
        block = Block(self.offset, self._pending[:size])
        self._pending = self._pending[size:]
        self.offset += size
        return block


class _Unpacked(gzip.GzipFile):
    """A gzip file that closes the packed one with it."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._packed = packed

    def close(self) -> None:
        """Close both."""
        super().close()
        self._packed.close()


def open_bytes(path: Path) -> IO[bytes]:
    """Open `path` for reading uncompressed bytes; raises `OSError` as the system does."""
    return _unpacked(path.open("rb"))


def _unpacked(stream: io.BufferedReader) -> IO[bytes]:
    if stream.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC):
        return _Unpacked(stream)  # type: ignore[return-value]  # reads bytes
    return stream


def read_head(stream: IO[bytes], size: int) -> bytes:
    """Return at most `size` bytes from the start of `stream`, less where it is damaged."""
    return _fill(stream, size)[0]


def read_blocks(stream: IO[bytes], name: str, *, offset: int = 0) -> Iterator[Block]:
    """Yield the blocks of `stream` from its present position, which is `offset` in the text."""
    cutter = Cutter(offset)
    while True:
        data, broken = _fill(stream, BLOCK)
        yield from cutter.add(data)
        if broken is not None:
            # The line at the damage is surely cut: it waits for a whole copy of the file.
            raise BrokenFileError(broken_file(name, str(broken))) from broken
        if not data:
            yield from cutter.rest()
            return


def read_whole(path: Path) -> tuple[bytes, Fault | None]:
    """Return the uncompressed bytes of `path` (`-` is standard input), and what damage hides.

    Raises `OSError` as the system does when the file cannot be opened.
    """
    parts = []
    with stdin_bytes() if str(path) == "-" else open_bytes(path) as stream:
        data, broken = _fill(stream, BLOCK)
        while data and broken is None:
            parts.append(data)
            data, broken = _fill(stream, BLOCK)
    return b"".join([*parts, data]), broken_file(str(path), str(broken)) if broken else None


def _fill(stream: IO[bytes], size: int) -> tuple[bytes, Exception | None]:
    """Read `size` bytes, fewer at the end or before damage, which is returned with them.

    One great read would lose what a gzip file holds before its damage; small ones keep it.
    """
    read = stream.read1 if isinstance(stream, io.BufferedIOBase) else stream.read
    parts: list[bytes] = []
    missing = size
    while missing:
        try:
            data = read(missing)
        except DAMAGE as broken:
            return b"".join(parts), broken
        if not data:
            break
        parts.append(data)
        missing -= len(data)
    return b"".join(parts), None


def broken_file(name: str, why: str) -> Fault:
    """Build the fault for a file that breaks off or is damaged."""
    return Fault(
        code="broken-file",
        what=f"the file cannot be read to its end ({why or 'no reason given'})",
        place=Place(file=name),
        hint="what came before the damage has been read; copy the file again to have the rest",
    )


def stdin_bytes() -> IO[bytes]:
    """Return standard input as uncompressed bytes; waits for the first of them."""
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader):
        return _unpacked(stream)
    return stream
