"""Frozen values to rows and back.

In: values of the stages. Out: the JSON that is stored, and the same values. msgspec reads and
writes the dataclasses as they are declared, so a field is added in one place.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

Value = TypeVar("Value")


def to_text(value: object) -> str:
    """Return `value` (a dataclass) as JSON with sorted keys."""
    return msgspec.json.encode(value, order="deterministic").decode("utf-8")


def from_text(text: str, kind: type[Value]) -> Value:
    """Return the value of type `kind` that `to_text` wrote."""
    return msgspec.json.decode(text.encode("utf-8"), type=kind)
