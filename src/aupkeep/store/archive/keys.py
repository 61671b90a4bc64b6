"""Which files cannot hold a customer, message id, address or stream: a filter beside large ones.

In: the rows of a file. Out: a file of bits (a split-block Bloom filter, as Parquet has it), of
which a look-up reads 36 bytes. It only ever spares reading: one that is missing, damaged, of other
rows or of another way of hashing says nothing, and the file itself is read.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.store.archive.columns import addresses
from aupkeep.store.archive.owner import open_own

SUFFIX = ".keys"
#: Of files with fewer rows, reading them costs less.
LEAST_ROWS = 16_384
#: Bits a key: one in a hundred files is read in vain.
_BITS = 12
_MAGIC = b"AUPKEYS1"
_BLOCK = 32
#: A block and its checksum.
_ENTRY = _BLOCK + 4
#: Magic, what hashing gives for words that are known, hash of the file, number of blocks.
_HEAD = 8 + 24 + 32 + 8
_SALT = np.array(
    [
        *(0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D),
        *(0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31),
    ],
    dtype=np.uint32,
)


def write(path: Path, rows: pl.DataFrame, kind: str, sha256: str) -> None:
    """Write the filter of the file at `path`; without it, that file is always read."""
    if rows.height < LEAST_ROWS:
        return
    names = [
        "customer",
        *addresses(kind),
        *(["message_id"] if "message_id" in rows.columns else []),
    ]
    parts = [rows[name].unique().drop_nulls().rename("key") for name in names]
    parts.append(rows["stream"].unique().cast(pl.String).rename("key"))
    hashes = _hashes(pl.concat(parts))
    count = max(1, -(-len(hashes) * _BITS // (_BLOCK * 8)))
    blocks = np.zeros((count, 8), np.uint32)
    which, bits = _places(hashes, count)
    for word in range(8):
        np.bitwise_or.at(blocks[:, word], which, bits[:, word])
    data = bytearray(_head(sha256, count))
    for index, block in enumerate(blocks):
        raw = block.astype("<u4").tobytes()
        data += raw + _checksum(raw, index)
    with suppress(OSError):
        opened = open_own(beside(path), os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(opened, "wb") as out:
            out.write(data)


def may_hold(path: Path, sha256: str, wanted: Iterable[str]) -> bool:
    """Whether the file at `path` may hold any key of `wanted`."""
    try:
        opened = os.open(beside(path), os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        head = os.pread(opened, _HEAD, 0)
        count = int.from_bytes(head[-8:], "little")
        if head != _head(sha256, count) or count < 1:
            return True
        hashes = _hashes(pl.Series("key", list(wanted), dtype=pl.String))
        which, bits = _places(hashes, count)
        return any(_has(opened, int(index), bits[at]) for at, index in enumerate(which))
    except OSError:
        return True
    finally:
        os.close(opened)


def beside(path: Path) -> Path:
    """Return where the filter of the file at `path` is."""
    return path.with_name(path.name + SUFFIX)


def _has(opened: int, index: int, bits: NDArray[np.uint32]) -> bool:
    entry = os.pread(opened, _ENTRY, _HEAD + index * _ENTRY)
    raw = entry[:_BLOCK]
    if len(entry) < _ENTRY or entry[_BLOCK:] != _checksum(raw, index):
        return True
    block = np.frombuffer(raw, "<u4")
    return bool(((block & bits) == bits).all())


def _hashes(keys: pl.Series) -> NDArray[np.uint64]:
    hashed: NDArray[np.uint64] = keys.hash(seed=7).to_numpy()
    return hashed


def _places(hashes: NDArray[np.uint64], count: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return the block of each key and its eight bits there."""
    which = ((hashes >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)
    low = (hashes & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    bits = np.uint32(1) << ((low[:, None] * _SALT[None, :]) >> np.uint32(27))
    return which.astype(np.int64), bits.astype(np.uint32)


def _head(sha256: str, count: int) -> bytes:
    """Return the first bytes: hashing is Polars' own, and another version may hash otherwise."""
    known = _hashes(pl.Series("key", ["a", "192.0.2.1", "somebody.long@somewhere.far.example"]))
    return (
        _MAGIC + known.astype("<u8").tobytes() + bytes.fromhex(sha256) + count.to_bytes(8, "little")
    )


def _checksum(raw: bytes, index: int) -> bytes:
    return zlib.crc32(raw, index & 0xFFFFFFFF).to_bytes(4, "little")
