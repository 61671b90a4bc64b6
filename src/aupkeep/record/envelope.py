"""Envelopes: personal data of an entry, encrypted under the key of its subject and group.

In: plain values, a key and a nonce, or an envelope and a key. Out: bytes whose hash an entry holds,
or the values. AES-256-GCM (NIST SP 800-38D); the entry's place in its chain is authenticated with
it. Nothing here draws a random number: key and nonce are arguments.

Form: a byte 1, the key's id (16 bytes), the nonce (12), then ciphertext and tag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aupkeep.base.canonical import canonical, sha256

#: Bytes of a key, of its id, of a nonce.
KEY, ID, NONCE = 32, 16, 12
#: The first byte; another one is a form that this program does not know.
_FORM = b"\x01"
_START = len(_FORM) + ID + NONCE
#: Plain text is filled up with spaces to a multiple of so many bytes, so that its length tells
#: little of what is in it.
_STEP = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key of one subject and group."""

    #: Random; names the key in envelopes, and says nothing of whose it is.
    id: bytes
    secret: bytes = field(repr=False)


def seal(key: Key, nonce: bytes, personal: Mapping[str, object], place: tuple[str, int]) -> bytes:
    """Return the envelope of `personal`; `place` is provider and number of the entry.

    A `nonce` is used once under a key; of random ones, 2**32 are safe.
    """
    plain = canonical(dict(personal))
    plain += b" " * (-len(plain) % _STEP)
    start = _FORM + key.id + nonce
    return start + AESGCM(key.secret).encrypt(nonce, plain, _bound(start, place))


def key_of(envelope: bytes) -> bytes | None:
    """Return the id of the key that opens `envelope`; None where it is none."""
    if envelope[:1] != _FORM or len(envelope) <= _START:
        return None
    return envelope[1 : 1 + ID]


def unseal(secret: bytes, envelope: bytes, place: tuple[str, int]) -> dict[str, Any] | None:
    """Return what is in `envelope`, or None where this key or this place is not its own."""
    if key_of(envelope) is None:
        return None
    nonce = envelope[1 + ID : _START]
    try:
        plain = AESGCM(secret).decrypt(nonce, envelope[_START:], _bound(envelope[:_START], place))
    except InvalidTag:
        return None
    found = json.loads(plain.decode("utf-8", "surrogatepass"))
    return found if isinstance(found, dict) else None


def envelope_hash(envelope: bytes) -> str:
    """Return the hash by which the chain holds `envelope`."""
    return sha256(envelope)


def _bound(start: bytes, place: tuple[str, int]) -> bytes:
    provider, seq = place
    return start + f"{seq} {provider}".encode("utf-8", "surrogatepass")
