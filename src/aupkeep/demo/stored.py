"""Gzip files whose bytes depend on nothing but their content.

In: bytes. Out: a gzip member (RFC 1952) of stored blocks (RFC 1951): versions of zlib compress
differently, so the demo, which promises equal bytes everywhere, does not compress.
"""

from __future__ import annotations

import struct
import zlib

_HEAD = bytes.fromhex("1f8b08000000000000ff")
_BLOCK = 65_535


def gzip_stored(data: bytes) -> bytes:
    """Return `data` as a gzip file without name and time."""
    parts = [_HEAD]
    for start in range(0, len(data), _BLOCK) or (0,):
        block = data[start : start + _BLOCK]
        last = start + _BLOCK >= len(data)
        parts.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) % (1 << 32)))
    return b"".join(parts)
