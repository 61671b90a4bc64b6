"""The record's entries: the end of a chain, appending, and the export.

In: entries. Out: heads, lines, and rows as the bytes that are stored, since whoever verifies must
be able to read what was damaged. The database lets a chain have one entry a number, so two
writers can never both append the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from django.db import DatabaseError, connection

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.record.entry import Entry, Head
from aupkeep.record.verify import Stored
from aupkeep.store import models
from aupkeep.store.database import plain
from aupkeep.store.envelopes import Opened
from aupkeep.store.envelopes import opened as envelope_of

#: A blob is what is stored, whether or not it is text; the types are told apart by themselves.
_ROWS = """
    SELECT CAST(line AS BLOB), CAST(provider AS BLOB), CAST(seq AS BLOB), CAST(hash AS BLOB),
           typeof(line) || typeof(provider) || typeof(seq) || typeof(hash),
           CAST(envelope AS BLOB)
    FROM store_entry NOT INDEXED ORDER BY id
"""
_TYPES = "texttextintegertext"


def head(provider: str) -> Head:
    """Return the end of the chain of `provider`."""
    last = models.Entry.objects.filter(provider=provider).order_by("-seq").first()
    return Head(provider) if last is None else Head(provider, last.seq + 1, last.hash)


def put_entries(entries: list[Entry]) -> None:
    """Append `entries`, made one after another from the head."""
    models.Entry.objects.bulk_create(
        models.Entry(
            provider=item.head.provider,
            seq=item.seq,
            hash=item.hash,
            line=item.line,
            subject=item.subject,
            envelope=item.envelope,
        )
        for item in entries
    )


def lines(provider: str = "") -> Iterator[bytes]:
    """Yield every entry's line as the bytes that are stored, by provider and number.

    Raises `AupkeepError` where the database cannot be read.
    """
    where, given = ("WHERE provider = %s", [provider]) if provider else ("", [])
    query = f"SELECT CAST(line AS BLOB) FROM store_entry {where} ORDER BY provider, seq"  # noqa: S608  # the provider is no part of the text
    with plain(), connection.cursor() as cursor:
        cursor.execute(query, given)
        for (line,) in cursor:
            yield line or b""


def rows() -> Iterator[Stored]:
    """Yield every row in the order of writing, which no column that is verified decides.

    Raises `AupkeepError` where the database cannot be read, with the entry after which.
    """
    before: Stored | None = None
    with connection.cursor() as cursor:
        try:
            cursor.execute(_ROWS)
            for line, provider, number, own, types, envelope in cursor:
                sound = types == _TYPES
                row = Stored(
                    line or b"", provider or b"", number or b"", own or b"", sound, envelope
                )
                yield row
                before = row
        except (DatabaseError, AupkeepError) as refused:
            raise _damaged(f"the record cannot be read {_after(before)} ({refused})") from None


def _after(row: Stored | None) -> str:
    if row is None:
        return "before its first entry"
    name = row.provider.decode("utf-8", "replace")
    return f"after entry {row.number.decode('utf-8', 'replace')} of {name}"


def expected(names: Iterable[str]) -> dict[str, str]:
    """Return `names` and every provider in the database with the reason why it has entries."""
    found = dict.fromkeys(names, "")
    tables = (
        (models.Case.objects, "it has cases"),
        (models.PolicyVersion.objects, "a policy of it is published"),
    )
    with plain():
        for table, reason in tables:
            found |= dict.fromkeys(table.values_list("provider", flat=True).distinct(), reason)
    return found


def check_pages() -> None:
    """Raise `AupkeepError` where the pages or the index of the entries are damaged."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check(store_entry)")
            said = [str(word) for (word,) in cursor]
    except (DatabaseError, AupkeepError) as refused:
        said = [str(refused)]
    if said != ["ok"]:
        raise _damaged(f"the pages that hold the record are damaged ({said[0]})")


def _damaged(what: str) -> AupkeepError:
    return AupkeepError(
        Fault(
            code="damaged-database",
            what=what,
            place=Place(file=str(connection.settings_dict["NAME"])),
            hint="keep the file as it is, compare it with your last export, and restore the data "
            "folder from a backup, database and state together",
        )
    )


def entries_about(*subjects: str) -> list[str]:
    """Return the lines of the entries about any of `subjects`, oldest first."""
    rows = models.Entry.objects.filter(subject__in=subjects)
    return list(rows.order_by("provider", "seq").values_list("line", flat=True))


def acts_about(provider: str, *subjects: str) -> dict[int, str]:
    """Return number -> act of the entries of `provider` about any of `subjects`, in order."""
    rows = models.Entry.objects.filter(provider=provider, subject__in=subjects)
    return {seq: _act(line) for seq, line in rows.order_by("seq").values_list("seq", "line")}


def _act(line: str) -> str:
    try:
        return str(json.loads(line)["act"])
    except (ValueError, KeyError, TypeError):
        # Somebody wrote into the database past the program; whoever proves it is refused.
        return ""


def envelopes(provider: str, numbers: Iterable[int]) -> list[tuple[int, bytes]]:
    """Return (number, envelope) of those entries of `provider` that have one."""
    rows = models.Entry.objects.filter(provider=provider, seq__in=list(numbers))
    found = rows.exclude(envelope=None).values_list("seq", "envelope")
    return [(seq, bytes(envelope or b"")) for seq, envelope in found]


def opened(*, provider: str = "", subjects: Iterable[str] = ()) -> Iterator[tuple[str, Opened]]:
    """Yield each entry's line and what is in its envelope, by provider and number.

    Of one provider, or about one of `subjects`; without either, all.
    """
    rows = models.Entry.objects.order_by("provider", "seq")
    if provider:
        rows = rows.filter(provider=provider)
    if subjects:
        rows = rows.filter(subject__in=list(subjects))
    for row in rows.iterator():
        envelope = None if row.envelope is None else bytes(row.envelope)
        yield row.line, envelope_of(envelope, (row.provider, row.seq))


def lines_from(provider: str, seq: int) -> Iterator[bytes]:
    """Yield the lines of the entries of `provider` from number `seq` on, in order."""
    rows = models.Entry.objects.filter(provider=provider, seq__gte=seq).order_by("seq")
    for line in rows.values_list("line", flat=True).iterator():
        yield line.encode("utf-8", "surrogatepass")


def put_checkpoint(provider: str, size: int, text: str, *, at: int) -> None:
    """Store a signed checkpoint; another one of the same size takes its place."""
    models.Checkpoint.objects.update_or_create(
        provider=provider, size=size, defaults={"text": text, "at": at, "placed_at": None}
    )


def checkpoint_placed(provider: str, size: int, *, now: int) -> None:
    """Store that a checkpoint has reached the second place."""
    models.Checkpoint.objects.filter(provider=provider, size=size).update(placed_at=now)


def unplaced_checkpoints(provider: str) -> list[str]:
    """Return the texts of the checkpoints after the last one that was placed, in order."""
    rows = models.Checkpoint.objects.filter(provider=provider)
    last = rows.exclude(placed_at=None).order_by("-size").values_list("size", flat=True).first()
    waiting = rows.filter(placed_at=None, size__gt=-1 if last is None else last)
    return list(waiting.order_by("size").values_list("text", flat=True))


def latest_checkpoint(provider: str) -> tuple[str, int | None] | None:
    """Return the text of the last checkpoint of `provider` and when it was placed, or None."""
    row = models.Checkpoint.objects.filter(provider=provider).order_by("-size").first()
    return (row.text, row.placed_at) if row else None
