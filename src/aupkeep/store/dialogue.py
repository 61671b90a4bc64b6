"""Notices and answers: read and written whole.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.sanctions.notice import Notice
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a customer wrote back, word for word."""

    id: str
    notice: str
    case: str
    at: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A notice, and when it had left (None: not yet)."""

    notice: Notice
    sent_at: int | None


def put_notice(notice: Notice) -> None:
    """Store a notice as it will be sent."""
    models.Notice.objects.create(
        id=notice.id,
        sanction=notice.sanction,
        case=notice.case,
        at=notice.at,
        body=to_text(notice),
    )


def get_notice(identity: str) -> Notice | None:
    """Return the notice with the id `identity`, or None."""
    row = models.Notice.objects.filter(id=identity).first()
    return from_text(row.body, Notice) if row else None


def sent(identity: str) -> Sent | None:
    """Return the notice with the id `identity` and when it had left, or None."""
    row = models.Notice.objects.filter(id=identity).first()
    if row is None:
        return None
    return Sent(notice=from_text(row.body, Notice), sent_at=row.sent_at)


def mark_sent(identity: str, *, now: int) -> None:
    """Store that a notice has left."""
    models.Notice.objects.filter(id=identity, sent_at=None).update(sent_at=now)


def notices_of(case: str) -> list[Sent]:
    """Return the notices of `case`, the oldest first."""
    rows = models.Notice.objects.filter(case=case).order_by("at", "id")
    return [Sent(notice=from_text(row.body, Notice), sent_at=row.sent_at) for row in rows]


def sent_since(instant: int) -> int:
    """Return how many notices have left since `instant`."""
    return models.Notice.objects.filter(sent_at__gte=instant).count()


def put_answer(answer: Answer) -> None:
    """Store an answer; the same one again changes nothing."""
    models.Answer.objects.get_or_create(
        id=answer.id,
        defaults={
            "notice": answer.notice,
            "case": answer.case,
            "at": answer.at,
            "text": answer.text,
        },
    )


def answers_of(case: str) -> list[Answer]:
    """Return the answers in `case`, the oldest first."""
    rows = models.Answer.objects.filter(case=case).order_by("at", "id")
    return [_answer(row) for row in rows]


def answers_to(notice: str) -> list[Answer]:
    """Return the answers to one notice, the oldest first."""
    rows = models.Answer.objects.filter(notice=notice).order_by("at", "id")
    return [_answer(row) for row in rows]


def _answer(row: models.Answer) -> Answer:
    return Answer(id=row.id, notice=row.notice, case=row.case, at=row.at, text=row.text)
