"""Notices and answers: read and written whole.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Max, Q

from aupkeep.policy.model import Measure
from aupkeep.sanctions.notice import ASKING, OF_MEASURE, Notice
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text

#: What an answer says: words, or that the cause is gone.
ANSWER, FIXED = "answer", "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a customer wrote back, word for word."""

    id: str
    notice: str
    case: str
    at: int
    text: str
    #: `answer`, or `fixed`: the customer says that the cause is gone, which asks for a new look.
    kind: str = ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A notice and what became of it."""

    notice: Notice
    #: When it had left (None: not yet), and what carries it where several go in one letter.
    sent_at: int | None
    letter: str = ""
    #: It went to nothing but the mailbox that the measure falls on.
    held_only: bool = False
    #: When and how it came back.
    bounced_at: int | None = None
    bounce: str = ""
    #: When somebody did something on its page.
    seen_at: int | None = None

    @property
    def delivered_at(self) -> int | None:
        """Return from when on the customer can be expected to know of it; None: they cannot be.

        It was taken by the mail server, did not come back and did not go to the held mailbox alone;
        or somebody acted on its page.
        """
        came = self.bounced_at is None and not self.held_only
        left = self.sent_at if came else None
        known = [one for one in (left, self.seen_at) if one is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that a customer sent along: what it is called, and the hash of its bytes."""

    id: str
    notice: str
    case: str
    at: int
    name: str
    kind: str
    size: int
    sha256: str


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
    return _notice(row) if row else None


def sent(identity: str) -> Sent | None:
    """Return the notice with the id `identity` and when it had left, or None."""
    row = models.Notice.objects.filter(id=identity).first()
    return _sent(row) if row else None


def mark_sent(identity: str, *, now: int, held_only: bool = False) -> None:
    """Store that a notice has left, `held_only`: to the held mailbox and to nobody else."""
    models.Notice.objects.filter(id=identity, sent_at=None).update(sent_at=now, held_only=held_only)


def mark_bounced(identity: str, why: str, *, now: int) -> bool:
    """Store that a notice has come back; False where that is known or there is no such notice."""
    rows = models.Notice.objects.filter(id=identity, bounced_at=None)
    return bool(rows.update(bounced_at=now, bounce=why))


def mark_held_only(identity: str) -> None:
    """Store that a notice has reached nothing but the held mailbox: the second letter came back."""
    models.Notice.objects.filter(id=identity).update(held_only=True)


def mark_seen(identity: str, *, now: int) -> None:
    """Store that somebody did something on the page of a notice."""
    models.Notice.objects.filter(id=identity, seen_at=None).update(seen_at=now)


def carry(identities: Iterable[str], letter: str) -> None:
    """Store that the notices go in the one letter `letter`."""
    models.Notice.objects.filter(id__in=list(identities), letter="").update(letter=letter)


def carried(letter: str) -> list[Sent]:
    """Return the notices that go in `letter`, the oldest first."""
    rows = models.Notice.objects.filter(letter=letter).order_by("at", "id") if letter else []
    return [_sent(row) for row in rows]


def questions_to(provider: str, customer: str, *, since: int) -> list[Sent]:
    """Return the notices of warnings to one customer written or sent since, the oldest first."""
    recent = Q(at__gte=since) | Q(sent_at__gte=since) | Q(sent_at=None)
    warned = models.Sanction.objects.filter(
        provider=provider, customer=customer, measure=Measure.WARN.value
    )
    rows = models.Notice.objects.filter(recent, sanction__in=warned.values("id"))
    listed = [_sent(row) for row in rows.order_by("at", "id")]
    return [one for one in listed if one.notice.kind == OF_MEASURE]


def silent_since(case: str) -> int | None:
    """Return since when the customer has not answered what they were asked; None: nothing is open.

    It is the delivery of the first notice after their latest answer, file or appeal. What a person
    took back asks for no answer any more.
    """
    asked = [one for one in notices_of(case) if one.notice.kind in ASKING]
    if not asked:
        return None
    spoken = [
        latest
        for table in (models.Answer, models.Attachment, models.Appeal)
        if (latest := table.objects.filter(case=case).aggregate(at=Max("at"))["at"]) is not None
    ]
    heard = max(spoken, default=None)
    rows = models.Sanction.objects.filter(case=case).values_list("id", "body")
    gone = {name for name, body in rows if from_text(body, Sanction).lifted_by}
    open_ = [
        one.delivered_at
        for one in asked
        if one.notice.sanction not in gone
        and one.delivered_at is not None
        and (heard is None or one.delivered_at > heard)
    ]
    return min(open_, default=None)


def notices_of(case: str) -> list[Sent]:
    """Return the notices of `case`, the oldest first."""
    rows = models.Notice.objects.filter(case=case).order_by("at", "id")
    return [_sent(row) for row in rows]


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
            "kind": answer.kind,
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


def claims(*, since: int = 0) -> list[Answer]:
    """Return what customers say is mended since an instant, the oldest first: what to look at."""
    rows = models.Answer.objects.filter(kind=FIXED, at__gte=since).order_by("at", "id")
    return [_answer(row) for row in rows]


def put_attachment(item: Attachment) -> None:
    """Store what a customer sent along; the same again changes nothing."""
    fields = {name: getattr(item, name) for name in Attachment.__slots__ if name != "id"}
    models.Attachment.objects.get_or_create(id=item.id, defaults=fields)


def attachments_of(case: str) -> list[Attachment]:
    """Return what came along in `case`, the oldest first."""
    rows = models.Attachment.objects.filter(case=case).order_by("at", "id")
    return [
        Attachment(**{name: getattr(row, name) for name in Attachment.__slots__}) for row in rows
    ]


def _sent(row: models.Notice) -> Sent:
    return Sent(
        notice=_notice(row),
        sent_at=row.sent_at,
        letter=row.letter,
        held_only=row.held_only,
        bounced_at=row.bounced_at,
        bounce=row.bounce,
        seen_at=row.seen_at,
    )


def _notice(row: models.Notice) -> Notice:
    # A notice follows its sanction from case to case; what was sent stays as it was.
    return replace(from_text(row.body, Notice), case=row.case)


def _answer(row: models.Answer) -> Answer:
    return Answer(
        id=row.id, notice=row.notice, case=row.case, at=row.at, text=row.text, kind=row.kind
    )
