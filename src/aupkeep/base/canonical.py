"""Canonical JSON and hashes: the same value gives the same bytes, everywhere and for good.

In: plain values (dict with text keys, list, tuple, str, int, bool, None). Out: UTF-8 bytes with
sorted keys and no spaces. Floats are refused: they have no one spelling that all programs share.
"""

from __future__ import annotations

import hashlib
import json

_REFUSED = "canonical JSON takes no"

#: One encoder for all calls: making one costs more than encoding a small value.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

#: Types whose values need no look inside; exact types, so that the test is one look-up.
_LEAVES = frozenset({str, int, bool, type(None)})


def canonical(value: object) -> bytes:
    """Return the canonical bytes of `value`; raises `TypeError` on a float or an unknown type.

    Raises `ValueError` or `RecursionError` on a value that holds itself.
    """
    _refuse(value)
    text = _encode(value)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # Half a surrogate pair: broken text from outside, kept as it is.
        return text.encode("utf-8", "surrogatepass")


def sha256(data: bytes) -> str:
    """Return the lower-case hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical bytes of `value`."""
    return sha256(canonical(value))


def _refuse(value: object) -> None:
    if type(value) in _LEAVES:
        return
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{_REFUSED} key of type {type(key).__name__}")
        _refuse(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            if type(item) not in _LEAVES:
                _refuse(item)
    elif not isinstance(value, (str, int)):
        raise TypeError(f"{_REFUSED} {type(value).__name__}")
