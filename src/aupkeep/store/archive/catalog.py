"""What the database says of the archive: its files, holds, erasures and sweeps.

In: values. Out: the same. Everything that writes here is called inside `database.unit()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields

from django.db.models import Max, Min, Sum

from aupkeep.store import models
from aupkeep.store.archive.files import Stored
from aupkeep.store.archive.standing import Erasure, Hold

_FIELDS = tuple(field.name for field in fields(Stored))
_AT_ONCE = 500


def named(
    *,
    provider: str = "",
    kind: str = "",
    since: int | None = None,
    until: int | None = None,
) -> list[Stored]:
    """Return the files that may hold such rows, by day and time; `until` is not included.

    Files of rows without a provider are every provider's.
    """
    rows = models.ArchiveFile.objects.filter(gone=False)
    if provider:
        rows = rows.filter(provider__in=("", provider))
    if kind:
        rows = rows.filter(kind=kind)
    if since is not None:
        rows = rows.filter(last__gte=since)
    if until is not None:
        rows = rows.filter(first__lt=until)
    listed = rows.order_by("day", "first", "path").values_list(*_FIELDS)
    return [Stored(**dict(zip(_FIELDS, row, strict=True))) for row in listed]


def name(files: Iterable[Stored]) -> None:
    """Make `files` part of the archive."""
    models.ArchiveFile.objects.bulk_create(models.ArchiveFile(**asdict(item)) for item in files)


def unname(files: Sequence[Stored]) -> None:
    """Make `files` no part of the archive; they are removed from the disk after this."""
    paths = [item.path for item in files]
    for at in range(0, len(paths), _AT_ONCE):
        chosen = models.ArchiveFile.objects.filter(path__in=paths[at : at + _AT_ONCE])
        chosen.update(gone=True)


def gone() -> list[str]:
    """Return the paths of files that are still to be removed from the disk."""
    return list(models.ArchiveFile.objects.filter(gone=True).values_list("path", flat=True))


def forget(paths: Sequence[str]) -> None:
    """Say that files have been removed from the disk."""
    for at in range(0, len(paths), _AT_ONCE):
        models.ArchiveFile.objects.filter(gone=True, path__in=paths[at : at + _AT_ONCE]).delete()


def paths() -> set[str]:
    """Return the paths of all files that are part of the archive or still to be removed."""
    return set(models.ArchiveFile.objects.values_list("path", flat=True))


def say_trouble(path: str, trouble: str) -> None:
    """Store what is wrong with a file, or that nothing is."""
    models.ArchiveFile.objects.filter(path=path).update(trouble=trouble)


def judged(files: Sequence[Stored], held: str) -> None:
    """Store under which holds retention has looked at files."""
    paths_ = [item.path for item in files]
    for at in range(0, len(paths_), _AT_ONCE):
        models.ArchiveFile.objects.filter(path__in=paths_[at : at + _AT_ONCE]).update(held=held)


def went_through(files: Sequence[Stored], erasure: int) -> None:
    """Store that files hold nothing that was erased up to `erasure`."""
    paths_ = [item.path for item in files]
    for at in range(0, len(paths_), _AT_ONCE):
        models.ArchiveFile.objects.filter(path__in=paths_[at : at + _AT_ONCE]).update(
            erased=erasure
        )


def look_again(provider: str) -> None:
    """Let every file of `provider` go through all erasures once more."""
    models.ArchiveFile.objects.filter(provider__in=("", provider)).update(erased=0)


def unerased(latest: int) -> list[Stored]:
    """Return the files that have not been through every erasure; broken ones cannot."""
    rows = models.ArchiveFile.objects.filter(gone=False, erased__lt=latest, trouble="")
    listed = rows.order_by("path").values_list(*_FIELDS)
    return [Stored(**dict(zip(_FIELDS, row, strict=True))) for row in listed]


def summary() -> dict[str, dict[str, int]]:
    """Return files, rows, bytes and the oldest day of each kind."""
    grouped = models.ArchiveFile.objects.filter(gone=False).values("kind").order_by("kind")
    found = grouped.annotate(
        size_=Sum("size"), rows_=Sum("rows"), oldest=Min("day"), newest=Max("day")
    )
    counts = {
        kind: models.ArchiveFile.objects.filter(gone=False, kind=kind).count()
        for kind in (item["kind"] for item in found)
    }
    return {
        item["kind"]: {
            "files": counts[item["kind"]],
            "rows": item["rows_"],
            "bytes": item["size_"],
            "oldest": item["oldest"],
            "newest": item["newest"],
        }
        for item in found
    }


def providers() -> list[str]:
    """Return the providers whose rows are there."""
    rows = models.ArchiveFile.objects.filter(gone=False).exclude(provider="")
    return sorted(set(rows.values_list("provider", flat=True)))


_HOLD = tuple(field.name for field in fields(Hold))
_ERASURE = tuple(field.name for field in fields(Erasure))


def holds(*, every: bool = False) -> list[Hold]:
    """Return the holds in force, the oldest first; released ones too where `every`."""
    rows = models.ArchiveHold.objects.order_by("at", "id")
    if not every:
        rows = rows.filter(released_at=None)
    return [Hold(**dict(zip(_HOLD, row, strict=True))) for row in rows.values_list(*_HOLD)]


def put_hold(hold: Hold) -> None:
    """Store a new hold."""
    models.ArchiveHold.objects.create(**asdict(hold))


def release(hold: str, *, now: int, by: str) -> None:
    """Store that a hold is released."""
    models.ArchiveHold.objects.filter(id=hold).update(released_at=now, released_by=by)


def erasures() -> list[Erasure]:
    """Return everything that was ever erased, in order."""
    rows = models.ArchiveErasure.objects.order_by("id")
    return [Erasure(**dict(zip(_ERASURE, row, strict=True))) for row in rows.values_list(*_ERASURE)]


def latest_erasure() -> int:
    """Return the number of the newest erasure, or 0."""
    return models.ArchiveErasure.objects.aggregate(latest=Max("id"))["latest"] or 0


def put_erasure(erasure: Erasure) -> int:
    """Store an erasure and return its number."""
    said = {name_: value for name_, value in asdict(erasure).items() if name_ != "id"}
    return int(models.ArchiveErasure.objects.create(**said).pk)


def last_sweep() -> tuple[int, int] | None:
    """Return when retention was last carried out and how many rows went, or None."""
    row = models.ArchiveSweep.objects.filter(id=1).first()
    return (row.at, row.removed) if row else None


def put_sweep(at: int, removed: int) -> None:
    """Store that retention was carried out."""
    models.ArchiveSweep.objects.update_or_create(id=1, defaults={"at": at, "removed": removed})
