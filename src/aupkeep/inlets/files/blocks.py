"""Read a file, a gzip file or standard input as blocks of whole lines.

In: a path. Out: `Block`s in order, each with the position of its first byte in the uncompressed
text, so that a compressed copy gives the same positions. A file that breaks off or is damaged
gives what could be read, and then `BrokenFileError` names the damage.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aupkeep.base.errors import AupkeepError, Fault, Place

#: Bytes of one block: large enough for columns to pay, small enough to keep memory flat.
BLOCK = 4 << 20
#: A line longer than this is cut into pieces that the parsers refuse, so memory stays bounded.
LONGEST_PENDING = 8 << 20

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines; the last one may lack its newline only where the input ends."""

    offset: int
    data: bytes


class BrokenFileError(AupkeepError):
    """A file could not be read to its end; what came before the damage has been handed on."""


def open_bytes(path: Path) -> IO[bytes]:
    """Open `path` for reading uncompressed bytes; raises `OSError` as the system does."""
    stream = path.open("rb")
    head = stream.read(2)
    stream.seek(0)
    if head == _GZIP_MAGIC:
        return gzip.GzipFile(fileobj=stream, mode="rb")  # type: ignore[return-value]  # reads bytes
    return stream


def read_blocks(stream: IO[bytes], name: str, *, offset: int = 0) -> Iterator[Block]:
    """Yield the blocks of `stream` from its present position, which is `offset` in the text."""
    pending = b""
    while True:
        try:
            data = stream.read(BLOCK)
        except (EOFError, OSError, zlib.error) as broken:
            if pending:
                yield Block(offset, pending)
            raise BrokenFileError(broken_file(name, str(broken))) from broken
        if not data:
            break
        pending += data
        cut = pending.rfind(b"\n") + 1
        if cut == 0 and len(pending) < LONGEST_PENDING:
            continue
        cut = cut or len(pending)
        yield Block(offset, pending[:cut])
        offset += cut
        pending = pending[cut:]
    if pending:
        yield Block(offset, pending)


def broken_file(name: str, why: str) -> Fault:
    """Build the fault for a file that breaks off or is damaged."""
    return Fault(
        code="broken-file",
        what=f"the file cannot be read to its end ({why or 'no reason given'})",
        place=Place(file=name),
        hint="what came before the damage has been read; copy the file again to have the rest",
    )


def stdin_bytes() -> IO[bytes]:
    """Return standard input as bytes."""
    return sys.stdin.buffer
