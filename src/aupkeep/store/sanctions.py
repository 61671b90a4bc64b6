"""Sanctions: read and written whole, and found by when the hand must look at them.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only, and whoever changes
a sanction reads it in the same unit: two processes can then never both make the same move.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BigIntegerField, F, Func, Q, Value

from aupkeep.sanctions.sanction import IN_FORCE, Sanction, State
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text

_STANDING = [state.value for state in IN_FORCE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A sanction and how its carrying out goes on; this changes without an entry."""

    sanction: Sanction
    #: When the hand must look at it next; None: nothing to do.
    next_at: int | None
    attempts: int
    trouble: str


def put_sanction(
    sanction: Sanction, *, next_at: int | None, attempts: int = 0, trouble: str = ""
) -> None:
    """Store the present state of `sanction`."""
    models.Sanction.objects.update_or_create(
        id=sanction.id,
        defaults={
            "case": sanction.case,
            "provider": sanction.provider,
            "customer": sanction.customer,
            "measure": sanction.measure,
            "state": sanction.state.value,
            "next_at": next_at,
            "attempts": attempts,
            "trouble": trouble,
            "body": to_text(sanction),
        },
    )


def put_waiting(seen: Sanction, *, next_at: int | None, attempts: int, trouble: str) -> None:
    """Store how the carrying out of a sanction goes on, if it still is in the state that was seen.

    Where a person was faster, what they asked for stays due.
    """
    models.Sanction.objects.filter(id=seen.id, state=seen.state.value).update(
        next_at=next_at, attempts=attempts, trouble=trouble
    )


def get_sanction(identity: str) -> Sanction | None:
    """Return the sanction whose id is or begins with `identity`; None where it is not one."""
    found = waiting(identity)
    return found.sanction if found else None


def waiting(identity: str) -> Waiting | None:
    """Return the same with how its carrying out goes on."""
    if not identity:
        return None
    # A whole id is found by its index; only a beginning needs a look at every one.
    rows = list(models.Sanction.objects.filter(id=identity))
    rows = rows or list(models.Sanction.objects.filter(id__startswith=identity)[:2])
    return _waiting(rows[0]) if len(rows) == 1 else None


def due(now: int, *, most: int) -> list[Waiting]:
    """Return what the hand must look at by `now`, what waits longest first, `most` at a time."""
    rows = models.Sanction.objects.filter(next_at__lte=now).order_by("next_at", "id")
    return [_waiting(row) for row in rows[:most]]


def sanctions_of(case: str) -> list[Sanction]:
    """Return the sanctions of `case`, sorted by instant, measure and target."""
    return [item.sanction for item in waiting_of(case)]


def waiting_of(case: str) -> list[Waiting]:
    """Return the same with how their carrying out goes on."""
    found = [_waiting(row) for row in models.Sanction.objects.filter(case=case)]
    return sorted(
        found, key=lambda one: (one.sanction.since, one.sanction.measure, one.sanction.target)
    )


def sanctions_about(provider: str, customer: str) -> list[Sanction]:
    """Return every sanction of one customer."""
    rows = models.Sanction.objects.filter(provider=provider, customer=customer)
    return [from_text(row.body, Sanction) for row in rows]


def all_sanctions(*, states: Iterable[str] = (), provider: str = "") -> list[Waiting]:
    """Return every sanction, the oldest first."""
    rows = models.Sanction.objects.all()
    if states:
        rows = rows.filter(state__in=list(states))
    if provider:
        rows = rows.filter(provider=provider)
    found = [_waiting(row) for row in rows]
    return sorted(found, key=lambda one: (one.sanction.since, one.sanction.id))


def accounting(provider: str, measure: str, ids: Iterable[str]) -> dict[str, Sanction]:
    """Return by id the sanctions of a measure that are in force, and those of `ids`."""
    rows = models.Sanction.objects.filter(provider=provider, measure=measure)
    # What stands at a door may be no text at all; no id is like that.
    wanted = [one for one in ids if one.isascii()]
    found = rows.filter(Q(state__in=_STANDING) | Q(id__in=wanted))
    return {row.id: from_text(row.body, Sanction) for row in found}


def touching(provider: str, *, since: int) -> list[Sanction]:
    """Return the sanctions of `provider` that touch service and are in force, or over now.

    Of those that are over only what was applied after `since`: years of them are left alone.
    """
    over = Q(state__in=[State.LIFTED.value, State.EXPIRED.value], applied_at__gt=since)
    applied = Func(
        F("body"), Value("$.applied_at"), function="JSON_EXTRACT", output_field=BigIntegerField()
    )
    rows = models.Sanction.objects.filter(provider=provider).alias(applied_at=applied)
    found = [from_text(row.body, Sanction) for row in rows.filter(Q(state__in=_STANDING) | over)]
    return [one for one in found if one.touches_service]


def _waiting(row: models.Sanction) -> Waiting:
    return Waiting(
        sanction=from_text(row.body, Sanction),
        next_at=row.next_at,
        attempts=row.attempts,
        trouble=row.trouble,
    )
