"""Who logs in to the shared hosts and gateways, and who tries to.

In: the plot of a brand. Out: the sshd lines of the fortnight. Real users mistype now and then;
outsiders guess all the time, and once in earnest; a few customers guess from their servers.
"""

from __future__ import annotations

from random import Random

from aupkeep.base.clock import HOUR, MINUTE, SECOND
from aupkeep.demo.brand import Brand
from aupkeep.demo.dice import chance, dice
from aupkeep.demo.names import outside_address, people
from aupkeep.demo.plot import Role
from aupkeep.demo.rhythm import Span, office, paced, trickle
from aupkeep.demo.sshd import Machine, Sshd
from aupkeep.demo.syslog import Line, in_order

_GUESSED = ("admin", "root", "test", "ubuntu", "oracle", "postgres", "user", "git", "ftp", "pi")
_USERS = 14
_LOGINS_A_DAY = 4
_BACKGROUND = 900
_CHATTER = 400
#: The attack from outside: addresses, and connections of one to five passwords each.
_ATTACKERS = 90
_ATTACKS = 260


def machines(brand: Brand) -> tuple[Machine, ...]:
    """Return the hosts: an old one, one with split programs, and the gateway."""
    first, second = brand.web_hosts
    split = Machine(name=second, program="sshd-session", early="sshd-session")
    return (
        Machine(name=first),
        split,
        Machine(name=brand.gateway, program="sshd-session", early="sshd-auth"),
    )


def _honest(sshd: Sshd, roll: Random, brand: Brand, span: Span) -> None:
    hosts = machines(brand)
    for number in range(_USERS):
        user, home = f"{people(roll, 2)[0]}.{number}", outside_address(roll)
        for at in office(roll, span, brand, _LOGINS_A_DAY):
            machine = roll.choice(hosts)
            if chance(roll, 0.04):
                sshd.typo(at - 8 * SECOND, machine, user, home)
            sshd.session(at, machine, user, home, roll.randrange(MINUTE, 3 * HOUR))


def _outsiders(sshd: Sshd, roll: Random, brand: Brand, span: Span) -> None:
    hosts = machines(brand)
    for at in trickle(roll, span, _BACKGROUND):
        guessed = roll.choice(_GUESSED)
        sshd.guess(at, roll.choice(hosts), guessed, outside_address(roll), roll.randrange(1, 4))
    for at in trickle(roll, span, _CHATTER):
        sshd.chatter(at, roll.choice(hosts), outside_address(roll))
    attackers = [outside_address(roll) for _ in range(_ATTACKERS)]
    start = span.start + roll.randrange(span.end - span.start - 6 * HOUR)
    for number, at in enumerate(paced(roll, start, 4 * HOUR, _ATTACKS)):
        client = attackers[number % _ATTACKERS]
        sshd.guess(at, hosts[0], roll.choice(_GUESSED), client, roll.randrange(1, 5))


def _customers(sshd: Sshd, roll: Random, brand: Brand, span: Span, plot: list[Role]) -> None:
    hosts = machines(brand)
    for role in plot:
        if role.label == "ssh_log":
            count = (role.until - role.since) // MINUTE * 3
            for at in paced(roll, role.since, role.until - role.since, count):
                guessed = roll.choice(_GUESSED)
                sshd.guess(at, hosts[0], guessed, role.customer.address, roll.randrange(1, 3))
        elif role.what == "honest" and role.customer.address and chance(roll, 0.5):
            user = f"{people(roll, 2)[0]}.{role.customer.id[-2:]}"
            for at in office(roll, span, brand, 0.7):
                if chance(roll, 0.2):
                    sshd.typo(at - 8 * SECOND, hosts[1], user, role.customer.address)
                sshd.session(at, hosts[1], user, role.customer.address, 20 * MINUTE)


def auth_log(seed: int, brand: Brand, span: Span, plot: list[Role]) -> list[Line]:
    """Return the sshd log of all hosts of `brand`, in order, inside the span."""
    roll = dice(seed, brand.name, "sshd")
    sshd = Sshd(roll)
    quiet = span.inner(MINUTE, 2 * MINUTE)
    _honest(sshd, roll, brand, quiet)
    _outsiders(sshd, roll, brand, quiet)
    _customers(sshd, roll, brand, quiet, plot)
    return [line for line in in_order(sshd.lines) if span.holds(line[0])]
