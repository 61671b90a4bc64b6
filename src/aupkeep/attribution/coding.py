"""Text columns as dense numbers, so that each distinct value is looked at once.

In: a Polars column. Out: its distinct values and, for each row, which of them it is.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: The code of a missing value.
MISSING = -1


def encode(values: pl.Series) -> tuple[pl.Series, Ints]:
    """Return the distinct non-null values and each row's index among them (`MISSING` for null)."""
    distinct = values.drop_nulls().unique()
    if distinct.is_empty():
        return distinct, np.full(len(values), MISSING, dtype=np.int64)
    numbers = pl.Series(np.arange(len(distinct), dtype=np.int64))
    codes = values.replace_strict(distinct, numbers, default=None, return_dtype=pl.Int64)
    return distinct, integers(codes, MISSING)


def integers(values: pl.Series, missing: int) -> Ints:
    """Return an integer column as an array, null as `missing`."""
    return values.fill_null(missing).to_numpy().astype(np.int64, copy=False)


def truths(values: pl.Series) -> Flags:
    """Return a boolean column as an array, null as false."""
    return values.cast(pl.Boolean).fill_null(value=False).to_numpy()
