"""Dense codes for keys and values, so that compiled code sees small whole numbers.

In: columns of a frame. Out: one code a row that is the same for the same tuple of values, batch
after batch, until nobody holds it any more. Exact: hashes only find where to look, and what is
found there is compared with the row itself. A missing value is a value of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from aupkeep.detection import tables
from aupkeep.detection.tables import Bools, Ids, Ints

Values = tuple[object, ...]
Hashes = Callable[[pl.Series], Ints]

_SMALL = 64
#: Dictionaries are cleaned when they hold this many entries more than twice those in use.
SLACK = 4096
#: Pieces a column of values may be in before it is made one.
_PIECES = 32


def plain(dtype: pl.DataType) -> pl.DataType:
    """Return the type that values of type `dtype` are kept in."""
    if dtype.is_float():
        return pl.Float64()
    return pl.Int64() if dtype.is_integer() else dtype


def hashed(column: pl.Series) -> Ints:
    """Return a hash of each entry, the same for equal ones."""
    return column.hash().to_numpy().view(np.int64)


class Column:
    """Every value of one column that is in use, each with a small number: its id."""

    def __init__(self, dtype: pl.DataType, hashes: Hashes = hashed) -> None:
        """Start empty; `dtype` is a plain one."""
        self.dtype = dtype
        self._hashes = hashes
        self._values = pl.Series("value", [], dtype=dtype)
        self._loose = 0
        self._table = np.zeros((_SMALL, 2), dtype=np.int64)
        self._tally = np.zeros(3, dtype=np.int64)
        #: Values whose hash another value had first.
        self._odd: dict[object, int] = {}
        #: Ids in use when it was last cleaned.
        self.held = 0
        #: Grows whenever ids are given anew.
        self.edition = 0

    def __len__(self) -> int:
        """Return how many values have an id."""
        return int(self._tally[tables.COUNT])

    def value(self, number: int) -> object:
        """Return the value that has an id."""
        return self._values[number]

    def take(self, ids: Ids) -> pl.Series:
        """Return the values that have `ids`, of which none is negative."""
        return self._values[pl.Series(ids.view(np.uint32))]

    def from_id(self, start: int) -> list[object]:
        """Return the values with ids from `start` on."""
        return self._values[start:].to_list()

    def ids(self, column: pl.Series, picked: Ints | None = None) -> Ids:
        """Return the id of each entry of `column`; -1 for those that are not `picked`."""
        column = _normal(column, self.dtype)
        rows = np.arange(len(column)) if picked is None else picked
        ids = np.full(len(column), -1, dtype=np.int32)
        if not rows.size:
            return ids
        hashes = self._hashes(column)
        fresh = np.empty(rows.size, dtype=np.int64)
        done = 0
        self._tally[tables.NEW] = 0
        while True:
            done = tables.seek(self._table, hashes, rows, done, ids, fresh, self._tally)
            if done == rows.size:
                break
            larger = np.zeros((2 * len(self._table), 2), dtype=np.int64)
            tables.reseat(self._table, larger)
            self._table = larger
        self._append(column[fresh[: self._tally[tables.NEW]]])
        self._compare(column, rows, ids)
        return ids

    def _append(self, fresh: pl.Series) -> None:
        if not len(fresh):
            return
        if fresh.dtype == pl.String:
            # Made anew, because a text otherwise keeps the whole batch it came with.
            fresh = pl.Series("value", fresh.to_list(), dtype=pl.String)
        self._values.append(fresh)
        self._loose += len(fresh)
        if 4 * self._loose > len(self) or self._values.n_chunks() > _PIECES:
            self._values = self._values.rechunk()
            self._loose = 0

    def _compare(self, column: pl.Series, rows: Ints, ids: Ids) -> None:
        """Make sure that ids found by hash stand for the very values."""
        own = column if rows.size == len(column) else column[rows]
        kept = self.take(ids[rows])
        if kept.equals(own, check_names=False, null_equal=True):
            return
        wrong = rows[np.flatnonzero(kept.ne_missing(own).to_numpy())]
        for row, value in zip(wrong.tolist(), column[wrong].to_list(), strict=True):
            if value not in self._odd:
                self._odd[value] = len(self)
                self._tally[tables.COUNT] += 1
                self._append(pl.Series("value", [value], dtype=self.dtype))
            ids[row] = self._odd[value]

    def keep(self, alive: Bools) -> Ids:
        """Drop the values whose id is not marked; return the new id of each old one, or -1."""
        kept = np.flatnonzero(alive)
        moved = np.full(alive.size, -1, dtype=np.int32)
        moved[kept] = np.arange(kept.size, dtype=np.int32)
        self._values = self._values[kept].rechunk()
        if self.dtype == pl.String:
            self._values = pl.Series("value", self._values.to_list(), dtype=pl.String)
        self._loose = 0
        self._tally[tables.COUNT] = kept.size
        self._table = np.zeros((_size_for(kept.size), 2), dtype=np.int64)
        odd = np.zeros(kept.size, dtype=np.bool_)
        if kept.size:
            tables.seat(self._table, self._hashes(self._values), odd)
        self._odd = {self._values[number]: number for number in np.flatnonzero(odd).tolist()}
        self.held = kept.size
        self.edition += 1
        return moved


class Codes:
    """A dictionary from tuples of values to codes; freed codes are given out again."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = list(columns)
        width = len(self.columns)
        self._parts = np.zeros((_SMALL, width), dtype=np.int32)
        self._table = np.zeros(2 * _SMALL, dtype=np.int32)
        self._free = np.zeros(_SMALL, dtype=np.int32)
        self._tally = np.zeros(3, dtype=np.int64)
        #: Codes in use when it was last cleaned.
        self.held = 0
        #: Grows whenever codes are freed.
        self.edition = 0

    def __len__(self) -> int:
        """Return how many tuples have a code."""
        return self.bound - int(self._tally[tables.FREE])

    @property
    def bound(self) -> int:
        """One more than the largest code given out."""
        return int(self._tally[tables.COUNT])

    def code(self, values: Values) -> int:
        """Return the code of `values`, a new one where it has none."""
        return int(self.of_lists([[one] for one in values], 1)[0])

    def values(self, code: int) -> Values:
        """Return the tuple that has `code`."""
        parts = self._parts[code].tolist()
        return tuple(column.value(part) for column, part in zip(self.columns, parts, strict=True))

    def series(self, codes: Ints) -> list[pl.Series]:
        """Return the values of `codes`, column by column."""
        parts = self._parts[codes]
        return [column.take(parts[:, k]) for k, column in enumerate(self.columns)]

    def of_lists(self, columns: Sequence[Sequence[object]], height: int) -> Ints:
        """Return the code of each of `height` tuples, given column by column."""
        if not height:
            return np.zeros(0, dtype=np.int64)
        given = [
            pl.Series("value", list(values), dtype=column.dtype)
            for values, column in zip(columns, self.columns, strict=True)
        ]
        return self.of_columns(given, height)

    def of_columns(self, given: Sequence[pl.Series], height: int) -> Ints:
        """Return the code of each row of the columns `given`, `height` rows each."""
        ids = [column.ids(one) for column, one in zip(self.columns, given, strict=True)]
        return self.of_ids(ids, np.arange(height), height)

    def of_ids(self, ids: Sequence[Ids], picked: Ints, height: int) -> Ints:
        """Return the code of each `picked` row by the ids of its columns; -1 for the others."""
        codes = np.full(height, -1, dtype=np.int64)
        joined = np.stack(ids) if ids else np.zeros((0, height), dtype=np.int32)
        done = 0
        while done < picked.size:
            done = tables.join(
                self._table, self._parts, self._free, self._tally, joined, picked, done, codes
            )
            if done < picked.size:
                self._grow()
        return codes

    def _grow(self) -> None:
        held = len(self._parts)
        larger = np.zeros((held + max(held // 2, _SMALL), self._parts.shape[1]), dtype=np.int32)
        larger[:held] = self._parts
        self._parts = larger
        self._index(np.ones(self.bound, dtype=np.bool_))

    def _index(self, alive: Bools) -> None:
        self._table = np.zeros(_size_for(len(self._parts)), dtype=np.int32)
        tables.rejoin(self._table, self._parts, alive)

    def keep(self, alive: Bools) -> None:
        """Free every code that is not marked in `alive`."""
        free = np.flatnonzero(~alive).astype(np.int32)
        self._parts[free] = 0
        self._free = np.zeros(max(free.size, _SMALL), dtype=np.int32)
        self._free[: free.size] = free
        self._tally[tables.FREE] = free.size
        self._index(alive)
        self.held = len(self)
        self.edition += 1

    def _alive(self) -> Bools:
        alive = np.ones(self.bound, dtype=np.bool_)
        alive[self._free[: self._tally[tables.FREE]]] = False
        return alive

    def mark(self, column: Column, alive: Bools) -> None:
        """Mark in `alive` the ids of `column` that some code rests on."""
        for k, own in enumerate(self.columns):
            if own is column:
                alive[self._parts[: self.bound][self._alive(), k]] = True

    def move(self, column: Column, moved: Ids) -> None:
        """Take over new ids of `column`."""
        alive = self._alive()
        for k, own in enumerate(self.columns):
            if own is column:
                parts = self._parts[: self.bound]
                parts[alive, k] = moved[parts[alive, k]]
        self._index(alive)


def swept(column: Column, users: Sequence[Codes]) -> None:
    """Drop the values of `column` that none of the codes of `users` rests on, now and then."""
    if len(column) <= 2 * column.held + SLACK:
        return
    alive = np.zeros(len(column), dtype=np.bool_)
    for codes in users:
        codes.mark(column, alive)
    moved = column.keep(alive)
    for codes in users:
        codes.move(column, moved)


def _normal(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    return column if column.dtype == dtype else column.cast(dtype)


def _size_for(count: int) -> int:
    size = _SMALL
    while size < 2 * count:
        size *= 2
    return 2 * size if size == _SMALL else size
