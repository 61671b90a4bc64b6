"""To which addresses letters about a customer go: theirs, their reseller's, or the last one known.

In: a policy, a customer, an instant. Out: mail addresses, none where no profile names one.
"""

from __future__ import annotations

from aupkeep.cases.holder import PARENT, last_stated, stated, told
from aupkeep.policy.model import Policy
from aupkeep.store import ground

CONTACT = "contact"


def addresses(policy: Policy, customer: str, *, now: int) -> tuple[str, ...]:
    """Return the addresses that the policy wants told about `customer`, each once, in order."""
    provider = policy.provider
    reseller = stated(ground.profiles_of(provider, customer), PARENT, now)
    found = [
        last_stated(ground.profiles_of(provider, who), CONTACT, now)
        for who in told(policy.tell, customer, reseller)
    ]
    return tuple(dict.fromkeys(address for address in found if address))
