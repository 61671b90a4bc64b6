"""The acts of putting a sanction off, and of asking the customer first.

In: a sanction's id, a person, words, an instant. Out: the sanction that waits, stored and entered;
of a question also the letter, which the hand sends at once. Each raises `AupkeepError` where the
act is not allowed, and then changes nothing.
"""

from __future__ import annotations

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow import powers
from aupkeep.flow.changing import change, keep
from aupkeep.flow.installation import Installation
from aupkeep.flow.recording import Recording
from aupkeep.record.entry import Entry
from aupkeep.sanctions import postponing
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import arming, sanctions


def postpone(identity: str, person: str, reason: str, until: int, *, now: int) -> Sanction:
    """Let `person` put it off to `until`; it comes back by itself."""

    def moved(before: Sanction) -> Sanction:
        return postponing.postpone(before, person, reason, until, now=now)

    return change(identity, moved, now=now, by=person, next_at=until, act="sanction_postponed")


def ask(
    installation: Installation, identity: str, person: str, question: str, until: int, *, now: int
) -> Sanction:
    """Let `person` ask the customer; it waits for the answer, until `until` at most.

    Returns the letter. Raises `AupkeepError` also where no letter could leave: `warn` and the
    clause must be armed.
    """
    made: list[Sanction] = []

    def moved(before: Sanction) -> Sanction:
        _may_write(installation, before)
        waiting, letter = postponing.ask(before, person, question, until, now=now)
        made.append(letter)
        return waiting

    def after(_: Sanction, __: Entry, recording: Recording) -> None:
        keep(made[0], recording, now=now, by=person, next_at=now)

    change(identity, moved, now=now, by=person, next_at=until, after=after, act="customer_asked")
    return made[0]


def answered(case: str, recording: Recording, *, now: int) -> None:
    """End the waiting of what waited for the customer of `case`; inside a unit."""
    for item in sanctions.sanctions_of(case):
        new = postponing.answered(item, now=now)
        if new != item:
            keep(new, recording, now=now, next_at=now, act="sanction_postponed")


def _may_write(installation: Installation, sanction: Sanction) -> None:
    provider = sanction.provider
    armed = {(one.provider, one.kind, one.name) for one in arming.armed()}
    wanted = {(provider, "power", powers.WARN), (provider, "clause", sanction.clause)}
    if powers.WARN not in powers.named(installation).get(provider, ()) or not wanted <= armed:
        raise AupkeepError(
            Fault(
                code="no-letters",
                what=f"no letter can leave for clause `{sanction.clause}` of {provider}",
                hint=f"aupkeep arm {powers.WARN} {sanction.clause}",
            )
        )
