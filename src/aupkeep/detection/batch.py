"""The rows of one kind in one feed, prepared once for all rules.

In: an attributed frame. Out: columns as arrays, key codes, threshold levels, single rows. Rows that
no rule may see (outsiders, late ones, another provider's) are left out here.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection.codes import Column
from aupkeep.detection.layout import FAINT, FORGEABLE
from aupkeep.detection.naming import CUSTOMER
from aupkeep.detection.tables import Ids, Ints


def visible(frame: pl.DataFrame, provider: str, columns: list[str]) -> pl.DataFrame:
    """Return the rows of `frame` that rules of `provider` may see, with `columns` and the key's.

    Not-a-number is a missing value from here on, and minus nought is nought.
    """
    seen = (
        (pl.col("provider") == provider)
        & ~pl.col("late").fill_null(value=False)
        & (pl.col("attribution").fill_null("unknown") != "outsider")
    ).fill_null(value=False)
    if not frame.select(seen.all()).item():
        frame = frame.filter(seen)
    who = pl.col("customer")
    if frame["customer"].null_count():
        who = pl.coalesce(who, pl.lit("?") + pl.col("actor").fill_null(""))
    schema = frame.schema
    given = (_number(name) if schema[name].is_float() else name for name in columns)
    return frame.select(*given, who.alias(CUSTOMER))


def _number(name: str) -> pl.Expr:
    column = pl.col(name).fill_nan(None)
    # Adding zero would do, but Polars takes that for nothing.
    return pl.when(column == 0.0).then(0.0).otherwise(column).alias(name)


class Batch:
    """Visible rows of one kind, in order."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._ids: dict[str, Ids] = {}
        self._given: dict[str, NDArray[np.bool_]] = {}
        self.time = self.whole("event_time")
        self.stream = self.whole("stream")
        self.position = self.whole("position")
        self.part = self.whole("part")
        trusted = pl.col("authenticated").fill_null(value=False)
        forgeable = pl.col("forgeable").fill_null(value=True)
        faint = (~trusted | forgeable).cast(pl.UInt8) * FAINT
        weak = frame.select(weak=faint + forgeable.cast(pl.UInt8) * FORGEABLE)["weak"]
        self.weak: NDArray[np.uint8] = np.array(weak.cast(pl.UInt8).to_numpy())

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self.frame.height

    def whole(self, name: str) -> Ints:
        """Return a whole-number column; 0 where it is missing."""
        return np.array(_filled(self.frame[name].cast(pl.Int64), 0).to_numpy())

    def real(self, name: str) -> NDArray[np.float64]:
        """Return a column as floats; 0 where it is missing."""
        return np.array(_filled(self.frame[name].cast(pl.Float64), 0.0).to_numpy())

    def given(self, name: str) -> NDArray[np.bool_]:
        """Return which rows have a value in `name`."""
        if name not in self._given:
            column = self.frame[name]
            self._given[name] = (
                np.array(column.is_not_null().to_numpy())
                if column.null_count()
                else np.ones(len(column), dtype=np.bool_)
            )
        return self._given[name]

    def prepare(self, name: str, column: Column, picked: NDArray[np.bool_]) -> None:
        """Number the values of column `name` in the rows `picked`."""
        rows = None if picked.all() else np.flatnonzero(picked)
        self._ids[name] = column.ids(self.frame[name], rows)

    def ids(self, name: str) -> Ids:
        """Return the numbers of the values of column `name`, as prepared."""
        return self._ids[name]


def _filled(column: pl.Series, value: float) -> pl.Series:
    """Return `column` with `value` where it is missing."""
    return column.fill_null(value) if column.null_count() else column
