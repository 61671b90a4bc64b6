"""The fields that rules may name, and what can be asked of each.

In: a kind of event. Out: its fields with their types, those added by attribution included.
"""

from __future__ import annotations

import polars as pl

from aupkeep.events.schema import ATTRIBUTED, COMMON, KINDS, Schema

#: Fields that no row lacks: `not` needs no guard for them.
ALWAYS = frozenset(COMMON) | {"attribution", "actor", "forgeable", "stage"}


def fields_of(kind: str) -> Schema:
    """Return every field of an attributed row of `kind`."""
    return COMMON | ATTRIBUTED | KINDS[kind]


def is_text(data: pl.DataType) -> bool:
    """Return whether a field of type `data` holds text."""
    return data == pl.String


def is_number(data: pl.DataType) -> bool:
    """Return whether a field of type `data` holds numbers."""
    return data.is_numeric()


def word(data: pl.DataType) -> str:
    """Return what a field of type `data` holds, for people."""
    if is_text(data):
        return "text"
    return "numbers" if is_number(data) else "true or false"
