"""The fields that rules may name, and what can be asked of each.

In: a kind of event and the catalogue that has it. Out: its fields with their types, those added by
attribution included. The catalogue is the product's own (`events.schema.KINDS`) unless a caller
brings rows of another make, as the benchmarks do.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from aupkeep.events.schema import ATTRIBUTED, COMMON, KINDS, Schema

#: Kinds of events and the columns of each.
Catalogue = Mapping[str, Schema]

#: Fields that no row lacks: `not` needs no guard for them.
ALWAYS = frozenset(COMMON) | {"attribution", "actor", "forgeable", "stage"}


def fields_of(kind: str, kinds: Catalogue = KINDS) -> Schema:
    """Return every field of an attributed row of `kind`."""
    return COMMON | ATTRIBUTED | kinds[kind]


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
