"""The acts of putting a sanction off, and of asking the customer first.

In: a sanction's id, a person, words, an instant. Out: the sanction that waits, stored and entered;
of a question also a letter that is due. Each raises `AupkeepError` where the act is not allowed,
and then changes nothing.
"""

from __future__ import annotations

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow import powers, talking
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

    The question goes out as a letter of the case's thread. Raises `AupkeepError` also where no
    letter could leave: `warn` and the clause must be armed.
    """
    saying = talking.question_of(question)

    def moved(before: Sanction) -> Sanction:
        _may_write(installation, before)
        return postponing.ask(before, person, until, now=now)

    def after(new: Sanction, _: Entry, recording: Recording) -> None:
        talking.enter(new, person, saying, talking.ASKED, recording, now=now)

    act = "sanction_postponed"
    return change(identity, moved, now=now, by=person, next_at=until, after=after, act=act)


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
