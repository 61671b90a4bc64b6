"""What many rules ask of one column, asked together.

In: parts that read the same columns, and frames. Out: the truth of each part a row. A text column
with few different values is judged by these alone. Parts that want certain texts are asked only
where one of the texts is: a single pass looks for those of many parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection.expressions import Types, expression, folded, leaves, lower_name, read_fields
from aupkeep.detection.literals import required
from aupkeep.detection.parts import Truth
from aupkeep.detection.rule import Cidr, Glob, Predicate, Regex

Codes = NDArray[np.uint32]

#: Parts whose texts one pass looks for, and the fewest for which that is worth it.
_SIEVED, _FEWEST = 32, 6
#: Rows below which nothing is looked for first.
_ROWS = 512
#: A column is judged by its different values where they are at most this share of the rows.
_DISTINCT = 0.25
#: Share of rows beyond which a sieve lets through too much.
_COARSE = 0.5


@dataclass(frozen=True, slots=True)
class Sieve:
    """Texts of several parts, and the places of these parts."""

    texts: list[str]
    places: list[int]


class Answers:
    """The truth of parts: as found, or spread over the rows that share a value."""

    def __init__(self, found: list[Truth], codes: Codes | None = None) -> None:
        """`found` has one entry a row, or one a code where there are `codes` a row."""
        self._found = found
        self._codes = codes
        self._spread: dict[int, Truth] = {}

    def at(self, place: int) -> Truth:
        """Return the truth of the part at `place`, a row each or the same for all."""
        found = self._found[place]
        if self._codes is None or isinstance(found, bool):
            return found
        if place not in self._spread:
            self._spread[place] = _settled(found[self._codes])
        return self._spread[place]


class Asked:
    """Parts that read the same one column, or that read several."""

    def __init__(self, parts: Sequence[Predicate], types: Types) -> None:
        """Compile `parts`."""
        fields = set().union(*map(read_fields, parts))
        self._field = fields.pop() if len(fields) == 1 else ""
        lowered = sorted(set().union(*(folded(part, types) for part in parts)))
        self._lower = [pl.col(name).str.to_lowercase().alias(lower_name(name)) for name in lowered]
        self._fields = sorted(set().union(*map(read_fields, parts)))
        self._asks = [expression(part, types).alias(str(i)) for i, part in enumerate(parts)]
        self._text = bool(self._field) and types[self._field] == pl.String
        slow = any(isinstance(leaf, Glob | Regex | Cidr) for part in parts for leaf in leaves(part))
        self._distinct = self._text and (slow or bool(lowered))
        self._seen = lower_name(self._field) if lowered else self._field
        needs = [required(part, lower=bool(lowered)) if self._text else None for part in parts]
        self._sieves = _sieves(needs)
        sieved = {place for sieve in self._sieves for place in sieve.places}
        self._rest = [place for place in range(len(parts)) if place not in sieved]

    def answers(self, frame: pl.DataFrame) -> Answers:
        """Return the truth of the parts over the rows of `frame`."""
        narrow = frame.select(self._fields)
        if not self._distinct:
            return Answers(self._judge(narrow))
        column = narrow[self._field]
        count = column.approx_n_unique()
        if not isinstance(count, int) or count > _DISTINCT * column.len():
            return Answers(self._judge(narrow))
        codes, examples = _coded(column)
        return Answers(self._judge(narrow[examples]), codes)

    def _judge(self, frame: pl.DataFrame) -> list[Truth]:
        wide = frame.with_columns(self._lower) if self._lower else frame
        found: list[Truth] = [False] * len(self._asks)
        self._ask(wide, self._rest, found)
        for sieve in self._sieves:
            if frame.height < _ROWS:
                self._ask(wide, sieve.places, found)
            else:
                self._sift(wide, sieve, found)
        return found

    def _ask(self, frame: pl.DataFrame, places: list[int], found: list[Truth]) -> None:
        if not places:
            return
        told = frame.select([self._asks[place] for place in places])
        for place, column in zip(places, told.get_columns(), strict=True):
            found[place] = _settled(column.to_numpy())

    def _sift(self, frame: pl.DataFrame, sieve: Sieve, found: list[Truth]) -> None:
        """Ask the parts of `sieve` where one of its texts is; elsewhere they are false."""
        there = frame.select(
            pl.col(self._seen).str.contains_any(sieve.texts).fill_null(value=False)
        )
        rows = there.to_series().arg_true()
        if rows.len() > _COARSE * frame.height:
            self._ask(frame, sieve.places, found)
            return
        if not rows.len():
            return
        self._ask(frame[rows], sieve.places, found)
        index = rows.to_numpy()
        for place in sieve.places:
            held = found[place]
            if held is not False:
                whole = np.zeros(frame.height, dtype=np.bool_)
                whole[index] = held
                found[place] = whole


def _coded(column: pl.Series) -> tuple[Codes, Codes]:
    """Return a code a row, the same for the same text, and for each code a row that has it."""
    # A set of categories of its own, so that nothing outlives the frame.
    drawn = column.cast(pl.Categorical(pl.Categories.random())).to_physical()
    highest = drawn.max()
    missing = highest + 1 if isinstance(highest, int) else 0
    codes = drawn.fill_null(missing).to_numpy()
    examples = np.zeros(int(codes.max()) + 1, dtype=np.uint32)
    examples[codes] = np.arange(codes.size, dtype=np.uint32)
    return codes, examples


def _settled(mask: NDArray[np.bool_]) -> Truth:
    """Return one value where all rows have the same."""
    if not mask.any():
        return False
    return True if mask.all() else mask


def _sieves(needs: list[frozenset[str] | None]) -> list[Sieve]:
    """Group the parts that need texts; those with the shortest, which are everywhere, together."""
    known = [(min(map(len, texts)), place) for place, texts in enumerate(needs) if texts]
    places = [place for _, place in sorted(known)]
    if len(places) < _FEWEST:
        return []
    made = []
    for start in range(0, len(places), _SIEVED):
        some = places[start : start + _SIEVED]
        texts = sorted(set().union(*(needs[place] or () for place in some)))
        made.append(Sieve(texts, some))
    return made
