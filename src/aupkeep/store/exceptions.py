"""Exceptions from the policy: read and written whole; and the findings they cover.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from django.db.models import Count

from aupkeep.cases.excepting import PolicyException
from aupkeep.detection.finding import Finding
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text


def put_exception(item: PolicyException) -> None:
    """Store the present state of `item`."""
    models.PolicyException.objects.update_or_create(
        id=item.id,
        defaults={"provider": item.provider, "made_at": item.made_at, "body": to_text(item)},
    )


def exceptions() -> list[PolicyException]:
    """Return every exception there ever was, the oldest first."""
    rows = models.PolicyException.objects.order_by("made_at", "id")
    return [from_text(row.body, PolicyException) for row in rows]


def get_exception(identity: str) -> PolicyException | None:
    """Return the one whose id is or begins with `identity`, or None where it is not just one."""
    rows = list(models.PolicyException.objects.filter(id__startswith=identity)[:2])
    return from_text(rows[0].body, PolicyException) if len(rows) == 1 else None


def covered() -> list[Finding]:
    """Return the findings that are covered and still hold, by id."""
    rows = models.Finding.objects.filter(covered=True).order_by("id")
    return [from_text(row.body, Finding) for row in rows]


def counts() -> dict[str, int]:
    """Return how many findings each exception has covered, by its id."""
    rows = models.Finding.objects.exclude(exception="").values_list("exception")
    return dict(rows.annotate(n=Count("id")).values_list("exception", "n"))
