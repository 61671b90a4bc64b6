"""What the providers' own systems know: holdings and profiles, as CSV.

In: the casts. Out: text with the columns that `aupkeep holdings import` reads. Times are ISO 8601
with zone, half-open; an empty end means still held.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from aupkeep.base.clock import format_instant
from aupkeep.demo.cast import Customer

_HOLDINGS = (
    "provider",
    "kind",
    "value",
    "port_from",
    "port_to",
    "customer",
    "service",
    "plan",
    "from",
    "to",
    "source",
    "recorded_at",
)
_PROFILES = ("provider", "customer", "service", "name", "value", "from", "to", "recorded_at")


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _when(instant: int | None) -> str:
    return "" if instant is None else format_instant(instant)


def holdings_csv(cast: Iterable[Customer]) -> str:
    """Return who held what, from when to when."""
    rows = [
        (
            customer.provider,
            held.kind,
            held.value,
            "",
            "",
            customer.id,
            held.service,
            held.plan,
            _when(held.since),
            _when(held.until),
            "billing",
            _when(held.since),
        )
        for customer in cast
        for held in customer.held
    ]
    return _csv(_HOLDINGS, rows)


def _facts(customer: Customer) -> list[tuple[str, str, int, int | None]]:
    """Return (name, value, from, to) of what is true of a customer."""
    opened, closed = customer.opened, customer.closed
    facts: list[tuple[str, str, int, int | None]] = [
        ("name", customer.name, opened, None),
        ("plan", customer.plan, opened, closed),
        ("opened", format_instant(opened), opened, None),
        ("status", "active", opened, closed),
        ("country", customer.country, opened, None),
        ("language", customer.language, opened, None),
        ("contact", f"owner@{customer.domain}", opened, None),
    ]
    if closed is not None:
        facts.append(("status", "ended", closed, None))
    if customer.parent:
        facts.append(("parent", customer.parent, opened, None))
    if customer.protected:
        facts.append(("protected", "yes", opened, None))
    return facts


def profiles_csv(cast: Iterable[Customer]) -> str:
    """Return what was true of each customer, from when to when."""
    rows = [
        (
            customer.provider,
            customer.id,
            "",
            name,
            value,
            _when(since),
            _when(until),
            _when(since),
        )
        for customer in cast
        for name, value, since, until in _facts(customer)
    ]
    return _csv(_PROFILES, rows)
