"""What is armed and what is paused.

In: names and instants. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.store import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """One power or clause that may act."""

    provider: str
    #: power or clause.
    kind: str
    name: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """One power or clause, or all of a provider, that waits for a person."""

    provider: str
    #: Name of a power or, by `kind`, of a clause; empty for all.
    power: str
    since: int
    reason: str
    #: power, clause or all.
    kind: str = "power"

    @property
    def called(self) -> str:
        """What waits, in words."""
        return "everything" if self.kind == "all" else self.power


def armed() -> list[Armed]:
    """Return everything that is armed, by provider, kind and name."""
    rows = models.Armed.objects.order_by("provider", "kind", "name")
    return [
        Armed(provider=row.provider, kind=row.kind, name=row.name, since=row.since) for row in rows
    ]


def arm(item: Armed) -> bool:
    """Store that `item` is armed; False where it is already."""
    _, made = models.Armed.objects.get_or_create(
        provider=item.provider, kind=item.kind, name=item.name, defaults={"since": item.since}
    )
    return made


def disarm(provider: str, kind: str, name: str) -> bool:
    """Take it out; False where it was not armed."""
    count, _ = models.Armed.objects.filter(provider=provider, kind=kind, name=name).delete()
    return count > 0


def afresh(provider: str, clause: str, customer: str | None, *, now: int) -> None:
    """Store that the windows of `clause` begin anew, for one customer or for all (None)."""
    models.Afresh.objects.create(provider=provider, clause=clause, customer=customer, at=now)


def afresh_after(number: int) -> list[tuple[int, str, str, str | None, int]]:
    """Return (number, provider, clause, customer, instant) of what begins anew since `number`."""
    rows = models.Afresh.objects.filter(id__gt=number).order_by("id")
    return list(rows.values_list("id", "provider", "clause", "customer", "at"))


def paused() -> list[Paused]:
    """Return every pause, the oldest first."""
    rows = models.Pause.objects.filter(resumed_at=None)
    return [
        Paused(
            provider=row.provider,
            power=row.power,
            since=row.since,
            reason=row.reason,
            kind=row.kind,
        )
        for row in rows.order_by("since", "provider", "kind", "power")
    ]


def resumed(provider: str, power: str) -> int | None:
    """Return when a person last said that `power`, or all, may go on, or None."""
    rows = models.Pause.objects.filter(provider=provider)
    said = rows.filter(kind="power", power=power) | rows.filter(kind="all")
    instants = [row.resumed_at for row in said if row.resumed_at is not None]
    return max(instants, default=None)


def pause(item: Paused) -> bool:
    """Store that something waits; False where it does already."""
    rows = models.Pause.objects.filter(provider=item.provider, kind=item.kind, power=item.power)
    if rows.filter(resumed_at=None).exists():
        return False
    models.Pause.objects.update_or_create(
        provider=item.provider,
        kind=item.kind,
        power=item.power,
        defaults={"since": item.since, "reason": item.reason, "resumed_at": None},
    )
    return True


def unpause(provider: str, power: str, *, now: int, kind: str = "power") -> bool:
    """Store that something goes on; False where it is not paused."""
    rows = models.Pause.objects.filter(provider=provider, kind=kind, power=power, resumed_at=None)
    return rows.update(resumed_at=now) > 0
