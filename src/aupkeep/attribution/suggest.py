"""Which holdings are missing, by what the events could not be attributed to.

In: attributed frames. Out: suggestions, the most frequent first, and CSV rows to fill in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from aupkeep.attribution.holdings import COLUMNS
from aupkeep.attribution.table import write_table
from aupkeep.attribution.values import canonical_value, parse_address
from aupkeep.base.clock import format_instant

#: Prefix of `actor` -> kind of holding that would have answered.
_KINDS = {"login": "login", "user": "user", "ip": "ip", "domain": "domain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something that acted and that nobody held."""

    provider: str
    #: A kind of holding: login, user, ip or domain.
    kind: str
    value: str
    #: How many rows are unknown for want of this holding.
    rows: int
    #: Instants of the first and last of them, in microseconds UTC.
    first: int
    last: int


def suggest(frames: Iterable[pl.DataFrame]) -> tuple[Suggestion, ...]:
    """Return what would need a holding, the most rows first.

    Left out are rows that nobody needs to answer for: loopback addresses, and flows that no
    address of ours opened.
    """
    counted = [_count(frame) for frame in frames]
    if not counted:
        return ()
    merged = (
        pl.concat(counted)
        .group_by("provider", "actor")
        .agg(pl.col("rows").sum(), pl.col("first").min(), pl.col("last").max())
        .sort("rows", "provider", "actor", descending=[True, False, False], nulls_last=True)
    )
    rows = (_suggestion(**row) for row in merged.iter_rows(named=True))
    return tuple(row for row in rows if row is not None)


def write_suggestions(suggestions: Iterable[Suggestion]) -> str:
    """Return a holdings CSV with empty `customer`, `service` and `plan` for a person to fill in.

    `from` is the first row that was seen; `read_holdings` refuses the file until every line has a
    customer.
    """
    return write_table(COLUMNS, [_texts(suggestion) for suggestion in suggestions])


def _texts(suggestion: Suggestion) -> list[str]:
    known = {
        "provider": suggestion.provider,
        "kind": suggestion.kind,
        "value": suggestion.value,
        "from": format_instant(suggestion.first),
        "source": "suggested",
    }
    return [known.get(name, "") for name in COLUMNS]


def _count(frame: pl.DataFrame) -> pl.DataFrame:
    wanted = pl.col("attribution") == "unknown"
    if "actor_ip" in frame.columns:
        wanted &= pl.col("actor_ip").is_not_null()
    return (
        frame.filter(wanted)
        .group_by("provider", "actor")
        .agg(
            rows=pl.len().cast(pl.Int64),
            first=pl.col("event_time").min(),
            last=pl.col("event_time").max(),
        )
    )


def _suggestion(
    provider: str | None, actor: str, rows: int, first: int, last: int
) -> Suggestion | None:
    prefix, _, text = actor.partition(":")
    address = parse_address(text) if prefix == "ip" else None
    if prefix not in _KINDS or (prefix == "ip" and (address is None or address.is_loopback)):
        return None
    kind = _KINDS[prefix]
    try:
        value = canonical_value(kind, text)
    except ValueError:
        return None
    return Suggestion(
        provider=provider or "", kind=kind, value=value, rows=rows, first=first, last=last
    )
