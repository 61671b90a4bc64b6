"""Canonical JSON and hashes: the same value gives the same bytes, everywhere and for good.

In: plain values (dict with text keys, list, tuple, str, int, bool, None). Out: UTF-8 bytes with
sorted keys and no spaces. Floats are refused: they have no one spelling that all programs share.
"""

from __future__ import annotations

import hashlib
import json

_REFUSED = "canonical JSON takes no"


def canonical(value: object) -> bytes:
    """Return the canonical bytes of `value`; raises `TypeError` on a float or an unknown type."""
    _refuse(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def sha256(data: bytes) -> str:
    """Return the lower-case hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical bytes of `value`."""
    return sha256(canonical(value))


def _refuse(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{_REFUSED} key of type {type(key).__name__}")
            _refuse(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse(item)
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"{_REFUSED} {type(value).__name__}")
