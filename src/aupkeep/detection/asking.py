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

#: Parts whose texts are looked for first: the fewest for which that is worth it.
_FEWEST = 6
#: Parts of the finest sieves.
_FINE = 4
#: Rows below which nothing is looked for first, and rows of a sample.
_ROWS, _SAMPLE = 512, 1000
#: A column is judged by its different values where they are at most this share of the rows.
_DISTINCT = 0.25
#: Share of rows that one sieve may let through.
_COARSE = 0.25


@dataclass(frozen=True, slots=True)
class Sieve:
    """Texts of several parts, and the places of these parts."""

    texts: list[str]
    places: list[int]
    #: For fewer parts each; they are used on what the sieve lets through.
    inner: tuple[Sieve, ...] = ()


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
        self._needs = {place: sorted(texts) for place, texts in enumerate(needs) if texts}
        #: Which parts are sifted together; found out by the first frame that is large enough.
        self._sieves: list[Sieve] | None = None if len(self._needs) >= _FEWEST else []

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
        if self._sieves is None and frame.height >= _ROWS:
            self._sieves = self._planned(wide)
        sieves = self._sieves or []
        sifted = {place for sieve in sieves for place in sieve.places}
        found = self._ask(wide, [i for i in range(len(self._asks)) if i not in sifted])
        for sieve in sieves:
            found |= self._sift(wide, sieve)
        return [found[place] for place in range(len(self._asks))]

    def _planned(self, frame: pl.DataFrame) -> list[Sieve]:
        """Put parts together whose texts are rare; those with texts that are everywhere stay out.

        What is rare is told by some rows of `frame`. Which way parts go changes no answer.
        """
        sample = frame.gather_every(max(1, frame.height // _SAMPLE))
        told = sample.select(
            pl.col(self._seen)
            .str.contains_any(texts)
            .fill_null(value=False)
            .mean()
            .alias(str(place))
            for place, texts in self._needs.items()
        )
        groups: list[list[int]] = []
        room = 0.0
        for share, place in sorted(zip(told.row(0), self._needs, strict=True)):
            if share > _COARSE:
                break
            if not groups or share > room:
                groups.append([])
                room = _COARSE
            room -= share
            groups[-1].append(place)
        return [self._sieve(places) for places in groups]

    def _sieve(self, places: list[int]) -> Sieve:
        """Return the sieve for `places`, with finer ones for what it lets through."""
        fine = [places[i : i + _FINE] for i in range(0, len(places), _FINE)]
        texts = sorted({text for place in places for text in self._needs[place]})
        inner = tuple(map(self._sieve, fine)) if len(fine) > 1 else ()
        return Sieve(texts=texts, places=places, inner=inner)

    def _ask(self, frame: pl.DataFrame, places: list[int]) -> dict[int, Truth]:
        told = frame.select([self._asks[place] for place in places])
        columns = told.get_columns()
        return {
            place: _settled(column.to_numpy())
            for place, column in zip(places, columns, strict=True)
        }

    def _sift(self, frame: pl.DataFrame, sieve: Sieve) -> dict[int, Truth]:
        """Ask the parts of `sieve` where one of its texts is; elsewhere they are false."""
        there = pl.col(self._seen).str.contains_any(sieve.texts).fill_null(value=False)
        rows = frame.select(there).to_series().arg_true()
        if rows.len() > 2 * _COARSE * frame.height:
            return self._ask(frame, sieve.places)
        if not rows.len():
            return dict.fromkeys(sieve.places, False)
        some, index = frame[rows], rows.to_numpy()
        if some.height < _ROWS or not sieve.inner:
            found = self._ask(some, sieve.places)
        else:
            found = {}
            for finer in sieve.inner:
                found |= self._sift(some, finer)
        return {place: _spread(held, index, frame.height) for place, held in found.items()}


def _spread(held: Truth, index: Codes, height: int) -> Truth:
    """Return the truth of all rows, where those of `index` have `held` and the others are false."""
    if held is False:
        return False
    whole = np.zeros(height, dtype=np.bool_)
    whole[index] = held
    return whole


def _coded(column: pl.Series) -> tuple[Codes, Codes]:
    """Return a code a row, the same for the same text, and for each code a row that has it."""
    # A set of categories of its own, so that nothing outlives the frame.
    drawn = column.cast(pl.Categorical(pl.Categories.random())).to_physical()
    highest = drawn.max()
    missing = highest + 1 if isinstance(highest, int) else 0
    codes = (drawn.fill_null(missing) if drawn.null_count() else drawn).to_numpy()
    examples = np.zeros(int(codes.max()) + 1, dtype=np.uint32)
    examples[codes] = np.arange(codes.size, dtype=np.uint32)
    return codes, examples


def _settled(mask: NDArray[np.bool_]) -> Truth:
    """Return one value where all rows have the same."""
    if not mask.any():
        return False
    return True if mask.all() else mask
