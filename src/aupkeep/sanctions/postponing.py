"""People put a sanction off: until an instant, or until the customer has answered a question.

In: a sanction, a person's name and words, instants. Out: the sanction that waits. What waits can be
refused, and cannot be agreed to or begin; it comes back by itself.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.clock import DAY, format_instant
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.policy.model import Measure
from aupkeep.sanctions.approval import reasoned
from aupkeep.sanctions.sanction import Sanction, State

#: Nothing is put off for longer: after it, refusing says what is meant.
LONGEST = 90 * DAY
#: Why a sanction waits for an answer.
ASKED = "the customer is asked first"


def postpone(sanction: Sanction, person: str, reason: str, until: int, *, now: int) -> Sanction:
    """Return `sanction`, which `person` puts off to `until`; again, and earlier, is fine.

    Raises `AupkeepError` without a reason, for an instant that is past or too far off, and for what
    is no proposal and no approved measure that has not begun.
    """
    said = reasoned(reason)
    if sanction.would_do or sanction.state not in (State.PROPOSED, State.APPROVED):
        what = f"a sanction that is {sanction.state} cannot be put off"
        raise AupkeepError(Fault(code="not-to-postpone", what=what))
    if not now < until <= now + LONGEST:
        what = f"{format_instant(until)} is not within the next {LONGEST // DAY} days"
        raise AupkeepError(
            Fault(code="no-time-to-wait", what=what, hint="to give it up, refuse it")
        )
    ready = max(until, sanction.ready_at or 0) if sanction.state is State.APPROVED else None
    return replace(
        sanction, waits_until=until, waits_for="time", put_off_by=person, reason=said,
        ready_at=ready,
    )  # fmt: skip


def ask(sanction: Sanction, person: str, until: int, *, now: int) -> Sanction:
    """Return `sanction`, which waits until `until` for an answer to the question of `person`.

    The question itself is in the letter alone, which not everybody may read. Raises `AupkeepError`
    as `postpone` does, and where the sanction is itself a letter.
    """
    if sanction.measure == Measure.WARN:
        what = "this is itself a question to the customer: agree to it, or refuse it"
        raise AupkeepError(Fault(code="asks-already", what=what))
    return replace(postpone(sanction, person, ASKED, until, now=now), waits_for="answer")


def answered(sanction: Sanction, *, now: int) -> Sanction:
    """Return `sanction` after the customer said something: what waited for that waits no more."""
    if sanction.waits_for != "answer" or not waits(sanction, now):
        return sanction
    ready = now if sanction.state is State.APPROVED else sanction.ready_at
    return replace(sanction, waits_until=now, ready_at=ready)


def waits(sanction: Sanction, now: int) -> bool:
    """Whether it was put off and its time has not come."""
    return sanction.waits_until is not None and now < sanction.waits_until
