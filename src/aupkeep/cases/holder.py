"""Who answers for a case: the customer, a reseller above, somebody whose contract is over.

In: what profiles say and what the policy wants. Out: whom to write to. Where a strike counts does
not depend on it: it is the customer's, and stands in the reseller's own count as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.attribution.profiles import Profile

#: Profile names: the reseller whose customer somebody is, and whether the contract is over.
PARENT, STATUS = "parent", "status"
#: The value of `STATUS` that makes a former customer.
OVER = "closed"


def stated(profiles: Iterable[Profile], name: str, at: int) -> str:
    """Return what was true of a customer as a whole at `at`; the latest recorded holds."""
    said = [
        item
        for item in profiles
        if (item.service, item.name) == ("", name)
        and item.since <= at
        and (item.until is None or at < item.until)
    ]
    latest = max(said, key=lambda item: (item.recorded_at, item.since), default=None)
    return latest.value if latest else ""


def last_stated(profiles: Iterable[Profile], name: str, at: int) -> str:
    """Return the same, or what was true last where nothing is any more: for former customers."""
    listed = list(profiles)
    now = stated(listed, name, at)
    if now or stated(listed, STATUS, at) != OVER:
        return now
    before = [
        item
        for item in listed
        if (item.service, item.name) == ("", name) and item.value and item.since <= at
    ]
    latest = max(
        before, key=lambda item: (item.until is None, item.until or 0, item.since), default=None
    )
    return latest.value if latest else ""


def told(tell: str, customer: str, reseller: str) -> tuple[str, ...]:
    """Return who is written to about `customer`, in order; without a reseller the customer."""
    if not reseller or tell == "customer":
        return (customer,)
    return (reseller,) if tell == "reseller" else (customer, reseller)
