"""From the mail join's tuples to the columns of a mail row.

In: rows as the join completes them, all text as the log wrote it. Out: a frame with the exact
columns and types of `schema.MAIL`, lower-cased where the schema says so, null where nothing is
known.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from aupkeep.events.schema import MAIL

#: What a row of the join holds, in this order. `key` is host and queue id.
JOINED: dict[str, type[pl.DataType]] = {
    "event_time": pl.Int64,
    "stream": pl.Int64,
    "position": pl.Int64,
    "part": pl.Int64,
    "source": pl.Int32,
    "key": pl.String,
    "transport": pl.String,
    "recipient": pl.String,
    "orig_recipient": pl.String,
    "relay": pl.String,
    "delay": pl.String,
    "dsn": pl.String,
    "status": pl.String,
    "reply": pl.String,
    "final": pl.Boolean,
    "counted": pl.Boolean,
    "message_id": pl.String,
    "client_name": pl.String,
    "client_ip": pl.String,
    "login": pl.String,
    "system_user": pl.String,
    "sender": pl.String,
    "size": pl.String,
    "recipients": pl.String,
}
STAMPS = ("event_time", "stream", "position", "part", "source")
#: Their empty text means that the log says nothing.
_EMPTY_IS_NULL = (
    *("transport", "orig_recipient", "relay", "dsn", "reply", "message_id", "client_name"),
    *("client_ip", "login", "system_user", "recipient"),
)
_LOWER = ("recipient", "orig_recipient", "client_name", "client_ip", "login", "sender")
_UNKNOWN = "unknown"
_NO_QUEUE = "NOQUEUE"


def to_frame(values: list[Any]) -> pl.DataFrame:
    """Return the rows whose `values` are laid end to end, with the columns `STAMPS` and `MAIL`."""
    width = len(JOINED)
    frame = pl.DataFrame(
        [
            pl.Series(name, values[place::width], dtype=kind)
            for place, (name, kind) in enumerate(JOINED.items())
        ]
    )
    frame = frame.with_columns(pl.col(name).str.to_lowercase() for name in _LOWER)
    frame = frame.with_columns(_null_if(name, "") for name in _EMPTY_IS_NULL)
    frame = frame.with_columns(_parts())
    return frame.select(*STAMPS, *(pl.col(name).cast(kind) for name, kind in MAIL.items()))


def _parts() -> list[pl.Expr]:
    host_end = pl.col("key").str.find(" ", literal=True)
    address = pl.col("client_ip")
    mapped = address.str.starts_with("::ffff:") & address.str.contains(".", literal=True)
    address = pl.when(mapped).then(address.str.strip_prefix("::ffff:")).otherwise(address)
    return [
        pl.col("key").str.head(host_end).alias("host"),
        pl.col("key").str.slice(host_end + 1).replace(_NO_QUEUE, None).alias("queue_id"),
        pl.when(address != _UNKNOWN).then(address).alias("client_ip"),
        _null_if("client_name", _UNKNOWN),
        _domain("sender").alias("sender_domain"),
        _domain("recipient").alias("recipient_domain"),
        pl.col("delay").cast(pl.Float64, strict=False),
        pl.col("size").cast(pl.Int64, strict=False),
        pl.col("recipients").cast(pl.Int64, strict=False),
        pl.lit("result").alias("stage"),
    ]


def _null_if(name: str, word: str) -> pl.Expr:
    return pl.when(pl.col(name) != word).then(pl.col(name)).alias(name)


def _domain(name: str) -> pl.Expr:
    """Return what follows the last `@`; null without one."""
    parts = pl.col(name).str.split("@")
    last = parts.list.last()
    return pl.when((parts.list.len() > 1) & (last != "")).then(last)
