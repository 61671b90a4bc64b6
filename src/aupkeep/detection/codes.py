"""Dense codes for keys and values, so that compiled code sees small whole numbers.

In: columns of a frame. Out: one code a row that is the same for the same tuple of values, batch
after batch, until nobody holds it any more.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Values = tuple[object, ...]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
#: Products of code counts beyond this are made dense in between.
_WIDE = 2**40


class Codes:
    """A dictionary from tuples of values to codes; freed codes are given out again."""

    def __init__(self) -> None:
        self._code: dict[Values, int] = {}
        self._values: list[Values | None] = []
        self._free: list[int] = []
        #: Codes in use when it was last cleaned.
        self.held = 0

    def __len__(self) -> int:
        """Return how many tuples have a code."""
        return len(self._code)

    @property
    def bound(self) -> int:
        """One more than the largest code given out."""
        return len(self._values)

    def code(self, values: Values) -> int:
        """Return the code of `values`, a new one where it has none."""
        found = self._code.get(values)
        if found is not None:
            return found
        if self._free:
            found = self._free.pop()
            self._values[found] = values
        else:
            found = len(self._values)
            self._values.append(values)
        self._code[values] = found
        return found

    def values(self, code: int) -> Values:
        """Return the tuple that has `code`."""
        values = self._values[code]
        if values is None:
            raise KeyError(code)
        return values

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """Free every code that is not marked in `alive`."""
        kept = alive.tolist()
        self._code = {values: code for values, code in self._code.items() if kept[code]}
        self._free = np.flatnonzero(~alive).tolist()
        for code in self._free:
            self._values[code] = None
        self.held = len(self._code)

    def of_rows(self, frame: pl.DataFrame, names: tuple[str, ...]) -> Ints:
        """Return the code of each row of `frame` by its columns `names`."""
        if not names:
            return np.full(frame.height, self.code(()), dtype=np.int64)
        local, firsts = group(frame, names)
        rows = frame.select(names)[firsts].rows()
        found = list(map(self._code.get, rows))
        for place, code in enumerate(found):
            if code is None:
                found[place] = self.code(rows[place])
        return np.array(found, dtype=np.int64)[local]


def group(frame: pl.DataFrame, names: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Number the distinct tuples of `names` in order of appearance.

    Returns the number of each row's tuple, and the first row of each tuple.
    """
    combined, size = _column(frame[names[0]])
    for name in names[1:]:
        codes, count = _column(frame[name])
        if size * count > _WIDE:
            combined, firsts = _dense(combined)
            size = firsts.size
        combined = combined * count + codes
        size *= count
    return _dense(combined)


def _column(column: pl.Series) -> tuple[Ints, int]:
    """Return a number below the second value for each entry, the same for the same value."""
    missing = column.is_null()
    if column.dtype == pl.String:
        # A set of categories of its own, so that nothing outlives the batch.
        drawn = column.cast(pl.Categorical(pl.Categories.random()))
        codes = drawn.to_physical().cast(pl.Int64)
        highest = codes.max()
        count = highest + 1 if isinstance(highest, int) else 0
        # A copy: compiled code is made once for arrays that can be written to.
        return np.array(codes.fill_null(count).to_numpy()), count + 1
    if column.dtype.is_float():
        # Adding zero makes one of both zeros; the bits then tell the values apart.
        plain = (column.fill_null(0.0).to_numpy() + 0.0).view(np.int64)
    else:
        plain = np.array(column.cast(pl.Int64).fill_null(0).to_numpy())
    numbers, firsts = _dense(plain)
    numbers[missing.to_numpy()] = firsts.size
    return numbers, firsts.size + 1


@njit(cache=True)
def _dense(values: Ints) -> tuple[Ints, Ints]:
    """Number the distinct entries of `values` in order of appearance, with their first rows."""
    size = 16
    while size < 2 * values.size:
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    codes = np.empty(values.size, dtype=np.int64)
    firsts = np.empty(values.size, dtype=np.int64)
    count = 0
    for i in range(values.size):
        at = np.int64((np.uint64(values[i]) * _MIX) >> _HALF) & (size - 1)
        while table[at] >= 0 and values[firsts[table[at]]] != values[i]:
            at = (at + 1) & (size - 1)
        if table[at] < 0:
            table[at] = count
            firsts[count] = i
            count += 1
        codes[i] = table[at]
    return codes, firsts[:count].copy()
