"""The acts of people on sanctions: agree, refuse, choose milder, lift.

In: a sanction's id, a person, words. Out: the sanction after it, stored and entered in the record.
Each raises `AupkeepError` where the act is not allowed, and then changes nothing.
"""

from __future__ import annotations

from aupkeep.flow.changing import change, keep
from aupkeep.flow.recording import Recording
from aupkeep.record.entry import Entry
from aupkeep.sanctions import approval
from aupkeep.sanctions.sanction import Sanction, State


def approve(sanction: str, person: str, *, now: int, alone: bool = False) -> Sanction:
    """Let `person` agree; approved where they were the last needed, and then the hand acts.

    `alone` is the mode for one operator (settings: `single_operator`).
    """

    def moved(before: Sanction) -> Sanction:
        if person in before.approved_by and before.state is not State.PROPOSED:
            return before  # The same button pressed twice.
        return approval.approve(before, person, now=now, alone=alone)

    return change(sanction, moved, now=now, by=person, next_at=now)


def refuse(sanction: str, person: str, reason: str, *, now: int) -> Sanction:
    """Let `person` refuse: it is not carried out."""
    return change(
        sanction,
        lambda before: approval.refuse(before, person, reason, now=now),
        now=now,
        by=person,
    )


def override(
    sanction: str, measure: str, length: int, person: str, reason: str, *, now: int
) -> Sanction:
    """Let `person` propose a milder measure instead, to which another person must agree.

    Returns the new sanction; the one it takes the place of is refused in the same transaction.
    """
    made: list[Sanction] = []

    def moved(before: Sanction) -> Sanction:
        made.append(approval.override(before, measure, length, person, reason, now=now))
        return approval.refuse(before, person, reason, now=now)

    def after(_: Sanction, __: Entry, recording: Recording) -> None:
        keep(made[0], recording, now=now, by=person)

    change(sanction, moved, now=now, by=person, after=after)
    return made[0]


def lift(sanction: str, person: str, reason: str, *, release: bool, now: int) -> Sanction:
    """Let `person` take it back; the hand undoes it, verifies that, and tells the customer.

    `release`: what was held is sent on.
    """

    def moved(before: Sanction) -> Sanction:
        if before.state is State.LIFTING and before.lifted_by == person:
            return before  # The same button pressed twice.
        return approval.lift(before, person, reason, release=release)

    return change(sanction, moved, now=now, by=person, next_at=now)
