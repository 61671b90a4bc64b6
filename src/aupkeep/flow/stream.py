"""From records of all sources to findings: one path, live and in replay.

In: line readers, datagrams and reports, the ground (holdings, profiles, networks) and the rules.
Out: findings in the order of their instants. The stream reads no file and no clock; `advance` is
told how far every source has come, and evaluates exactly the rows before that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import polars as pl

from aupkeep.attribution.ground import Ground, attribute
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.events.flow import FlowIntake
from aupkeep.events.frontier import ENDED, NEVER
from aupkeep.events.joins import JOINS
from aupkeep.events.report import ReportIntake
from aupkeep.events.taken import Taken
from aupkeep.flow.buffer import Buffer
from aupkeep.flow.stamping import Stamper, untaken
from aupkeep.flow.tally import Shares, Tally
from aupkeep.signals.formats import FORMATS
from aupkeep.signals.formats.pcap import Datagram
from aupkeep.signals.formats.report import Reading
from aupkeep.signals.source import Exporter, Source

#: Addresses of outsiders that are told apart in summaries; more are only counted as rows.
MOST_OUTSIDE_ADDRESSES = 100_000

STATE_VERSION = 1


class Stream:
    """Everything between parsed input and findings, with its state."""

    def __init__(
        self, *, ground: Ground, engine: Engine, exporters: Mapping[str, Exporter] | None = None
    ) -> None:
        """Begin without a row; `exporters` None takes flow records of any exporter."""
        self.ground = ground
        self.engine = engine
        self.exporters = exporters
        self.sources: list[Source] = []
        self.tallies: list[Tally] = []
        self.stamper = Stamper(self.sources, self.tallies)
        self.joins = {name: made() for name, made in JOINS.items()}
        self.flows = FlowIntake(refuse_unknown=exporters is not None)
        self.reports = ReportIntake()
        self.taken: dict[int, Taken] = {}
        self.buffer = Buffer()
        self.shares = Shares()
        #: Told of every kind and its attributed frame, for those who look on.
        self.onlooker: Callable[[str, pl.DataFrame], None] | None = None
        #: Told of every kind and its attributed frame, late rows too, for those who keep them.
        self.keeper: Callable[[str, pl.DataFrame], None] | None = None
        #: Every row before this instant has been evaluated.
        self.evaluated = NEVER

    def source(self, source: Source) -> int:
        """Return the index of `source`, adding it where it is new."""
        for index, known in enumerate(self.sources):
            if (known.name, known.format) == (source.name, source.format):
                self.sources[index] = source
                return index
        self.sources.append(source)
        self.tallies.append(Tally())
        return len(self.sources) - 1

    def take_datagrams(
        self, datagrams: Sequence[Datagram], source: int, observed_at: int | None
    ) -> None:
        """Take flow datagrams of one source, in the order they were received."""
        self.flows.take(list(datagrams), source=source, exporters=self.exporters or {})
        for reject in self.flows.rejects():
            self.tallies[source].reject(reject.reason, reject.offset, reject.head)
        self._stamp("netflow5", self.flows.rows(), observed_at)

    def take_report(
        self,
        data: bytes,
        reading: Reading,
        source: int,
        received: int,
        *,
        name: str,
        observed_at: int | None = None,
    ) -> None:
        """Take one report as it was read; `received` is when it reached us, `name` its file."""
        tally = self.tallies[source]
        tally.counts["lines"] += 1
        if reading.outcome == "noise":
            tally.counts["ignored"] += 1
        elif reading.outcome == "review":
            why = reading.reason or "nobody could read it"
            # What is sealed is shown nowhere, not even its beginning.
            head = b"" if reading.sealed else data[:200]
            tally.reject(f"for review: {why}", 0, name.encode() + b": " + head)
        if reading.unread:
            tally.reject("for review: items of a report that could not be taken", 0, name.encode())
        taken = replace(reading, received=received)
        self.reports.take(data, taken, source=source, received=received)
        self._stamp("report", self.reports.rows(), observed_at)

    def collect(self, name: str, observed_at: int | None, *, silent: bool = False) -> None:
        """Take over the rows that the join of format `name` has completed.

        `silent` says that no source of the format has more at this moment.
        """
        if silent:
            self.joins[name].settle()
        self._stamp(name, self.joins[name].rows(), observed_at)

    def _stamp(self, name: str, rows: pl.DataFrame, observed_at: int | None) -> None:
        if rows.height == 0:
            return
        kind = FORMATS[name]
        if name in ("netflow5", "report"):
            rows, doubled = untaken(rows, self.taken)
            if doubled:
                self.tallies[int(rows["source"][0]) if rows.height else 0].counts["duplicates"] += (
                    doubled
                )
        self.buffer.add(kind, self.stamper.stamp(kind, rows, observed_at))
        self._keep_late()

    def end_source(self, index: int, *, observed_at: int | None, now: int) -> None:
        """Source `index` has no more rows to come."""
        for kind, rows in self.stamper.end(index, observed_at, now):
            self.buffer.add(kind, rows)
        self._keep_late()

    def settle(self, index: int, *, observed_at: int | None, now: int) -> None:
        """Source `index` is silent: its last row counts even though no other agrees with it."""
        for kind, rows in self.stamper.settle(index, observed_at, now):
            self.buffer.add(kind, rows)
        self._keep_late()

    def keep_with(self, keeper: Callable[[str, pl.DataFrame], None]) -> None:
        """Hand every attributed row to `keeper` from now on, late ones too."""
        self.keeper = keeper
        self.stamper.keeps_late = True

    def _keep_late(self) -> None:
        for kind, rows in self.stamper.take_late():
            if self.keeper is not None:
                self.keeper(kind, attribute(kind, rows, self.ground))

    def advance(self, frontier: int) -> list[Finding]:
        """Evaluate every waiting row before `frontier`; return findings that opened or changed."""
        # A row that waits to be agreed with still counts: nothing after it may be evaluated.
        frontier = min(frontier, self.stamper.waiting_since())
        ready = self.buffer.release(frontier)
        frames = {}
        for kind, rows in ready.items():
            kept = self._behind(kind, rows)
            if kept.height:
                frames[kind] = attribute(kind, kept, self.ground)
                self._share(kind, frames[kind])
                if self.onlooker is not None:
                    self.onlooker(kind, frames[kind])
                if self.keeper is not None:
                    self.keeper(kind, frames[kind])
        reached = max((int(f["event_time"][-1]) for f in frames.values()), default=NEVER)
        horizon = reached if frontier == ENDED else max(frontier, reached)
        if not frames and horizon <= self.evaluated:
            return []
        self.evaluated = max(self.evaluated, horizon)
        if self.evaluated == NEVER:
            return []
        return self.engine.feed(frames, self.evaluated)

    def _behind(self, kind: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Leave out rows that came after their time had been evaluated; they count as late."""
        if int(rows["event_time"][0]) >= self.evaluated:
            return rows
        behind = rows.filter(pl.col("event_time") < self.evaluated)
        counted = behind.group_by("source").agg(n=pl.len(), latest=pl.col("event_time").max())
        for source, count, latest in counted.iter_rows():
            self.tallies[source].late(count, latest)
        if self.keeper is not None:
            self.keeper(kind, attribute(kind, behind.with_columns(late=True), self.ground))
        return rows.filter(pl.col("event_time") >= self.evaluated)

    def _share(self, kind: str, rows: pl.DataFrame) -> None:
        shares = self.shares
        for (state, customer), count in _pairs(rows):
            if state == "attributed":
                shares.customers[str(customer)] += count
            elif state == "outsider":
                shares.outsiders += count
            elif state == "ambiguous":
                shares.ambiguous += count
            else:
                shares.unknown += count
        if kind == "login":
            outside = rows.filter(
                (pl.col("attribution") == "outsider") & (pl.col("outcome") == "failed")
            )
            shares.outside_failures += outside.height
            if len(shares.outside_addresses) < MOST_OUTSIDE_ADDRESSES:
                shares.outside_addresses.update(outside["client_host"].drop_nulls().to_list())

    def save(self) -> dict[str, Any]:
        """Return builtins (and bytes) that `restore` reads back."""
        return {
            "version": STATE_VERSION,
            "sources": [[item.name, item.format, item.provider] for item in self.sources],
            "tallies": [tally.save() for tally in self.tallies],
            "stamper": self.stamper.save(),
            "joins": {name: join.save() for name, join in self.joins.items()},
            "flows": self.flows.save(),
            "taken": {str(stream): item.intervals() for stream, item in self.taken.items()},
            "buffer": self.buffer.save(),
            "shares": self.shares.save(),
            "evaluated": self.evaluated,
            "engine": self.engine.save(),
            "degraded": self.engine.degraded(),
            "shortfalls": [asdict(one) for one in self.engine.shortfalls()],
        }

    def restore(self, saved: Mapping[str, Any]) -> list[Finding]:
        """Take up a saved state; the sources keep their indices.

        Returns the findings that end here because no rule goes on with them.

        Raises `AupkeepError` for the state of a newer program.
        """
        if saved["version"] > STATE_VERSION:
            raise AupkeepError(
                Fault(
                    code="newer-state",
                    what=f"the state of the stream has form {saved['version']}",
                    hint="it was written by a newer Aupkeep: install that version",
                )
            )
        for (name, form, provider), tally in zip(saved["sources"], saved["tallies"], strict=True):
            self.sources.append(Source(name=name, format=form, provider=provider))
            self.tallies.append(Tally.restore(tally))
        self.stamper.restore(saved["stamper"])
        for name, made in JOINS.items():
            if name in saved["joins"]:
                self.joins[name] = made.restore(saved["joins"][name])
        self.flows = FlowIntake.restore(saved["flows"], refuse_unknown=self.exporters is not None)
        self.taken.update(
            {
                int(stream): Taken([(int(a), int(b)) for a, b in intervals])
                for stream, intervals in saved["taken"].items()
            }
        )
        self.buffer = Buffer.restore(saved["buffer"])
        self.shares = Shares.restore(saved["shares"])
        self.evaluated = saved["evaluated"]
        return ended(self.engine.restore(saved["engine"]))


def ended(dropped: list[Finding]) -> list[Finding]:
    """Return findings as ended with the last row that their rule saw."""
    return [replace(finding, state="ended") for finding in dropped]


def _pairs(rows: pl.DataFrame) -> list[tuple[tuple[str, str | None], int]]:
    counted = rows.group_by("attribution", "customer").len()
    return [((state, customer), count) for state, customer, count in counted.iter_rows()]
