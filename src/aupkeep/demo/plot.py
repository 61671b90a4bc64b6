"""Who does what in the fortnight: offenders, people who must not be accused, honest trades.

In: the cast of a brand. Out: `Role` values, at most one a customer; whoever has none is honest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.demo.brand import Brand
from aupkeep.demo.cast import Customer
from aupkeep.demo.dice import dice
from aupkeep.demo.rhythm import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one customer does, from `since` to `until`."""

    #: offender, never or honest, as in the truth.
    what: str
    customer: Customer
    label: str
    since: int
    until: int
    clause: str = ""
    #: Further clauses whose rules may rightly fire for the same deed.
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part to be cast: who can play it, how many may, how long it lasts."""

    what: str
    label: str
    #: Kinds of customer that can play it.
    pool: tuple[str, ...]
    least: int
    most: int
    clause: str = ""
    also: tuple[str, ...] = ()
    length: tuple[int, int]


_Length = tuple[int, int]
_OFFICES = ("mail-basic", "mail-pro")
_SERVERS = ("vps-small", "vps-large")
_MOMENT = (HOUR, HOUR)
_FAST = (3 * HOUR, 6 * HOUR)
_SLOW = (24 * HOUR, 44 * HOUR)
_MINUTES = (5 * MINUTE, 20 * MINUTE)
_LONG = (60 * MINUTE, 100 * MINUTE)


def _part(what: str, label: str, pool: tuple[str, ...], most: int, length: _Length) -> _Part:
    return _Part(what=what, label=label, pool=pool, least=1, most=most, length=length)


def _offence(label: str, pool: tuple[str, ...], clause: str, most: int, length: _Length) -> _Part:
    return replace(_part("offender", label, pool, most, length), clause=clause)


_INTRUSION = "unauthorised-access"

_JASMO = (
    _offence("fast_mail", _OFFICES, "spam", 2, _FAST),
    _offence("slow_mail", ("mail-basic",), "spam", 2, _SLOW),
    _offence("vertical_scan", _SERVERS, _INTRUSION, 2, _MINUTES),
    _offence("horizontal_scan", _SERVERS, _INTRUSION, 2, _MINUTES),
    _offence("own_systems_scan", _SERVERS, "port-scan", 1, _MINUTES),
    _offence("ssh_flows", (*_SERVERS, "unguarded"), _INTRUSION, 2, _LONG),
    _offence("ssh_log", _SERVERS, _INTRUSION, 1, _LONG),
    _offence("copyright", ("shared", "child"), "copyright", 2, _MOMENT),
    _offence("spam_complaints", _SERVERS, "spam", 1, _FAST),
    _offence("reassigned", ("vps-small",), _INTRUSION, 1, _MINUTES),
    _part("never", "former_holder", ("vps-small",), 1, _MOMENT),
    _part("never", "spoofed_neighbour", ("unguarded",), 1, _MINUTES),
    _part("never", "forged_source", _SERVERS, 2, _MINUTES),
    _part("never", "victim", _SERVERS, 2, _MINUTES),
)

_INJAZAT = (
    replace(_offence("fast_mail", _OFFICES, "spam", 2, _FAST), also=("outbound-surge",)),
    replace(_offence("slow_mail", ("mail-basic",), "spam", 2, _SLOW), also=("outbound-surge",)),
    _offence("surge", ("mail-basic",), "outbound-surge", 2, (3 * HOUR, 3 * HOUR)),
    _offence("vertical_scan", _SERVERS, "port-scan", 2, _MINUTES),
    _offence("horizontal_scan", _SERVERS, "port-scan", 2, _MINUTES),
    _offence("ssh_flows", _SERVERS, _INTRUSION, 2, _LONG),
    _offence("ssh_log", _SERVERS, _INTRUSION, 1, _LONG),
    _offence("phishing", ("shared",), "impersonation", 2, _MOMENT),
    _offence("malware", ("shared",), "malware", 2, _MOMENT),
    _offence("spam_complaints", _SERVERS, "spam", 1, _FAST),
    _offence("reassigned", ("vps-small",), "port-scan", 1, _MINUTES),
    _part("never", "former_holder", ("vps-small",), 1, _MOMENT),
    _part("never", "victim", _SERVERS, 2, _MINUTES),
)

_TRADES = (
    replace(_part("honest", "newsletter", ("mail-bulk",), 9, _MOMENT), least=9),
    _part("honest", "list", ("mail-pro",), 1, _MOMENT),
    _part("honest", "uptime", _SERVERS, 1, _MOMENT),
    _part("honest", "backup", _SERVERS, 1, _MOMENT),
    _part("honest", "resolver", _SERVERS, 1, _MOMENT),
    _part("honest", "mail_server", _SERVERS, 1, _MOMENT),
    replace(_part("honest", "shop", ("shared", "child"), 3, _MOMENT), least=2),
    _part("honest", "former", ("shared",), 1, _MOMENT),
)

_PARTS: Mapping[str, tuple[_Part, ...]] = {
    "jasmo": _JASMO + _TRADES,
    "injazat": _INJAZAT + _TRADES,
}


def _moment(roll: Random, span: Span, part: _Part) -> tuple[int, int]:
    """Return when a deed begins and ends; it is over, and reported, well before the span ends."""
    length = roll.randrange(part.length[0], part.length[1] + 1)
    inside = span.inner(DAY, 36 * HOUR + length)
    since = roll.randrange(inside.start, inside.end)
    since -= since % MINUTE
    return since, since + length


def _play(roll: Random, span: Span, part: _Part, customer: Customer) -> Role:
    whole = part.what == "honest" or part.label == "former_holder"
    since, until = (span.start, span.end) if whole else _moment(roll, span, part)
    return Role(
        what=part.what,
        customer=customer,
        label=part.label,
        clause=part.clause,
        also=part.also,
        since=since,
        until=until,
    )


def make_plot(seed: int, brand: Brand, span: Span, cast: list[Customer]) -> list[Role]:
    """Return a role for every customer of `cast`; moves the reassigned address as well."""
    roll = dice(seed, brand.name, "plot")
    free = list(cast)
    roll.shuffle(free)
    roles: list[Role] = []
    for part in _PARTS[brand.name]:
        able = [customer for customer in free if customer.kind in part.pool]
        for customer in able[: roll.randrange(part.least, part.most + 1)]:
            free.remove(customer)
            roles.append(_play(roll, span, part, customer))
    _end_contract(roll, span, roles)
    handed = {role.label: role for role in roles if role.label in ("reassigned", "former_holder")}
    _reassign(roll, handed["reassigned"].customer, handed["former_holder"].customer, handed)
    quiet = [_quiet(span, customer) for customer in free]
    return sorted([*roles, *quiet], key=lambda role: role.customer.id)


def _quiet(span: Span, customer: Customer) -> Role:
    label = "office" if customer.plan.startswith("mail") else customer.plan
    return Role(what="honest", customer=customer, label=label, since=span.start, until=span.end)


def _end_contract(roll: Random, span: Span, roles: list[Role]) -> None:
    """Let the contract of the former customer end some days into the fortnight."""
    for role in roles:
        if role.label == "former":
            closed = span.start + roll.randrange(2, 6) * DAY
            role.customer.closed = closed
            role.customer.held = [replace(held, until=closed) for held in role.customer.held]


def _reassign(roll: Random, old: Customer, new: Customer, handed: Mapping[str, Role]) -> None:
    """End the contract of `old` less than a day after its deed; `new` gets its address then."""
    day = handed["reassigned"].until + roll.randrange(4, 10) * HOUR
    old.closed = day
    old.held = [replace(held, until=day) for held in old.held]
    service = f"{new.id}-vps"
    new.opened, new.address = day, old.address
    new.held = [
        replace(held, since=day, value=old.address if held.kind == "ip" else held.value)
        for held in new.held
        if held.service == service
    ]
