"""To whom letters about a customer go: to them, their reseller or both, or where they last were.

In: a policy, a sanction, an instant. Out: contacts of those whom the policy wants told, and whom a
letter about the sanction reaches by them; nobody where no profile names an address.
"""

from __future__ import annotations

from aupkeep.cases.holder import PARENT, last_stated, stated, told
from aupkeep.policy.model import Policy
from aupkeep.sanctions.reaching import Contact, Reach, reach
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import ground

CONTACT, SECOND_CONTACT = "contact", "second_contact"


def contacts(policy: Policy, customer: str, *, now: int) -> tuple[Contact, ...]:
    """Return how those can be written to whom the policy wants told about `customer`, in order."""
    provider = policy.provider
    reseller = stated(ground.profiles_of(provider, customer), PARENT, now)
    return tuple(_contact(provider, who, now=now) for who in told(policy.tell, customer, reseller))


def reached(policy: Policy, sanction: Sanction, *, now: int) -> Reach:
    """Return whom a letter about `sanction` goes to."""
    return reach(sanction, contacts(policy, sanction.customer, now=now))


def _contact(provider: str, who: str, *, now: int) -> Contact:
    profiles = ground.profiles_of(provider, who)
    first = last_stated(profiles, CONTACT, now)
    domain = first.rpartition("@")[2]
    return Contact(
        first=first,
        second=last_stated(profiles, SECOND_CONTACT, now),
        own_domain=who in ground.holders(provider, ("domain",), domain, now),
    )
