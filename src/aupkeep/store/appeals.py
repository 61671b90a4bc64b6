"""Appeals, and the letters of the talk that the hand must write and send.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.sanctions.appeal import Appeal
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLetter:
    """What must be said to a customer, for the hand, which alone can name a checkpoint."""

    #: The id that its notice has or will have.
    id: str
    sanction: str
    #: Kind of the notice: a step of the talk.
    kind: str
    about: str
    #: What the letter says in the place of a reason.
    reason: str
    #: Number of the entry that it names.
    entry: int
    at: int
    #: The same person decides the appeal it is about.
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A letter that is due, and how its sending goes on."""

    letter: DueLetter
    attempts: int
    trouble: str


def put_appeal(appeal: Appeal) -> None:
    """Store the present state of an appeal."""
    models.Appeal.objects.update_or_create(
        id=appeal.id,
        defaults={
            "sanction": appeal.sanction,
            "case": appeal.case,
            "provider": appeal.provider,
            "at": appeal.at,
            "outcome": appeal.outcome,
            "body": to_text(appeal),
        },
    )


def get_appeal(identity: str) -> Appeal | None:
    """Return the appeal whose id is or begins with `identity`; None where it is not one."""
    if not identity:
        return None
    rows = list(models.Appeal.objects.filter(id=identity))
    rows = rows or list(models.Appeal.objects.filter(id__startswith=identity)[:2])
    return _appeal(rows[0]) if len(rows) == 1 else None


def appeals_against(sanction: str) -> list[Appeal]:
    """Return the appeals against one sanction, the oldest first."""
    return [_appeal(row) for row in models.Appeal.objects.filter(sanction=sanction).order_by("at")]


def appeals_of(case: str) -> list[Appeal]:
    """Return the appeals of a case, the oldest first."""
    return [_appeal(row) for row in models.Appeal.objects.filter(case=case).order_by("at", "id")]


def appeals(*, provider: str = "", undecided: bool = False) -> list[Appeal]:
    """Return the appeals, the oldest first."""
    rows = models.Appeal.objects.order_by("at", "id")
    if provider:
        rows = rows.filter(provider=provider)
    if undecided:
        rows = rows.filter(outcome="")
    return [_appeal(row) for row in rows]


def cleared(case: str) -> list[str]:
    """Return the sanctions of a case that an appeal found wrong: they count as no strike or fee."""
    return sorted({one.sanction for one in appeals_of(case) if one.clears})


def cleared_cases(provider: str) -> frozenset[str]:
    """Return the cases of a provider in which an appeal was right: they strike nobody."""
    rows = models.Appeal.objects.filter(provider=provider).exclude(outcome="")
    return frozenset(one.case for one in map(_appeal, rows) if one.clears)


def put_due(letter: DueLetter, *, next_at: int | None) -> None:
    """Store that a letter must be written and sent; the same one again changes nothing."""
    models.DueLetter.objects.get_or_create(
        id=letter.id, defaults={"next_at": next_at, "body": to_text(letter)}
    )


def due_letters(now: int, *, most: int) -> list[Posting]:
    """Return what must be written or sent by `now`, what waits longest first."""
    rows = models.DueLetter.objects.filter(next_at__lte=now).order_by("next_at", "id")[:most]
    listed = [
        Posting(letter=from_text(row.body, DueLetter), attempts=row.attempts, trouble=row.trouble)
        for row in rows
    ]
    # What was said at the same instant is sent in the order in which it was said.
    return sorted(listed, key=lambda one: (one.letter.at, one.letter.entry))


def put_waiting(identity: str, *, next_at: int | None, attempts: int, trouble: str) -> None:
    """Store how the sending of a letter goes on; `next_at` None: it is done."""
    models.DueLetter.objects.filter(id=identity).update(
        next_at=next_at, attempts=attempts, trouble=trouble
    )


def _appeal(row: models.Appeal) -> Appeal:
    return from_text(row.body, Appeal)
