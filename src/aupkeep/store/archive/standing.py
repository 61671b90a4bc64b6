"""Which rows are held and which are erased, as values and as conditions on columns.

In: holds and erasures. Out: conditions. A row without a provider is every provider's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from aupkeep.store.archive.columns import addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Rows of `provider` that must stay; what is empty or None restricts nothing."""

    id: str
    provider: str
    customer: str = ""
    kind: str = ""
    since: int | None = None
    #: Not included.
    until: int | None = None
    reason: str
    by: str
    at: int
    released_at: int | None = None
    released_by: str = ""

    def may_touch(self, provider: str, kind: str, first: int, last: int) -> bool:
        """Whether rows of these may be under it."""
        return (
            provider in ("", self.provider)
            and self.kind in ("", kind)
            and (self.since is None or last >= self.since)
            and (self.until is None or first < self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Rows of `provider` of before `until` that are erased: a customer's, or with an address."""

    id: int = 0
    name: str
    provider: str
    customer: str = ""
    address: str = ""
    until: int
    reason: str
    by: str
    at: int


def held(holds: Iterable[Hold], kind: str) -> pl.Expr:
    """Return the condition that a row of `kind` is under one of `holds`."""
    return _any([_held(hold) for hold in holds if hold.kind in ("", kind)])


def erased(erasures: Iterable[Erasure], kind: str) -> pl.Expr:
    """Return the condition that a row of `kind` is one of those that were erased."""
    return _any([_erased(erasure, kind) for erasure in erasures])


def with_address(kind: str, address: str) -> pl.Expr:
    """Return the condition that some address of a row of `kind` is `address`."""
    return _any([pl.col(name).eq_missing(pl.lit(address)) for name in addresses(kind)])


def digest(holds: Sequence[Hold]) -> str:
    """Return one word for a set of holds: another set has another word."""
    if not holds:
        return ""
    return hashlib.sha256(" ".join(sorted(hold.id for hold in holds)).encode()).hexdigest()


def _held(hold: Hold) -> pl.Expr:
    condition = _of(hold.provider)
    if hold.customer:
        condition &= pl.col("customer").eq_missing(pl.lit(hold.customer))
    if hold.since is not None:
        condition &= pl.col("event_time") >= hold.since
    if hold.until is not None:
        condition &= pl.col("event_time") < hold.until
    return condition


def _erased(erasure: Erasure, kind: str) -> pl.Expr:
    condition = _of(erasure.provider) & (pl.col("event_time") < erasure.until)
    if erasure.customer:
        condition &= pl.col("customer").eq_missing(pl.lit(erasure.customer))
    if erasure.address:
        condition &= with_address(kind, erasure.address)
    return condition


def _of(provider: str) -> pl.Expr:
    return pl.col("provider").is_null() | pl.col("provider").eq_missing(pl.lit(provider))


def _any(conditions: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(conditions) if conditions else pl.lit(value=False)
