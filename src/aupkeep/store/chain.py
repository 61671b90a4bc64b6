"""The record's entries: the end of a chain, appending, and the export.

In: entries. Out: heads and lines. The database lets a chain have one entry a number, so two
writers can never both append the same one.
"""

from __future__ import annotations

from collections.abc import Iterator

from aupkeep.record.entry import Entry, Head
from aupkeep.store import models


def head(provider: str) -> Head:
    """Return the end of the chain of `provider`."""
    last = models.Entry.objects.filter(provider=provider).order_by("-seq").first()
    return Head(provider) if last is None else Head(provider, last.seq + 1, last.hash)


def put_entries(entries: list[Entry]) -> None:
    """Append `entries`, made one after another from the head."""
    models.Entry.objects.bulk_create(
        models.Entry(provider=item.head.provider, seq=item.seq, hash=item.hash, line=item.line)
        for item in entries
    )


def lines(provider: str = "") -> Iterator[bytes]:
    """Yield every entry's line as bytes, by provider and number."""
    rows = models.Entry.objects.order_by("provider", "seq")
    if provider:
        rows = rows.filter(provider=provider)
    for line in rows.values_list("line", flat=True).iterator():
        yield line.encode("utf-8", "surrogatepass")


def entries_about(subject: str) -> list[str]:
    """Return the lines of the entries about `subject`, oldest first."""
    rows = models.Entry.objects.filter(line__contains=f'"subject":"{subject}"')
    return list(rows.order_by("provider", "seq").values_list("line", flat=True))
