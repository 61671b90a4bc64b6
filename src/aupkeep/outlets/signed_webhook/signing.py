"""The signature of a message, in the form of Standard Webhooks.

In: a key as text, a message. Out: three headers. A key `whsec_` is a shared secret (HMAC-SHA256,
signature `v1`), a key `whsk_` a private key of Ed25519 (signature `v1a`); behind the prefix stands
Base64. Sources: Standard Webhooks, specification; RFC 2104; RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET, PRIVATE = "whsec_", "whsk_"
#: Bytes of a shared secret; of a private key: the seed, or the seed with its public key.
_SECRET_SIZES = range(24, 65)
_SEED, _PAIR = 32, 64

Signer = Callable[[bytes], str]


def signer(key: str) -> Signer:
    """Return what signs bytes with `key`; raises `ValueError` for text that is no key."""
    text = key.strip()
    if text.startswith(SECRET):
        secret = _bytes(text.removeprefix(SECRET))
        if len(secret) not in _SECRET_SIZES:
            raise ValueError("a shared secret has 24 to 64 bytes")
        return lambda signed: f"v1,{_text(hmac.digest(secret, signed, 'sha256'))}"
    if text.startswith(PRIVATE):
        seed = _bytes(text.removeprefix(PRIVATE))
        if len(seed) not in (_SEED, _PAIR):
            raise ValueError("a private key has 32 or 64 bytes")
        private = Ed25519PrivateKey.from_private_bytes(seed[:_SEED])
        return lambda signed: f"v1a,{_text(private.sign(signed))}"
    raise ValueError(f"a key begins with {SECRET} or {PRIVATE}")


def headers(sign: Signer, identity: str, data: bytes, *, seconds: int) -> dict[str, str]:
    """Return the headers of the message `data`; `identity` holds no dot; `seconds` since 1970."""
    signed = f"{identity}.{seconds}.".encode() + data
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(signed),
    }


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("what stands behind the prefix of a key is Base64") from None


def _text(signature: bytes) -> str:
    return base64.b64encode(signature).decode("ascii")
