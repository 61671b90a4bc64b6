"""Rows of several kinds, or of several keys, in one order, for rules that join them.

In: batches by kind, where each joined rule held, and the codes of the keys that gives. Out: the
rows at which any of them held, merged in the order of evaluation; one row for each of its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection.batch import Batch
from aupkeep.detection.tables import Ints

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Held = tuple[Mapping[str, Bools], Mapping[str, Bytes]]
#: Code of the key that the n-th joined rule gives each of some rows of a kind.
Coded = Callable[[int, str, Ints], Ints]

_ORDER = ("part", "position", "stream", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Rows of several kinds in the order of evaluation."""

    time: Ints
    stream: Ints
    position: Ints
    part: Ints
    weak: Bytes
    #: Code of the row's key.
    code: Ints
    #: Bit n: the n-th rule holds at the row, and gives this key.
    bits: Ints
    #: For each row its kind's batch and the row in it.
    sources: Sequence[Batch]
    source: Ints
    row_of: Ints
    #: Kind -> places in this order, and the rows of the kind's batch that stand there.
    origin: Mapping[str, tuple[Ints, Ints]]

    def by_kind(self, at: Ints) -> Iterator[tuple[str, Ints, pl.DataFrame]]:
        """Yield each kind with the places in `at` of its rows, and those rows."""
        for number, kind in enumerate(self.origin):
            places = np.flatnonzero(self.source[at] == number)
            yield kind, places, self.sources[number].frame[self.row_of[at[places]]]


def merge(
    batches: Mapping[str, Batch], kinds: Sequence[str], held: Sequence[Held], coded: Coded
) -> Merged:
    """Return the rows of `kinds` at which one of the rules `held` (holds, weak by kind) holds.

    Every rule gives a row the same key, so the first is asked for all.
    """
    present = [kind for kind in kinds if kind in batches]
    found = []
    for source, kind in enumerate(present):
        bits, weak = _bits(kind, len(batches[kind]), held)
        rows = np.flatnonzero(bits)
        found.append(
            (np.full(rows.size, source), rows, coded(0, kind, rows), bits[rows], weak[rows])
        )
    return _merged(batches, present, found, np.zeros(0, dtype=np.int64))


def merge_by_rule(
    batches: Mapping[str, Batch], kinds: Sequence[str], held: Sequence[Held], coded: Coded
) -> Merged:
    """Do as `merge`, where each rule gives a row a key of its own.

    A row stands once for each distinct key, in the order of the first rules that give them.
    """
    present = [kind for kind in kinds if kind in batches]
    found, first = [], []
    for source, kind in enumerate(present):
        for place, (holds, weakly) in enumerate(held):
            if kind not in holds:
                continue
            rows = np.flatnonzero(holds[kind])
            bits = np.full(rows.size, 1 << place, dtype=np.int64)
            codes = coded(place, kind, rows)
            found.append((np.full(rows.size, source), rows, codes, bits, weakly[kind][rows]))
            first.append(np.full(rows.size, place, dtype=np.int64))
    return _merged(batches, present, _once(found, first), np.zeros(0, dtype=np.int64))


_Found = tuple[Ints, Ints, Ints, Ints, Bytes]


def _once(found: Sequence[_Found], first: Sequence[Ints]) -> list[_Found]:
    """Put entries of one row and key together; those of one row in the order of their rules."""
    if not found:
        return []
    source, row, code, bits = (np.concatenate([one[i] for one in found]) for i in range(4))
    weak = np.concatenate([one[4] for one in found])
    place = np.concatenate(list(first))
    order = np.lexsort((place, code, row, source))
    source, row, code, bits, weak, place = (
        array[order] for array in (source, row, code, bits, weak, place)
    )
    begins = np.ones(row.size, dtype=np.bool_)
    begins[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1]) | (source[1:] != source[:-1])
    starts = np.flatnonzero(begins)
    if starts.size:
        bits = np.bitwise_or.reduceat(bits, starts)
        weak = np.bitwise_or.reduceat(weak, starts)
    source, row, code, place = source[starts], row[starts], code[starts], place[starts]
    order = np.lexsort((place, row, source))
    return [(source[order], row[order], code[order], bits[order], weak[order])]


def _merged(
    batches: Mapping[str, Batch], present: Sequence[str], found: Sequence[_Found], none: Ints
) -> Merged:
    """Put entries, which stand by kind and row, into the order of evaluation."""
    source, row, code, bits = (
        np.concatenate([one[i] for one in found]) if found else none for i in range(4)
    )
    weak = np.concatenate([one[4] for one in found]) if found else none.astype(np.uint8)
    sources = [batches[kind] for kind in present]

    def column(name: str) -> Ints:
        arrays = [getattr(one, name)[row[source == i]] for i, one in enumerate(sources)]
        return np.concatenate(arrays) if arrays else none

    # Entries stand by kind, so that columns taken kind by kind stand as they do.
    columns = {name: column(name) for name in _ORDER}
    order = np.lexsort([columns[name] for name in _ORDER])
    source, row = source[order], row[order]
    places = {kind: np.flatnonzero(source == i) for i, kind in enumerate(present)}
    return Merged(
        time=columns["time"][order],
        stream=columns["stream"][order],
        position=columns["position"][order],
        part=columns["part"][order],
        weak=weak[order],
        code=code[order],
        bits=bits[order],
        sources=sources,
        source=source,
        row_of=row,
        origin={kind: (places[kind], row[places[kind]]) for kind in present},
    )


def _bits(kind: str, height: int, held: Sequence[Held]) -> tuple[Ints, Bytes]:
    bits = np.zeros(height, dtype=np.int64)
    weak = np.zeros(height, dtype=np.uint8)
    for place, (holds, weakly) in enumerate(held):
        if kind in holds:
            bits |= holds[kind].astype(np.int64) << place
            weak |= np.where(holds[kind], weakly[kind], np.uint8(0))
    return bits, weak
