"""Where a measure stands, for the customer it is about: what is so now, and no name of anybody.

In: a sanction, the present. Out: words and the instants that belong to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aupkeep.policy.model import Measure
from aupkeep.sanctions.sanction import Sanction, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a customer is told of a measure's present state."""

    text: str
    #: Since when it is so; None where that is not known.
    since: int | None = None
    #: When it ends by itself; None where it has no end of its own or is over.
    until: int | None = None
    over: bool = False


_HELD: Mapping[str, str] = {
    Measure.HOLD_MAIL: "Outgoing mail is held",
    Measure.LOCK_SITE: "The page or site is locked",
    Measure.BLOCK_TRAFFIC: "Traffic is blocked",
    Measure.THROTTLE: "The service is slowed down",
    Measure.QUARANTINE_FILE: "The file is set aside",
    Measure.SUSPEND_SERVICE: "The service is suspended",
    Measure.SUSPEND_ACCOUNT: "The account is suspended",
    Measure.DENY_SERVICE: "New service is denied",
}
#: States in which the measure was asked for, and looking has not shown it in force.
_UNSEEN = frozenset({State.APPLYING, State.APPLIED, State.FAILED})


def standing(sanction: Sanction, now: int) -> Standing:
    """Return what is so at `now`."""
    held = _HELD.get(sanction.measure)
    if held is None:
        return Standing(text="Nothing was switched off. We ask for your answer.", over=True)
    if sanction.state in (State.LIFTED, State.EXPIRED):
        return Standing(text="The measure is over", since=sanction.ended_at, over=True)
    if sanction.state is State.LIFTING:
        return Standing(text="The measure is being lifted now")
    if sanction.state in _UNSEEN:
        return Standing(text="The measure is being looked at by us just now")
    if sanction.applied_at is None:
        return Standing(text="The measure is not in force", over=True)
    ends = sanction.until if sanction.until is None or sanction.until > now else None
    return Standing(text=held, since=sanction.applied_at, until=ends)
