"""Predicates over frames: what the rest of the program asks of them.

In: selections of one kind and a frame of it. Out: one truth value a row. `matching` has the same
for selections that are compiled once and asked again and again.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from aupkeep.detection.expressions import fold, leaves, read_fields, regex
from aupkeep.detection.matching import Bools, Matcher
from aupkeep.detection.rule import Selection

__all__ = ["Bools", "Matcher", "fold", "leaves", "masks", "read_fields", "regex"]


def masks(frame: pl.DataFrame, selections: Sequence[Selection]) -> dict[str, Bools]:
    """Return for each selection id which rows of `frame` it means."""
    return Matcher(selections, frame.schema).masks(frame)
