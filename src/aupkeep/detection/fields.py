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

#: Fields of the product's own kinds that hold one of a few words: how many. A row of an outsider
#: is never seen by a rule.
_WORDS = {
    ("mail", "stage"): 2,
    ("mail", "status"): 6,
    ("login", "outcome"): 2,
    ("flow", "direction"): 4,
    ("", "attribution"): 3,
}


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


def values_of(kind: str, field: str, kinds: Catalogue = KINDS) -> int:
    """Return how many values `field` of `kind` can have; 0 where they are not numbered."""
    fields = fields_of(kind, kinds)
    if field in fields and fields[field] == pl.Boolean:
        return 2
    own = kinds.get(kind) is KINDS.get(kind)
    shared = field in ATTRIBUTED
    return _WORDS.get(("" if shared else kind, field), 0) if own else 0
