"""Alarms: raised once, sent again and again until somebody acknowledges them.

In: values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.ids import make_id
from aupkeep.store import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm in its present state."""

    id: str
    provider: str
    #: What sort of trouble it is.
    kind: str
    #: What it is about: an id or a name.
    subject: str
    text: str
    raised_at: int
    #: How often it was sent, and when it is sent next.
    sent: int = 0
    next_at: int | None = None
    trouble: str = ""
    acknowledged_at: int | None = None
    acknowledged_by: str = ""


def raise_alarm(provider: str, kind: str, subject: str, text: str, *, now: int) -> Alarm | None:
    """Store a new alarm, due at once; None where the same one waits to be acknowledged."""
    same = models.Alarm.objects.filter(
        provider=provider, kind=kind, subject=subject, acknowledged_at=None
    )
    if same.exists():
        return None
    alarm = Alarm(
        id=make_id("alarm", provider, kind, subject, now),
        provider=provider,
        kind=kind,
        subject=subject,
        text=text,
        raised_at=now,
        next_at=now,
    )
    models.Alarm.objects.create(
        id=alarm.id,
        provider=provider,
        kind=kind,
        subject=subject,
        text=text,
        raised_at=now,
        next_at=now,
    )
    return alarm


def due(now: int, *, most: int) -> list[Alarm]:
    """Return the alarms to send by `now`, what waits longest first, `most` at a time."""
    rows = models.Alarm.objects.filter(acknowledged_at=None, next_at__lte=now)
    return [_alarm(row) for row in rows.order_by("next_at", "id")[:most]]


def sent(identity: str, *, count: int, next_at: int, trouble: str) -> None:
    """Store that an alarm was sent, or why not, and when it is sent again."""
    models.Alarm.objects.filter(id=identity).update(sent=count, next_at=next_at, trouble=trouble)


def acknowledge(identity: str, person: str, *, now: int) -> Alarm | None:
    """Store that `person` has seen it; None where it was acknowledged or is not there."""
    rows = models.Alarm.objects.filter(id=identity, acknowledged_at=None)
    if not rows.update(acknowledged_at=now, acknowledged_by=person, next_at=None):
        return None
    return _alarm(models.Alarm.objects.get(id=identity))


def alarms(*, every: bool = False) -> list[Alarm]:
    """Return the alarms that nobody has acknowledged, or `every` one, the oldest first."""
    rows = models.Alarm.objects.order_by("raised_at", "id")
    return [_alarm(row) for row in (rows if every else rows.filter(acknowledged_at=None))]


def get_alarm(identity: str) -> Alarm | None:
    """Return the alarm whose id is or begins with `identity`; None where it is not one."""
    if not identity:
        return None
    rows = list(models.Alarm.objects.filter(id=identity))
    rows = rows or list(models.Alarm.objects.filter(id__startswith=identity)[:2])
    return _alarm(rows[0]) if len(rows) == 1 else None


def _alarm(row: models.Alarm) -> Alarm:
    return Alarm(
        id=row.id,
        provider=row.provider,
        kind=row.kind,
        subject=row.subject,
        text=row.text,
        raised_at=row.raised_at,
        sent=row.sent,
        next_at=row.next_at,
        trouble=row.trouble,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
