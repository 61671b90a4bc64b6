"""Deterministic ids: the same parts give the same id, whoever computes it and when.

In: plain values. Out: short lower-case hexadecimal text, or an unsigned 64-bit integer for frames.
"""

from __future__ import annotations

import hashlib

from aupkeep.base.canonical import canonical

#: Characters of an id: 128 bits, so that a collision is out of reach for any installation.
ID_LENGTH = 32


def make_id(*parts: object) -> str:
    """Return the id of `parts` (plain values, see `canonical`)."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()[:ID_LENGTH]


def stream_id(*parts: object) -> int:
    """Return the 64-bit id of a stream, below 2**63 so that it fits every integer column."""
    raw = hashlib.sha256(canonical(list(parts))).digest()[:8]
    return int.from_bytes(raw) >> 1


def event_id(stream: int, position: int, part: int = 0) -> str:
    """Return the text of an event id: `stream:position` or `stream:position.part`."""
    text = f"{stream:016x}:{position}"
    return f"{text}.{part}" if part else text
