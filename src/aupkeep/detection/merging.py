"""Rows of several kinds, in one order, for rules that join them.

In: batches by kind, and where each joined rule held. Out: the rows at which any of them held,
merged in the order of evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection.batch import Batch
from aupkeep.detection.codes import Ints

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Held = tuple[Mapping[str, Bools], Mapping[str, Bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Rows of several kinds in the order of evaluation."""

    #: The key's columns.
    frame: pl.DataFrame
    time: Ints
    stream: Ints
    position: Ints
    part: Ints
    weak: Bytes
    #: Bit n: the n-th rule holds at the row.
    bits: Ints
    #: For each row its kind's batch and the row in it.
    sources: Sequence[Batch]
    source: Ints
    row_of: Ints
    #: Kind -> places in this order, and the rows of the kind's batch that stand there.
    origin: Mapping[str, tuple[Ints, Ints]]

    def row(self, at: int) -> dict[str, Any]:
        """Return one row, field by field."""
        return self.sources[int(self.source[at])].row(int(self.row_of[at]))

    def by_kind(self, at: Ints) -> Iterator[tuple[str, Ints, pl.DataFrame]]:
        """Yield each kind with the places in `at` of its rows, and those rows."""
        for number, kind in enumerate(self.origin):
            places = np.flatnonzero(self.source[at] == number)
            yield kind, places, self.sources[number].frame[self.row_of[at[places]]]


def merge(
    batches: Mapping[str, Batch],
    kinds: Sequence[str],
    held: Sequence[Held],
    key: tuple[str, ...],
) -> Merged:
    """Return the rows of `kinds` at which one of the rules `held` (holds, weak by kind) holds."""
    present = [kind for kind in kinds if kind in batches]
    picked = {kind: _bits(kind, len(batches[kind]), held) for kind in present}
    rows = {kind: np.flatnonzero(picked[kind][0]) for kind in present}
    sources = [batches[kind] for kind in present]

    def column(name: str) -> Ints:
        return np.concatenate([getattr(batches[kind], name)[rows[kind]] for kind in present])

    order = np.lexsort([column(name) for name in ("part", "position", "stream", "time")])
    source = np.repeat(np.arange(len(present)), [rows[kind].size for kind in present])[order]
    row = np.concatenate([rows[kind] for kind in present])[order]
    places = {kind: np.flatnonzero(source == i) for i, kind in enumerate(present)}
    frames = [batches[kind].frame.select(key or "part")[rows[kind]] for kind in present]
    return Merged(
        frame=pl.concat(frames)[order],
        time=column("time")[order],
        stream=column("stream")[order],
        position=column("position")[order],
        part=column("part")[order],
        weak=np.concatenate([picked[kind][1][rows[kind]] for kind in present])[order],
        bits=np.concatenate([picked[kind][0][rows[kind]] for kind in present])[order],
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
