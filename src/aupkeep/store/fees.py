"""The ledger as it is stored.

In: bookings. Out: the same. Writing happens inside `database.unit()` only; nothing is ever changed
or taken out.
"""

from __future__ import annotations

from aupkeep.sanctions.ledger import Booking, Kind
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text

_ORDER = {kind: place for place, kind in enumerate(Kind)}


def put_booking(booking: Booking) -> bool:
    """Store `booking`; False where it is there already, as it was made first."""
    _, made = models.Booking.objects.get_or_create(
        id=booking.id,
        defaults={
            "sanction": booking.sanction,
            "provider": booking.provider,
            "customer": booking.customer,
            "kind": booking.kind.value,
            "at": booking.at,
            "body": to_text(booking),
        },
    )
    return made


def bookings_of(sanction: str) -> list[Booking]:
    """Return the bookings about one fee, the oldest first."""
    return _read(sanction=sanction)


def bookings_about(provider: str, customer: str) -> list[Booking]:
    """Return every booking about one customer, the oldest first."""
    return _read(provider=provider, customer=customer)


def all_bookings(*, provider: str = "") -> list[Booking]:
    """Return every booking, the oldest first."""
    return _read(**({"provider": provider} if provider else {}))


def standing(provider: str) -> list[Booking]:
    """Return the charges of `provider` that were not credited."""
    rows = models.Booking.objects.filter(provider=provider)
    credited = rows.filter(kind=Kind.CREDITED.value).values("sanction")
    charged = rows.filter(kind=Kind.CHARGED.value).exclude(sanction__in=credited)
    return [from_text(row.body, Booking) for row in charged.order_by("at", "id")]


def _read(**which: str) -> list[Booking]:
    found = [from_text(row.body, Booking) for row in models.Booking.objects.filter(**which)]
    # At one instant things happen in the order in which they can.
    return sorted(found, key=lambda item: (item.at, _ORDER[item.kind], item.id))
