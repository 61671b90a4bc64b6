"""What must be said to a customer besides a measure and its end: asked, reminded, answered.

In: a sanction whose notice was written, and what to say. Out: a letter that is due, stored in the
transaction of the act that leads to it; the hand writes and sends it (`flow.posting`).
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.recording import Recording
from aupkeep.record.entry import Entry
from aupkeep.sanctions.notice import OF_MEASURE, QUESTION, REMINDER, notice_id
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import appeals, dialogue, sanctions
from aupkeep.store.database import unit

#: Characters of a question.
LONGEST = 2000
#: The act of a question.
ASKED = "customer_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A letter of the talk."""

    kind: str
    reason: str = ""
    #: What tells several of the kind apart.
    about: str = ""
    alone: bool = False


def say(sanction: Sanction, saying: Saying, entry: Entry, *, now: int) -> str:
    """Let the hand write and send it, inside a unit; return the id that its notice will have."""
    identity = notice_id(sanction.id, saying.kind, saying.about)
    letter = appeals.DueLetter(
        id=identity,
        sanction=sanction.id,
        kind=saying.kind,
        about=saying.about,
        reason=saying.reason,
        entry=entry.seq,
        at=now,
        alone=saying.alone,
    )
    appeals.put_due(letter, next_at=now)
    return identity


def ask(sanction: str, person: str, question: str, *, now: int) -> None:
    """Let `person` ask the customer something about a sanction they were told of.

    Raises `AupkeepError` without a question, and where the customer was told nothing yet.
    """
    _say(sanction, person, question_of(question), ASKED, now)


def question_of(text: str) -> Saying:
    """Return the letter that asks `text`; raises `AupkeepError` where it is empty or too long."""
    said = " ".join(text.split())
    if not said or len(said) > LONGEST:
        what = f"a question of 1 to {LONGEST} characters is needed"
        raise AupkeepError(Fault(code="no-question", what=what))
    return Saying(kind=QUESTION, reason=said, about=said)


def remind(sanction: str, person: str, *, now: int) -> None:
    """Let `person` remind the customer, once for each notice that they have not answered.

    Raises `AupkeepError` where they were told nothing yet or have answered.
    """
    found = sanctions.get_sanction(sanction)
    since = dialogue.silent_since(found.case) if found else None
    if found is None or since is None:
        what = "the customer was not told of it, or has answered"
        raise AupkeepError(Fault(code="nothing-open", what=what))
    _say(sanction, person, Saying(kind=REMINDER, about=str(since)), "customer_reminded", now)


def _say(identity: str, person: str, saying: Saying, act: str, now: int) -> None:
    with unit():
        found = sanctions.get_sanction(identity)
        if found is None or dialogue.sent(notice_id(found.id, OF_MEASURE)) is None:
            raise AupkeepError(
                Fault(
                    code="not-told",
                    what="the customer was not told of such a sanction",
                    hint="ask with `--until`, and what has not begun waits for the answer",
                )
            )
        recording = Recording()
        enter(found, person, saying, act, recording, now=now)
        recording.keep()


def enter(
    sanction: Sanction, person: str, saying: Saying, act: str, recording: Recording, *, now: int
) -> None:
    """Enter that `person` lets `saying` go out, and let it; inside a unit."""
    text = sha256(saying.reason.encode("utf-8", "replace")) if saying.reason else ""
    body = {"sanction": sanction.id, "by": person, "customer": sanction.customer, "text": text}
    entry = recording.enter(sanction.provider, act, sanction.case, body, at=now)
    say(sanction, saying, entry, now=now)
