"""Rows get what only the run knows: provider, trust, receipt, lateness.

In: rows as a join or intake completed them, with the index of their source. Out: rows of the full
schema, sorted nowhere, without those that were late, astray or taken before; all of these counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.events.frontier import DISORDER, ENDED, LEAP, NEVER, Frontier
from aupkeep.events.taken import Taken
from aupkeep.flow.buffer import from_bytes, in_schema, to_bytes
from aupkeep.flow.tally import Tally
from aupkeep.signals.source import Source


class Stamper:
    """The frontiers of all sources, and each source's last row while it waits to be agreed with."""

    def __init__(self, sources: Sequence[Source], tallies: Sequence[Tally]) -> None:
        """Stamp rows of `sources`, counting into `tallies` (same order)."""
        self.sources = sources
        self.tallies = tallies
        self.frontiers: dict[int, Frontier] = {}
        self._limbo: dict[int, tuple[str, pl.DataFrame]] = {}
        #: Late rows are wanted by somebody, who takes them by `take_late` after each call.
        self.keeps_late = False
        self._late: list[tuple[str, pl.DataFrame]] = []

    def frontier(self, source: int, kind: str) -> Frontier:
        """Return the frontier of a source, which begins with its first row."""
        return self.frontiers.setdefault(source, Frontier(DISORDER[kind]))

    def stamp(self, kind: str, rows: pl.DataFrame, observed_at: int | None) -> pl.DataFrame:
        """Return the rows to be evaluated; `observed_at` None means received when it happened."""
        stamped = []
        for (source,), part in rows.group_by("source", maintain_order=True):
            listed = part
            waiting = self._limbo.pop(int(str(source)), None)
            if waiting is not None:
                listed = pl.concat([waiting[1], part])
            kept = self._judge(kind, int(str(source)), listed, observed_at)
            if kept.height:
                stamped.append(self._complete(kind, int(str(source)), kept, observed_at))
        return pl.concat(stamped) if stamped else in_schema(kind, rows.clear().pipe(_bare))

    def settle(
        self, source: int, observed_at: int | None, now: int
    ) -> list[tuple[str, pl.DataFrame]]:
        """The source is silent: return the row that waited, unless it is ahead of the clock too."""
        waiting = self._limbo.get(source)
        if waiting is None or int(waiting[1]["event_time"][0]) > now + LEAP:
            return []
        kind, rows = self._limbo.pop(source)
        kept = self._judge(kind, source, rows, observed_at, ends=True)
        return [(kind, self._complete(kind, source, kept, observed_at))] if kept.height else []

    def end(self, source: int, observed_at: int | None, now: int) -> list[tuple[str, pl.DataFrame]]:
        """The source has no more rows: as `settle`, and a row from the future is refused."""
        found = self.settle(source, observed_at, now)
        waiting = self._limbo.pop(source, None)
        if waiting is not None:
            self._refuse(source, waiting[1])
        if source in self.frontiers:
            self.frontiers[source].ended = True
        return found

    def waiting_since(self) -> int:
        """Return the least time of a row that waits to be agreed with: nothing may pass it."""
        times = [int(rows["event_time"][0]) for _, rows in self._limbo.values()]
        return min(times, default=ENDED)

    def _judge(
        self,
        kind: str,
        source: int,
        rows: pl.DataFrame,
        observed_at: int | None,
        *,
        ends: bool = False,
    ) -> pl.DataFrame:
        frontier = self.frontier(source, kind)
        times = rows["event_time"].to_numpy()
        before = frontier.largest
        agreed = observed_at is not None and abs(int(times[-1]) - observed_at) <= LEAP
        if agreed or kind == "report":
            # The clock agrees with the row, or our own mail server wrote its time.
            ends = True
        if not ends and frontier.waits(times):
            self._limbo[source] = (kind, rows.tail(1))
            ahead = int(times[-1])
            rows, times = rows.head(len(times) - 1), times[:-1]
            stamp = frontier.stamp(times, ahead)
        else:
            stamp = frontier.stamp(times, None)
        tally = self.tallies[source]
        if stamp.astray.any():
            self._refuse(source, rows.filter(pl.Series(stamp.astray)))
        late = int(stamp.late.sum())
        if late:
            tally.late(late, int(times[stamp.late].max()))
        tally.disorder = max(tally.disorder, _disorder(times[~stamp.astray], before))
        tally.counts["events"] += rows.height - int(stamp.astray.sum())
        if frontier.largest != NEVER:
            tally.last_event = frontier.largest
        if late and self.keeps_late:
            behind = rows.filter(pl.Series(stamp.late & ~stamp.astray))
            self._late.append((kind, self._complete(kind, source, behind, observed_at, late=True)))
        if late or stamp.astray.any():
            return rows.filter(pl.Series(~(stamp.late | stamp.astray)))
        return rows

    def _refuse(self, source: int, rows: pl.DataFrame) -> None:
        for row in rows.iter_rows(named=True):
            self.tallies[source].counts["astray"] += 1
            self.tallies[source].reject("time far ahead of its neighbours", row["position"], b"")

    def take_late(self) -> list[tuple[str, pl.DataFrame]]:
        """Return the late rows since the last call, by kind."""
        late, self._late = self._late, []
        return late

    def _complete(
        self,
        kind: str,
        source: int,
        rows: pl.DataFrame,
        observed_at: int | None,
        *,
        late: bool = False,
    ) -> pl.DataFrame:
        at = pl.col("event_time") if observed_at is None else pl.lit(observed_at, pl.Int64)
        origin = self.sources[source]
        trust = pl.lit(origin.authenticated)
        if "authenticated" in rows.columns:
            trust = trust & pl.col("authenticated")
        return in_schema(
            kind,
            rows.with_columns(
                observed_at=at,
                provider=pl.lit(origin.provider),
                authenticated=trust,
                late=pl.lit(value=late),
            ),
        )

    def save(self) -> dict[str, Any]:
        """Return builtins that `restore` reads back."""
        return {
            "largest": {str(index): item.largest for index, item in self.frontiers.items()},
            "disorder": {str(index): item.disorder for index, item in self.frontiers.items()},
            "limbo": {str(i): [kind, to_bytes(rows)] for i, (kind, rows) in self._limbo.items()},
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up the saved frontiers and waiting rows."""
        for index, largest in saved["largest"].items():
            self.frontiers[int(index)] = Frontier(saved["disorder"][index], largest=largest)
        for index, (kind, data) in saved["limbo"].items():
            self._limbo[int(index)] = (kind, from_bytes(data))


def _disorder(times: NDArray[np.int64], before: int) -> int:
    """Return how far a row was behind the latest one before it, at most; `before`: the first."""
    if times.size == 0:
        return 0
    largest = np.maximum.accumulate(times)
    if before != NEVER:
        largest = np.maximum(largest, before)
    return int((largest - times).max())


def _bare(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        observed_at=pl.lit(None, pl.Int64),
        provider=pl.lit(None, pl.String),
        authenticated=pl.lit(None, pl.Boolean),
        late=pl.lit(None, pl.Boolean),
    )


def untaken(rows: pl.DataFrame, taken: dict[int, Taken]) -> tuple[pl.DataFrame, int]:
    """Return the rows whose (stream, position) was never taken, taking them, and how many were."""
    if rows.height == 0:
        return rows, 0
    keep = np.zeros(rows.height, np.bool_)
    streams = rows["stream"].to_numpy()
    positions = rows["position"].to_numpy()
    for stream in np.unique(streams).tolist():
        chosen = np.flatnonzero(streams == stream)
        intervals = taken.setdefault(stream, Taken())
        unique = np.unique(positions[chosen])
        fresh = np.zeros(len(unique), np.bool_)
        for run in np.split(unique, np.flatnonzero(np.diff(unique) != 1) + 1):
            for start, end in intervals.gaps(int(run[0]), int(run[-1]) + 1):
                fresh[np.searchsorted(unique, start) : np.searchsorted(unique, end)] = True
                intervals.add(start, end)
        keep[chosen] = fresh[np.searchsorted(unique, positions[chosen])]
    return rows.filter(pl.Series(keep)), int((~keep).sum())
