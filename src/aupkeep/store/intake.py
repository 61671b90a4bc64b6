"""The commit point and the counters of sources.

In: plain values. Out: the same. `put_commit` is called in the transaction that stores everything
the state file is about; `latest` names that file after a restart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aupkeep.store import models


@dataclass(frozen=True, slots=True)
class Committed:
    """The last commit."""

    number: int
    state_file: str
    frontier: int
    at: int


def latest() -> Committed | None:
    """Return the last commit, or None before the first."""
    row = models.Commit.objects.filter(id=1).first()
    return Committed(row.number, row.state_file, row.frontier, row.at) if row else None


def put_commit(commit: Committed) -> None:
    """Name the state file that belongs to this transaction."""
    models.Commit.objects.update_or_create(
        id=1,
        defaults={
            "number": commit.number,
            "state_file": commit.state_file,
            "frontier": commit.frontier,
            "at": commit.at,
        },
    )


def put_source(name: str, form: str, provider: str, tally: Mapping[str, Any]) -> None:
    """Store the counters of one source as its tally saved them."""
    models.SourceState.objects.update_or_create(
        name=name,
        format=form,
        defaults={
            "provider": provider,
            "counts": json.dumps(tally["counts"], sort_keys=True),
            "last_event": tally["last_event"],
            "last_read": tally["last_read"],
            "trouble": tally["trouble"],
        },
    )
    for reason, count in tally["reasons"].items():
        models.Rejected.objects.update_or_create(
            source=name,
            reason=reason,
            defaults={
                "count": count,
                "samples": json.dumps(tally["samples"].get(reason, []), ensure_ascii=False),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What `doctor` says of one source."""

    name: str
    format: str
    provider: str
    counts: Mapping[str, int]
    last_event: int | None
    last_read: int | None
    trouble: str
    #: (reason, count, samples of (position, beginning)).
    rejects: tuple[tuple[str, int, tuple[tuple[int, str], ...]], ...]


def sources() -> list[SourceReport]:
    """Return every source the engine has read, by name."""
    found = []
    for row in models.SourceState.objects.order_by("name", "format"):
        rejects = models.Rejected.objects.filter(source=row.name).order_by("-count", "reason")
        found.append(
            SourceReport(
                name=row.name,
                format=row.format,
                provider=row.provider,
                counts=json.loads(row.counts),
                last_event=row.last_event,
                last_read=row.last_read,
                trouble=row.trouble,
                rejects=tuple(
                    (
                        item.reason,
                        item.count,
                        tuple((int(at), str(head)) for at, head in json.loads(item.samples)),
                    )
                    for item in rejects
                ),
            )
        )
    return found
