"""What a customer's rows did around findings, minute by minute: evidence over time for the desk.

In: attributed frames as the rules see them, then the findings of a commit and how far evaluation
has come. Out: absolute counts to store. Wanted are the minutes from an hour before a finding opens
to an hour after it ends. Nobody knows beforehand who will have one, so the last hour of every
customer is kept as counts. The law: stored counts depend on rows and findings alone, not on how
the input was cut into batches and commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from aupkeep.base.clock import HOUR, MINUTE
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.finding import Finding
from aupkeep.events.frontier import ENDED
from aupkeep.flow.buffer import from_bytes, to_bytes
from aupkeep.store.course import Minute

#: How long before a finding opens and after it ends minutes are wanted.
REACH = HOUR
#: Column that says what became of a row, by kind; most kinds say nothing that no sender can add to.
MARKS: Mapping[str, str | None] = {
    "mail": "status",
    "login": "outcome",
    "flow": None,
    "report": "report_type",
    "process": None,
    "file": None,
    "web": None,
    "dns": None,
    "config": None,
}
#: Form of what `save` returns; an older one is read, a newer one refused.
STATE_VERSION = 1

_CUSTOMER = ("provider", "customer")
_CELL = (*_CUSTOMER, "kind", "mark", "at")
_SCHEMA = {name: pl.Int64() if name == "at" else pl.String() for name in _CELL} | {"n": pl.Int64()}


@dataclass(frozen=True, slots=True)
class Watch:
    """A customer is watched for a finding, and which minutes are wanted; both ends included."""

    provider: str
    customer: str
    since: int
    #: ENDED while the finding is open.
    until: int


@dataclass(slots=True)
class _Past:
    """Minutes that no row can reach any more."""

    cells: pl.DataFrame
    latest: int
    #: What `save` writes of them; they do not change, so this is made once.
    data: bytes = b""


class Course:
    """Counts of the last hour of every customer, and who is watched.

    State is bounded by the books, not by traffic: a count is kept for customers that holdings name,
    in minutes that had rows, under a handful of marks that no sender can add to. Minutes that were
    closed together span an hour at most and go when the last of them is an hour old, so none is
    older than two. A watch is kept for each finding that is open or ended in the last hour.
    """

    def __init__(self) -> None:
        """Begin without a row and watching nobody."""
        self._fresh: dict[str, list[pl.DataFrame]] = {}
        self._present = pl.DataFrame(schema=_SCHEMA)
        self._past: list[_Past] = []
        self._watches: dict[str, Watch] = {}

    def see(self, kind: str, rows: pl.DataFrame) -> None:
        """Take attributed rows of one kind; none is earlier than what was settled before.

        A message and recipient count once, by what became of them first, as in the rules.
        """
        mark = MARKS[kind]
        picked = rows["attribution"] == "attributed"
        if kind == "mail":
            picked &= rows["counted"]
        named = {"mark": mark} if mark else {}
        taken = rows.select(*_CUSTOMER, at="event_time", **named).filter(picked)
        if taken.height:
            self._fresh.setdefault(kind, []).append(taken)

    def settle(self, findings: Iterable[Finding], evaluated: int) -> list[Minute]:
        """Return the counts to store in a commit, of wanted minutes that changed or became wanted.

        `findings` are those that changed since the last commit, in order; every row before
        `evaluated` has been seen and none before it will come.
        """
        now = _minute(evaluated)
        newly = self._watch(findings)
        cells = self._count(now)
        wanted = [_within(cells, _intervals(self._watches.values()))]
        if newly:
            since = _intervals(item for item in self._watches.values() if _who(item) in newly)
            wanted += [_within(past.cells, since) for past in self._past]
        self._close(cells, now)
        self._watches = {name: item for name, item in self._watches.items() if item.until >= now}
        return [Minute(**row) for row in pl.concat(wanted).sort(_CELL).iter_rows(named=True)]

    def _watch(self, findings: Iterable[Finding]) -> set[tuple[str, str]]:
        """Take up what findings say; return the customers for whom past minutes became wanted."""
        newly = set()
        for finding in findings:
            if finding.customer is None or finding.attribution != "attributed":
                continue
            ended = finding.state == "ended"
            item = Watch(
                finding.provider,
                finding.customer,
                _minute(finding.first) - REACH,
                _minute(finding.last) + REACH if ended else ENDED,
            )
            if finding.id not in self._watches:
                newly.add(_who(item))
            self._watches[finding.id] = item
        return newly

    def _count(self, now: int) -> pl.DataFrame:
        """Return the counts of the present and of fresh rows, without what is old and unwatched."""
        watched = {item.customer for item in self._watches.values()}
        needed = (pl.col("at") >= now - REACH) | pl.col("customer").is_in(watched)
        counted = [
            pl.concat(frames)
            .filter(needed)
            .group_by(
                *_CUSTOMER,
                pl.lit(kind).alias("kind"),
                (pl.col("mark").fill_null("") if MARKS[kind] else pl.lit("")).alias("mark"),
                pl.col("at") // MINUTE * MINUTE,
            )
            .agg(n=pl.len().cast(pl.Int64))
            for kind, frames in self._fresh.items()
        ]
        self._fresh = {}
        return pl.concat([self._present, *counted]).group_by(_CELL).agg(pl.col("n").sum())

    def _close(self, cells: pl.DataFrame, now: int) -> None:
        """Set minutes before `now` apart, and let go of those that no finding can want any more."""
        open_still = pl.col("at") >= now
        self._present = cells.filter(open_still)
        closed = cells.filter(~open_still & (pl.col("at") >= now - REACH))
        self._past = [past for past in self._past if past.latest >= now - REACH]
        if closed.height:
            self._past.append(_Past(closed, int(closed["at"].to_numpy().max())))

    def save(self) -> dict[str, Any]:
        """Return builtins (and bytes) that `restore` reads back; call it after `settle`."""
        for past in self._past:
            past.data = past.data or to_bytes(past.cells)
        return {
            "version": STATE_VERSION,
            "present": to_bytes(self._present),
            "past": [[past.latest, past.data] for past in self._past],
            "watches": {
                name: [item.provider, item.customer, item.since, item.until]
                for name, item in self._watches.items()
            },
        }

    @classmethod
    def restore(cls, saved: Mapping[str, Any]) -> Course:
        """Return the course that was saved; raises `AupkeepError` for that of a newer program."""
        if saved["version"] > STATE_VERSION:
            raise AupkeepError(
                Fault(
                    code="newer-state",
                    what=f"the saved minute counts have form {saved['version']}",
                    hint="they were written by a newer Aupkeep: install that version",
                )
            )
        course = cls()
        course._present = from_bytes(saved["present"])
        course._past = [_Past(from_bytes(data), latest, data) for latest, data in saved["past"]]
        course._watches = {name: Watch(*item) for name, item in saved["watches"].items()}
        return course


def _minute(instant: int) -> int:
    return instant // MINUTE * MINUTE


def _who(watch: Watch) -> tuple[str, str]:
    return watch.provider, watch.customer


def _intervals(watches: Iterable[Watch]) -> pl.DataFrame:
    """Return the wanted minutes of each customer as intervals that do not overlap."""
    merged: list[Watch] = []
    for item in sorted(watches, key=lambda item: (*_who(item), item.since)):
        before = merged[-1] if merged else None
        if before is not None and _who(before) == _who(item) and item.since <= before.until:
            until = max(before.until, item.until)
            merged[-1] = Watch(item.provider, item.customer, before.since, until)
        else:
            merged.append(item)
    rows = [(item.provider, item.customer, item.since, item.until) for item in merged]
    schema = {"provider": pl.String, "customer": pl.String, "since": pl.Int64, "until": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _within(cells: pl.DataFrame, intervals: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of watched customers in wanted minutes."""
    joined = cells.join(intervals, on=_CUSTOMER)
    return joined.filter(pl.col("at").is_between("since", "until")).select(*_SCHEMA)
