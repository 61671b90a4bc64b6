"""The blast radius: what else stops working when a measure falls on a target.

In: counts that the flow took from holdings. Out: a frozen value, and one line for people. A target
that several customers hold is never touched (`decide` refuses it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Blast:
    """What stands behind a target."""

    #: Who holds it, sorted; more than one: it is shared.
    holders: tuple[str, ...] = ()
    services: int = 0
    mailboxes: int = 0
    sites: int = 0
    addresses: int = 0
    #: Customers of the customer, where they are a reseller.
    resold: int = 0

    @property
    def shared(self) -> bool:
        """Whether several customers hold the target."""
        return len(self.holders) > 1


#: (scope, target) -> what stands behind it; None where the holdings do not know it.
Reach = Callable[[str, str], Blast | None]


def unknown(scope: str, target: str) -> Blast | None:  # noqa: ARG001  # the signature of `Reach`
    """Know nothing of any target."""
    return None


def told(blast: Blast | None) -> str:
    """Return in one line what stops working."""
    if blast is None:
        return "the holdings do not say what else stops working"
    counts = (
        (blast.services, "service", "services"),
        (blast.mailboxes, "mailbox or login", "mailboxes and logins"),
        (blast.sites, "site", "sites"),
        (blast.addresses, "address", "addresses"),
        (blast.resold, "customer of theirs", "customers of theirs"),
    )
    said = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    return "stops working: " + (", ".join(said) or "nothing else")
