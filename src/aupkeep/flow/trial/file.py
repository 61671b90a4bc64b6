"""The made-up day as one Parquet file, and read back as rows for rules.

In: a path. Out: the file; frames by kind, with the columns that intake and attribution would have
added, and of the others only those asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
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


def read_frames(path: Path, fields: Mapping[str, list[str]]) -> dict[str, pl.DataFrame]:
    """Return the rows of each kind, ready for an engine, in order."""
    own = {kind: [name for name in names if name not in _STAMPED] for kind, names in fields.items()}
    wanted = {"kind", "id", "ts", "plan", "customer", "service"}.union(*own.values())
    whole = pl.read_parquet(path, columns=sorted(wanted))
    raw = {
        kind: whole.select("id", "ts", "plan", "customer", "service", *names).filter(
            whole["kind"] == kind
        )
        for kind, names in own.items()
    }
    return {kind: rows.select(*own[kind], **_STAMPED) for kind, rows in raw.items()}


def batches(
    frames: Mapping[str, pl.DataFrame], size: int
) -> Iterator[tuple[dict[str, pl.DataFrame], int]]:
    """Yield the rows as they came, `size` of all kinds at a time, with the frontier after them."""
    places = {kind: frame["position"].to_numpy() for kind, frame in frames.items()}
    last = max(int(place[-1]) for place in places.values() if place.size)
    starts = dict.fromkeys(frames, 0)
    for end in range(size, last + size + 1, size):
        cut = {kind: int(np.searchsorted(place, end)) for kind, place in places.items()}
        part = {
            kind: frame[starts[kind] : cut[kind]]
            for kind, frame in frames.items()
            if cut[kind] > starts[kind]
        }
        starts = cut
        yield part, max(int(frame["event_time"][-1]) for frame in part.values())
