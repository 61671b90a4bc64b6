"""Minute counts of customers with findings: written by the engine, read by the desk.

In: absolute counts. Out: the same, in order of time. Writing happens inside `database.unit()` only;
writing the same count again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from aupkeep.store import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """Rows of one customer in one minute."""

    provider: str
    customer: str
    #: mail, login, flow, report.
    kind: str
    #: What became of the rows: a status, an outcome, a kind of report; empty where nothing is said.
    mark: str
    #: Start of the minute in event time, microseconds UTC.
    at: int
    #: How many rows.
    n: int


def put_minutes(rows: Iterable[Minute]) -> None:
    """Store counts; a minute that is stored already gets the new count."""
    # Thousands of counts in a commit: a model a row would cost several times as much.
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store_minute (provider, customer, kind, mark, at, n)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (provider, customer, kind, mark, at) DO UPDATE SET n = excluded.n",
            [(row.provider, row.customer, row.kind, row.mark, row.at, row.n) for row in rows],
        )


def minutes(provider: str, customer: str, since: int, until: int) -> list[Minute]:
    """Return the counts of a customer with `since` <= `at` < `until`, by time, kind and mark."""
    found = models.Minute.objects.filter(
        provider=provider, customer=customer, at__gte=since, at__lt=until
    ).order_by("at", "kind", "mark")
    names = ("provider", "customer", "kind", "mark", "at", "n")
    return [Minute(**row) for row in found.values(*names)]
