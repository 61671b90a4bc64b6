"""Who acts after the fortnight, live: customers of one more register, and what two of them send.

In: a seed, an instant, the customers of the fortnight. Out: a `Live` and the messages of a burst.
Nobody of the fortnight is in it, so what its truth says stays true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aupkeep.base.clock import DAY
from aupkeep.demo.brand import JASMO
from aupkeep.demo.cast import Customer
from aupkeep.demo.dice import dice
from aupkeep.demo.names import firms, outside_mailbox, people

#: Customers of the register: enough that a hold on two of them stays below the policy's share.
CUSTOMERS = 120
#: Messages of one burst, and how many of ten go to an address that does not exist.
BURST = 200
UNKNOWN_OF_TEN = 3
#: Firms to choose from: every name there is, since those of the fortnight are left out.
_FIRMS = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The customers of the register and those who act."""

    customers: tuple[Customer, ...]
    #: A stranger has the password of one of this customer's logins; a colleague uses another.
    stolen: Customer
    #: The same happens to a customer of whom the contract says that a person must agree first.
    protected: Customer
    #: Somebody else who only writes a letter.
    neighbour: Customer

    @property
    def acting(self) -> tuple[Customer, ...]:
        """Everybody who sends something."""
        return (self.stolen, self.protected, self.neighbour)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one recipient."""

    recipient: str
    #: Somebody takes mail at this address.
    exists: bool = True


def make_live(seed: int, now: int, before: Iterable[Customer]) -> Live:
    """Return the register of `seed`; ids and domains of the customers `before` are not used."""
    roll = dice(seed, JASMO.name, "live")
    there = list(before)
    domains = {customer.domain for customer in there}
    own = [customer.id for customer in there if customer.provider == JASMO.name]
    number = max((int(name.rpartition("-")[2]) for name in own), default=JASMO.first_customer)
    free = [pair for pair in firms(roll, JASMO.name, _FIRMS) if pair[1] not in domains]
    listed = [
        _customer(name, domain, number + place, now - roll.randrange(60, 900) * DAY)
        for place, (name, domain) in enumerate(free[:CUSTOMERS], start=1)
    ]
    for customer in listed:
        count = 2 if customer is listed[0] else 1
        customer.logins = tuple(f"{word}@{customer.domain}" for word in people(roll, count))
        for login in customer.logins:
            service = f"{customer.id}-mail"
            customer.hold("login", login, service=service, plan=customer.plan)
            customer.hold("mailbox", login, service=service, plan=customer.plan)
    stolen, protected, neighbour = listed[:3]
    protected.protected = True
    return Live(customers=tuple(listed), stolen=stolen, protected=protected, neighbour=neighbour)


def _customer(name: str, domain: str, number: int, opened: int) -> Customer:
    return Customer(
        provider=JASMO.name,
        id=f"{JASMO.name[:3]}-{number}",
        name=name,
        domain=domain,
        plan="mail-basic",
        kind="mail-basic",
        opened=opened - opened % DAY,
        country=JASMO.country,
        language=JASMO.language,
    )


def burst(seed: int, login: str, count: int = BURST) -> Sequence[Message]:
    """Return `count` messages of somebody who has the password of `login`, to strangers."""
    roll = dice(seed, JASMO.name, "burst", login)
    recipients: dict[str, None] = {}
    while len(recipients) < count:
        recipients[outside_mailbox(roll)] = None
    # Spread over the burst, so that it shows early.
    return [
        Message(recipient=recipient, exists=place * UNKNOWN_OF_TEN % 10 >= UNKNOWN_OF_TEN)
        for place, recipient in enumerate(recipients)
    ]


def letter(seed: int, login: str, place: int) -> Message:
    """Return the ordinary letter number `place` of `login`, to somebody who exists."""
    roll = dice(seed, JASMO.name, "letter", login, place)
    return Message(recipient=outside_mailbox(roll))
