"""The customers of a brand: what they rent, what they hold, since when.

In: a seed, a brand, a span. Out: `Customer` values. Who of them misbehaves is not decided here
but in `plot`, so that nothing about a holding gives an offender away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from random import Random

from aupkeep.base.clock import DAY
from aupkeep.demo.brand import Brand
from aupkeep.demo.dice import dice
from aupkeep.demo.names import firms, people
from aupkeep.demo.rhythm import Span

#: Most recipients an hour that an honest login (or script) of a plan ever has.
PLAN_LIMITS = {"mail-basic": 30, "mail-pro": 100, "mail-bulk": 8_000, "shared": 20}

#: Kind of customer -> (how many in jasmo, how many in injazat).
_COUNTS = {
    "mail-basic": (8, 8),
    "mail-pro": (5, 5),
    "mail-bulk": (2, 2),
    "shared": (8, 9),
    "vps-small": (16, 14),
    "vps-large": (5, 4),
    "unguarded": (4, 0),
    "reseller": (1, 0),
}
_SPREAD = 2
_CHILDREN = 3
#: First host number that is given to a customer's server in a prefix.
_FIRST_HOST = 10
_LARGE_BLOCK = 208


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One holding of a customer, from `since` to `until` (None = still)."""

    kind: str
    value: str
    service: str
    plan: str
    since: int
    until: int | None = None


@dataclass(slots=True, kw_only=True)
class Customer:
    """Somebody with a contract; mutable only while the cast is put together."""

    provider: str
    id: str
    name: str
    domain: str
    #: The plan of the main service, and the kind of customer in the cast.
    plan: str
    kind: str
    opened: int
    country: str
    language: str
    logins: tuple[str, ...] = ()
    #: System user of the web site on a shared host, as text, and that host.
    uid: str = ""
    web_host: str = ""
    #: Address of the customer's server.
    address: str = ""
    parent: str = ""
    #: One person more must agree before anything of the customer's stops working.
    protected: bool = False
    closed: int | None = None
    held: list[Held] = field(default_factory=list)

    def hold(self, kind: str, value: str, *, service: str, plan: str) -> None:
        """Give the customer one more holding, since the contract began."""
        since, until = self.opened, self.closed
        self.held.append(
            Held(kind=kind, value=value, service=service, plan=plan, since=since, until=until)
        )


class _Office:
    """Hands out customer numbers, system users and addresses, each once."""

    def __init__(self, seed: int, brand: Brand, span: Span) -> None:
        self.brand = brand
        self.roll: Random = dice(seed, brand.name, "cast")
        self.span = span
        self.number = brand.first_customer
        self.uid = brand.first_uid
        self.firms = iter(firms(self.roll, brand.name, 120))
        self.free = {
            segment: [str(host) for host in ip_network(prefix).hosts()][_FIRST_HOST:_LARGE_BLOCK]
            for segment, prefix in (("guarded", brand.guarded), ("unguarded", brand.unguarded))
            if prefix
        }

    def open(self, kind: str, plan: str) -> Customer:
        """Open a contract, a while before the fortnight."""
        name, domain = next(self.firms)
        self.number += self.roll.randrange(1, 9)
        opened = self.span.start - self.roll.randrange(60, 900) * DAY
        return Customer(
            provider=self.brand.name,
            id=f"{self.brand.name[:3]}-{self.number}",
            name=name,
            domain=domain,
            plan=plan,
            kind=kind,
            opened=opened - opened % DAY,
            country=self.brand.country,
            language=self.brand.language,
        )

    def mail(self, kind: str, count: int) -> Customer:
        """Open a mail contract with `count` logins."""
        customer = self.open(kind, kind)
        service = f"{customer.id}-mail"
        names = ["news"] if kind == "mail-bulk" else people(self.roll, count)
        customer.logins = tuple(f"{name}@{customer.domain}" for name in names)
        for login in customer.logins:
            customer.hold("login", login, service=service, plan=kind)
            customer.hold("mailbox", login, service=service, plan=kind)
        customer.hold("domain", customer.domain, service=service, plan=kind)
        return customer

    def site(self, kind: str, parent: str = "") -> Customer:
        """Open a shared web site with its system user and one mailbox."""
        customer = self.open(kind, "shared")
        service = f"{customer.id}-site"
        self.uid += 1
        customer.uid, customer.parent = str(self.uid), parent
        customer.web_host = self.brand.web_hosts[self.uid % len(self.brand.web_hosts)]
        customer.logins = (f"{people(self.roll, 1)[0]}@{customer.domain}",)
        customer.hold("user", customer.uid, service=service, plan="shared")
        customer.hold("login", customer.logins[0], service=service, plan="shared")
        customer.hold("mailbox", customer.logins[0], service=service, plan="shared")
        customer.hold("domain", customer.domain, service=service, plan="shared")
        customer.hold("domain", f"www.{customer.domain}", service=service, plan="shared")
        return customer

    def server(self, kind: str, plan: str, segment: str) -> Customer:
        """Open a virtual server with one address."""
        customer = self.open(kind, plan)
        service = f"{customer.id}-vps"
        free = self.free[segment]
        customer.address = free.pop(self.roll.randrange(len(free)))
        customer.hold("ip", customer.address, service=service, plan=plan)
        customer.hold("domain", customer.domain, service=service, plan=plan)
        return customer


def _families(office: _Office) -> list[Customer]:
    """Return the reseller and the customers whose profiles name it as parent."""
    reseller = office.open("reseller", "reseller")
    reseller.hold("domain", reseller.domain, service=f"{reseller.id}-resale", plan="reseller")
    return [reseller, *(office.site("child", parent=reseller.id) for _ in range(_CHILDREN))]


def _many(office: _Office, kind: str, count: int) -> list[Customer]:
    if kind == "reseller":
        return [customer for _ in range(count) for customer in _families(office)]
    if kind == "shared":
        return [office.site(kind) for _ in range(count)]
    if kind == "unguarded":
        return [office.server(kind, "vps-small", "unguarded") for _ in range(count)]
    if kind.startswith("vps"):
        return [office.server(kind, kind, "guarded") for _ in range(count)]
    return [office.mail(kind, office.roll.randrange(1, 4)) for _ in range(count)]


def make_cast(seed: int, brand: Brand, span: Span) -> list[Customer]:
    """Return the customers of `brand`: other names, numbers and counts for each seed."""
    office = _Office(seed, brand, span)
    column = 0 if brand.name == "jasmo" else 1
    cast: list[Customer] = []
    for kind, counts in _COUNTS.items():
        count = counts[column]
        extra = office.roll.randrange(_SPREAD + 1) if count > _SPREAD else 0
        cast += _many(office, kind, count + extra)
    large = [customer for customer in cast if customer.kind == "vps-large"]
    network = ip_network(brand.guarded)
    block = ip_network((int(network.network_address) + _LARGE_BLOCK, 29))
    large[0].hold("prefix", str(block), service=f"{large[0].id}-vps", plan="vps-large")
    return cast
