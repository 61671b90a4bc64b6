"""Published policies, holdings and profiles.

In: values. Out: the same. A published version is never changed; holdings change by difference.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.store import models

_HOLDING_FIELDS = (
    "provider",
    "kind",
    "value",
    "port_from",
    "port_to",
    "customer",
    "service",
    "plan",
    "since",
    "until",
    "source",
    "recorded_at",
)
_PROFILE_FIELDS = (
    "provider",
    "customer",
    "service",
    "name",
    "value",
    "since",
    "until",
    "recorded_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published version of a policy, word for word."""

    provider: str
    version: str
    hash: str
    effective: int
    published_at: int
    files: Mapping[str, str]


def published(provider: str) -> list[Published]:
    """Return the versions of `provider`, the earliest effective first."""
    rows = models.PolicyVersion.objects.filter(provider=provider).order_by("effective", "id")
    return [
        Published(
            provider=row.provider,
            version=row.version,
            hash=row.hash,
            effective=row.effective,
            published_at=row.published_at,
            files=json.loads(row.files),
        )
        for row in rows
    ]


def put_published(version: Published) -> None:
    """Store a version; raises Django's `IntegrityError` where it is published already."""
    models.PolicyVersion.objects.create(
        provider=version.provider,
        version=version.version,
        hash=version.hash,
        effective=version.effective,
        published_at=version.published_at,
        files=json.dumps(dict(version.files), ensure_ascii=False, sort_keys=True),
    )


def edition() -> tuple[int, int, int]:
    """Return numbers that change whenever holdings, profiles or published policies do."""
    tables = (models.Holding, models.Profile, models.PolicyVersion)
    newest = [
        table.objects.order_by("-id").values_list("id", flat=True).first() for table in tables
    ]
    return (newest[0] or 0, newest[1] or 0, newest[2] or 0)


def holdings() -> tuple[Holding, ...]:
    """Return every holding there is or was."""
    rows = models.Holding.objects.order_by("id").values(*_HOLDING_FIELDS)
    return tuple(Holding(**row) for row in rows.iterator())


def put_holdings(listed: Iterable[Holding]) -> None:
    """Replace all holdings by `listed`."""
    models.Holding.objects.all().delete()
    models.Holding.objects.bulk_create(
        (
            models.Holding(**{name: getattr(item, name) for name in _HOLDING_FIELDS})
            for item in listed
        ),
        batch_size=1000,
    )


def profiles() -> tuple[Profile, ...]:
    """Return every profile statement."""
    rows = models.Profile.objects.order_by("id").values(*_PROFILE_FIELDS)
    return tuple(Profile(**row) for row in rows.iterator())


def profiles_of(provider: str, customer: str) -> tuple[Profile, ...]:
    """Return every statement about one customer and their services."""
    rows = models.Profile.objects.filter(provider=provider, customer=customer).order_by("id")
    return tuple(Profile(**row) for row in rows.values(*_PROFILE_FIELDS))


def customers(provider: str, now: int) -> int:
    """Return how many customers of `provider` hold something at `now`."""
    held = models.Holding.objects.filter(provider=provider, since__lte=now).filter(
        Q(until=None) | Q(until__gt=now)
    )
    return held.values("customer").distinct().count()


def holders(provider: str, kinds: Collection[str], value: str, now: int) -> set[str]:
    """Return who holds `value` as one of `kinds` at `now`; names compare without case."""
    held = models.Holding.objects.filter(
        provider=provider, kind__in=kinds, value__iexact=value, since__lte=now
    ).filter(Q(until=None) | Q(until__gt=now))
    return set(held.values_list("customer", flat=True))


def put_profiles(listed: Iterable[Profile]) -> None:
    """Replace all profile statements by `listed`."""
    models.Profile.objects.all().delete()
    models.Profile.objects.bulk_create(
        (
            models.Profile(**{name: getattr(item, name) for name in _PROFILE_FIELDS})
            for item in listed
        ),
        batch_size=1000,
    )
