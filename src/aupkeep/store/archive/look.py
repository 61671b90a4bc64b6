"""Looking events up: by customer, time, message id, address, kind or event id.

In: `Wanted`. Out: rows as plain mappings, in the order of evaluation over all kinds, and the files
that had to be left out. Memory is bounded whatever is asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from aupkeep.base.ids import event_id
from aupkeep.events.schema import KINDS, ORDER
from aupkeep.store.archive import catalog, keys
from aupkeep.store.archive.files import Stored
from aupkeep.store.archive.locks import reading
from aupkeep.store.archive.merging import Broken, merged
from aupkeep.store.archive.standing import Erasure, erased, with_address

#: (stream, position, part).
EventId = tuple[int, int, int]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; what is empty or None restricts nothing."""

    provider: str = ""
    customer: str = ""
    kind: str = ""
    since: int | None = None
    #: Not included.
    until: int | None = None
    message_id: str = ""
    address: str = ""
    events: tuple[EventId, ...] = ()


def find(folder: Path, wanted: Wanted, broken: Broken) -> Iterator[Row]:
    """Yield every row that is wanted, with its `kind` and `event`; `broken` hears of bad files."""
    with reading(folder):
        listed = catalog.named(
            provider=wanted.provider, kind=wanted.kind, since=wanted.since, until=wanted.until
        )
        erasures = catalog.erasures()
        for _, day in groupby(listed, key=lambda item: item.day):
            kinds: dict[str, list[Stored]] = {}
            for item in day:
                if _may_hold(folder, item, wanted):
                    kinds.setdefault(item.kind, []).append(item)
            each = [_rows(folder, items, wanted, erasures, broken) for items in kinds.values()]
            yield from heapq.merge(*each, key=_place)


def batches(
    folder: Path,
    provider: str,
    kind: str,
    since: int,
    until: int,
    broken: Broken,
) -> Iterator[pl.DataFrame]:
    """Yield the stored rows of one provider and kind from `since` to before `until`, in order.

    Each frame has the columns of `columns.stored`; memory is bounded by what overlaps in time.
    """

    def within(_: str) -> pl.Expr:
        return (pl.col("event_time") >= since) & (pl.col("event_time") < until)

    with reading(folder):
        listed = catalog.named(provider=provider, kind=kind, since=since, until=until)
        own = [item for item in listed if item.provider == provider]
        whole = all(item.first >= since and item.last < until for item in own)
        for _, day in groupby(own, key=lambda item: item.day):
            yield from merged(folder, list(day), broken, None if whole else within)


def parse_event(text: str) -> EventId:
    """Return the parts of an event id such as `00ab12:345.1`; raises `ValueError`."""
    stream, _, rest = text.partition(":")
    position, _, part = rest.partition(".")
    return int(stream, 16), int(position), int(part) if part else 0


def _rows(
    folder: Path,
    listed: Sequence[Stored],
    wanted: Wanted,
    erasures: Sequence[Erasure],
    broken: Broken,
) -> Iterator[Row]:
    """Yield the wanted rows of one kind and day."""

    def condition(kind: str) -> pl.Expr:
        after = [item for item in erasures if item.id > least]
        return _wanted(wanted, kind) & ~erased(after, kind)

    least = min(item.erased for item in listed)
    events = frozenset(wanted.events)
    for frame in merged(folder, listed, broken, condition):
        for row in frame.iter_rows(named=True):
            if events and (row["stream"], row["position"], row["part"]) not in events:
                continue
            name = event_id(row["stream"], row["position"], row["part"])
            yield {"event": name, "kind": listed[0].kind, **row}


def _may_hold(folder: Path, item: Stored, wanted: Wanted) -> bool:
    """Whether rows of a file can be wanted at all; a broken file may hold anything."""
    if item.kind not in KINDS:
        return False
    if wanted.message_id and "message_id" not in KINDS[item.kind]:
        return False
    path = folder / item.path
    streams = {str(stream) for stream, _, _ in wanted.events}
    asked = [[wanted.customer], [wanted.message_id], [wanted.address], sorted(streams)]
    return item.trouble != "" or all(
        keys.may_hold(path, item.sha256, some) for some in asked if some and some != [""]
    )


def _wanted(wanted: Wanted, kind: str) -> pl.Expr:
    condition = pl.lit(value=True)
    if wanted.provider:
        condition &= pl.col("provider").is_null() | (pl.col("provider") == wanted.provider)
    if wanted.customer:
        condition &= pl.col("customer").eq_missing(pl.lit(wanted.customer))
    if wanted.since is not None:
        condition &= pl.col("event_time") >= wanted.since
    if wanted.until is not None:
        condition &= pl.col("event_time") < wanted.until
    if wanted.message_id:
        condition &= pl.col("message_id").eq_missing(pl.lit(wanted.message_id))
    if wanted.address:
        condition &= with_address(kind, wanted.address)
    if wanted.events:
        # What only these columns cannot tell apart is told apart row by row.
        condition &= pl.col("stream").is_in({stream for stream, _, _ in wanted.events})
        condition &= pl.col("position").is_in({position for _, position, _ in wanted.events})
    return condition


def _place(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ORDER)
