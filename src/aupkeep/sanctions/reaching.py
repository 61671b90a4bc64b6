"""Whether a customer can read a letter that goes to the address a measure falls on.

In: a measure, its target, the customer's addresses. Out: whom to write to. A mailbox that is held
is often in a stranger's hands, so its owner is told at a second address too, and a notice that went
to the held mailbox alone counts as not delivered.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.policy.model import Measure
from aupkeep.sanctions.sanction import Sanction

#: Measures after which mail at the customer's own addresses may be unread or read by a stranger.
_MAIL = frozenset(
    {Measure.HOLD_MAIL, Measure.SUSPEND_SERVICE, Measure.SUSPEND_ACCOUNT, Measure.TERMINATE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom a letter goes to."""

    first: str
    #: A second address that it goes to as well; empty: none.
    second: str
    #: It goes to nothing but what the measure falls on.
    held_only: bool


def reach(sanction: Sanction, contact: str, second: str, *, own_domain: bool) -> Reach:
    """Return whom to write to about `sanction`.

    `second` is the profile's `second_contact`; `own_domain` says whether the customer holds the
    domain of `contact` here, so that a measure on the service or account takes its mail too.
    """
    if sanction.measure not in _MAIL or not contact:
        return Reach(first=contact, second="", held_only=False)
    same = sanction.target.casefold() == contact.casefold()
    held = same or (sanction.scope in ("service", "account") and own_domain)
    if not held:
        return Reach(first=contact, second="", held_only=False)
    other = second if second.casefold() != contact.casefold() else ""
    return Reach(first=contact, second=other, held_only=not other)
