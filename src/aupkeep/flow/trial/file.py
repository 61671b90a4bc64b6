"""The made-up day as one Parquet file, and read back as rows for rules.

In: a path. Out: the file; frames by kind, with the columns that intake and attribution would have
added, and of the others only those asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import polars as pl

from aupkeep.demo.hosting.events import SEED, hosting_events
from aupkeep.detection.predicates import read_fields
from aupkeep.detection.rule import Baseline, RuleSet, Window
from aupkeep.flow.trial.catalogue import WIDE

#: Who the made-up hoster is.
PROVIDER = "hoster"
#: Events turned into columns at a time.
_CHUNK = 50_000
_ROW_GROUP = 131_072

#: Columns of the file that rows of every kind need.
_SHARED = ("id", "ts", "plan", "customer", "service")
#: How the columns of intake and attribution follow from those of the file.
_STAMPED: dict[str, pl.Expr] = {
    "event_time": pl.col("ts") * 1000,
    "observed_at": pl.col("ts") * 1000,
    "stream": pl.lit(1, dtype=pl.Int64),
    "position": pl.col("id"),
    "part": pl.lit(0, dtype=pl.Int64),
    "source": pl.lit(0, dtype=pl.Int32),
    "provider": pl.lit(PROVIDER),
    "authenticated": pl.lit(value=True),
    "late": pl.lit(value=False),
    "customer": pl.col("customer"),
    "service": pl.col("service"),
    "plan": pl.col("plan"),
    "plans": pl.col("plan"),
    "attribution": pl.lit("attributed"),
    "actor": pl.lit("login:hoster"),
    "forgeable": pl.lit(value=False),
}


def write_events(path: Path, count: int, seed: int = SEED) -> None:
    """Write the first `count` events of the day."""
    events = hosting_events(count, seed)
    chunks = []
    while chunk := list(islice(events, _CHUNK)):
        chunks.append(pl.DataFrame(chunk, schema=WIDE))
    whole = pl.concat(chunks).with_columns(
        # Customers and services are texts to the product; the numbers are there for its peers.
        customer=pl.col("customer_id").cast(pl.String),
        service=pl.col("service_id").cast(pl.String),
    )
    whole.write_parquet(path, row_group_size=_ROW_GROUP)


def fields_by_kind(rules: RuleSet) -> dict[str, list[str]]:
    """Return the fields of each kind that `rules` look at."""
    found: dict[str, set[str]] = {}
    for one in rules.selections.values():
        found.setdefault(one.kind, set()).update(read_fields(one.predicate))
    for rule in rules.rules.values():
        for kind in (rule.kind,) if isinstance(rule, Window | Baseline) else rule.kinds:
            field = rule.field if isinstance(rule, Window | Baseline) else ""
            found.setdefault(kind, set()).update((*rule.group_by, field))
    return {kind: sorted(names & set(WIDE)) for kind, names in found.items()}


def read_kind(path: Path, kind: str, fields: list[str]) -> pl.DataFrame:
    """Return the columns `fields` of the rows of one kind, in order."""
    return pl.scan_parquet(path).filter(pl.col("kind") == kind).select(fields).collect()


def read_batches(
    path: Path, fields: Mapping[str, list[str]], size: int
) -> Iterator[tuple[dict[str, pl.DataFrame], int]]:
    """Yield the rows of each kind, ready for an engine, in order: `size` of all kinds at a time.

    With them comes the frontier after them. A row group of the file is read when its rows are due.
    """
    own = {kind: [name for name in names if name not in _STAMPED] for kind, names in fields.items()}
    held: dict[str, list[pl.DataFrame]] = {kind: [] for kind in own}
    room, frontier = size, 0
    for group in _row_groups(path, sorted({"kind", *_SHARED}.union(*own.values()))):
        rest = group
        while rest.height:
            part, rest = rest[:room], rest[room:]
            room -= part.height
            frontier = int(part["ts"][-1]) * 1000
            for kind, names in own.items():
                held[kind].append(part.select(*_SHARED, *names).filter(part["kind"] == kind))
            if not room:
                yield _joined(held, own), frontier
                held, room = {kind: [] for kind in own}, size
    if room < size:
        yield _joined(held, own), frontier


def _row_groups(path: Path, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Yield the rows of the file as they lie in it, one row group after the other."""
    file = pl.scan_parquet(path)
    for start in range(0, file.select(pl.len()).collect().item(), _ROW_GROUP):
        yield file.select(columns).slice(start, _ROW_GROUP).collect()


def _joined(
    held: Mapping[str, list[pl.DataFrame]], own: Mapping[str, list[str]]
) -> dict[str, pl.DataFrame]:
    found = {}
    for kind, parts in held.items():
        rows = parts[0] if len(parts) == 1 else pl.concat(parts, rechunk=True)
        if rows.height:
            found[kind] = rows.select(*own[kind], **_STAMPED)
    return found
