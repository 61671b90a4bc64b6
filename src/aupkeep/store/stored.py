"""What is stored beside the chain, as it is compared with the entries.

In: nothing, or a case. Out: names and hashes of what is stored, or the bodies themselves, read as
bytes, since it may be damaged.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from aupkeep.base.canonical import canonical, sha256
from aupkeep.record.compare import Kept, policy_id
from aupkeep.store import models
from aupkeep.store.database import plain


def kept() -> Iterator[Kept]:
    """Yield every published policy, finding, decision, sanction, exception and booking.

    A finding of no case has no entry about its present state. Raises `AupkeepError` where the
    database cannot be read.
    """
    for provider, version, own in _read("policyversion", "provider", "version", "hash"):
        yield Kept(kind="policy", id=policy_id(_text(provider), _text(version)), content=_text(own))
    for identity, case, body in _read("finding", "id", "case", "body"):
        yield Kept(kind="finding", id=_text(identity), content=sha256(body) if case else "")
    for identity, body in _read("decision", "id", "body"):
        yield Kept(kind="decision", id=_text(identity), content=sha256(body))
    for identity, body in _read("sanction", "id", "body"):
        yield Kept(kind="sanction", id=_text(identity), content=sha256(body))
    for identity, body in _read("policyexception", "id", "body"):
        yield Kept(kind="exception", id=_text(identity), content=sha256(body))
    for identity, body in _read("booking", "id", "body"):
        yield Kept(kind="booking", id=_text(identity), content=sha256(body))


def bodies_of(case: str) -> dict[str, dict[str, bytes]]:
    """Return what is stored about `case`, word for word: kind -> id -> body."""
    found = {"case": _bodies("case", "id", case)}
    for table in ("finding", "decision", "sanction", "notice", "appeal"):
        found[table] = _bodies(table, "case", case)
    return found


def answers_of(case: str) -> dict[str, bytes]:
    """Return the answers in `case` by id, each as a JSON object."""
    rows = models.Answer.objects.filter(case=case).values()
    return {row["id"]: canonical(row) for row in rows}


def attachments_of(case: str) -> dict[str, bytes]:
    """Return what came along in `case` by id, each as a JSON object, without its bytes."""
    rows = models.Attachment.objects.filter(case=case).values()
    return {row["id"]: canonical(row) for row in rows}


def _bodies(table: str, column: str, value: str) -> dict[str, bytes]:
    query = f'SELECT id, CAST(body AS BLOB) FROM store_{table} WHERE "{column}" = %s'  # noqa: S608  # names from this module
    with plain(), connection.cursor() as cursor:
        cursor.execute(query, [value])
        return {identity: body or b"" for identity, body in cursor}


def _read(table: str, *columns: str) -> Iterator[tuple[bytes, ...]]:
    wanted = ", ".join(f'CAST("{name}" AS BLOB)' for name in columns)
    query = f"SELECT {wanted} FROM store_{table} NOT INDEXED"  # noqa: S608  # names from this module
    with plain(), connection.cursor() as cursor:
        cursor.execute(query)
        for row in cursor:
            yield tuple(value or b"" for value in row)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
