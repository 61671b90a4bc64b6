"""What attribution found for the rows of one kind, before names are put to the numbers.

In: the resolvers of the kinds. Out: `Resolution`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from aupkeep.attribution.coding import Flags, Ints

#: No port is known.
NO_PORT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """One entry a row."""

    #: Number of the holder, or a word of `holders.WORDS`.
    answers: Ints
    #: The instant at which the books were asked.
    times: Ints
    actor: pl.Expr
    forgeable: Flags
    #: Columns of the kind that only attribution can fill.
    columns: Mapping[str, pl.Series] = field(default_factory=dict)


def stated(column: str) -> pl.Expr:
    """Return a text column with empty text as null."""
    return pl.when(pl.col(column) != "").then(pl.col(column))
