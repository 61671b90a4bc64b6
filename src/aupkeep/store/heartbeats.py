"""The last sign of life.

In: an instant. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.store import models

_ONLY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """When one last left, and why the latest one did not."""

    #: 0: none ever has.
    at: int
    trouble: str


def heartbeat() -> Heartbeat:
    """Return how signs of life go out."""
    row = models.Heartbeat.objects.filter(id=_ONLY).first()
    return Heartbeat(at=row.at, trouble=row.trouble) if row else Heartbeat(at=0, trouble="")


def put_heartbeat(item: Heartbeat) -> None:
    """Store how they go out."""
    models.Heartbeat.objects.update_or_create(
        id=_ONLY, defaults={"at": item.at, "trouble": item.trouble}
    )
