"""A mail log of any length, for measuring: one provider, thousands of logins, flat memory.

In: how many lines. Out: a file of at least so many, a realistic mix of submissions, deliveries,
deferrals and failures with at least seven lines a message, and the holdings that go with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

from aupkeep.base.clock import DAY
from aupkeep.demo.brand import JASMO
from aupkeep.demo.cast import Customer
from aupkeep.demo.dice import chance, dice
from aupkeep.demo.inbound import receive
from aupkeep.demo.names import mail_exchanger, outside_address, outside_mailbox
from aupkeep.demo.postfix import Postfix
from aupkeep.demo.registers import holdings_csv
from aupkeep.demo.sending import Arrival, Fate, Sending
from aupkeep.demo.syslog import render

_LENGTH = 13 * DAY
_FIRMS = 500
_LOGINS = 40
#: Messages between two writes to the file; what is ahead of them waits in memory.
_BATCH = 4_000
#: Lines a message has at least, so that so many messages are surely enough.
_LEAST = 7
#: Pool of addresses that recipients and clients are drawn from.
_POOL = 5_000
_FATES: tuple[Fate, ...] = ("sent",) * 94 + ("greylisted",) * 3 + ("unknown",) * 2 + ("deferred",)


def _login(firm: int, number: int) -> str:
    return f"user{number}@firm{firm}.example"


def _submission(roll: Random, at: int, mailboxes: list[str], clients: list[str]) -> Sending:
    firm = roll.randrange(_FIRMS)
    login = _login(firm, roll.randrange(_LOGINS))
    return Sending(
        customer=f"bulk-{firm}",
        at=at,
        host=JASMO.mail_host,
        sender=login,
        fates=((roll.choice(mailboxes), roll.choice(_FATES)),),
        login=login,
        client=roll.choice(clients),
        size=2_000 + roll.randrange(30_000),
        office=False,
    )


def _arrival(roll: Random, at: int, mailboxes: list[str]) -> Arrival:
    sender = roll.choice(mailboxes)
    name, client = mail_exchanger(sender.partition("@")[2])
    return Arrival(
        at=at,
        host=JASMO.mail_host,
        client_name=name,
        client=client,
        sender=sender,
        recipient=_login(roll.randrange(_FIRMS), roll.randrange(_LOGINS)),
        welcome="delivered",
    )


def _blocks(lines: int, seed: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield (lines, bytes) in order until there are at least `lines`."""
    roll = dice(seed, "bulk")
    writer = Postfix(JASMO, roll)
    mailboxes = [outside_mailbox(roll) for _ in range(_POOL)]
    clients = [outside_address(roll) for _ in range(_POOL)]
    step = _LENGTH / (lines // _LEAST + _BATCH)
    start = end - _LENGTH - DAY // 2
    written = 0
    for first in count(0, _BATCH):
        if written >= lines:
            return
        for number in range(first, first + _BATCH):
            at = start + int((number + 0.9 * roll.random()) * step)
            if chance(roll, 0.7):
                writer.send(_submission(roll, at, mailboxes, clients))
            else:
                receive(writer, _arrival(roll, at, mailboxes))
        ready = writer.drain(start + int((first + _BATCH) * step))
        written += len(ready)
        yield len(ready), render(ready, JASMO)


def write_mail_log(path: Path, lines: int, seed: int, end: int) -> int:
    """Write a Postfix log of at least `lines` lines that ends before `end`; return how many."""
    written = 0
    with path.open("wb") as file:
        for fresh, block in _blocks(lines, seed, end):
            file.write(block)
            written += fresh
    return written


def bulk_holdings(seed: int, end: int) -> str:
    """Return the holdings of the firms in the log of `write_mail_log`, as CSV."""
    roll = dice(seed, "bulk holdings")
    opened = (end - 2 * _LENGTH) // DAY * DAY
    firms = []
    for firm in range(_FIRMS):
        plan = "mail-pro" if chance(roll, 0.5) else "mail-basic"
        customer = Customer(
            provider=JASMO.name,
            id=f"bulk-{firm}",
            name=f"Firm {firm}",
            domain=f"firm{firm}.example",
            plan=plan,
            kind=plan,
            opened=opened,
            country=JASMO.country,
            language=JASMO.language,
        )
        customer.hold("domain", customer.domain, service=f"bulk-{firm}-mail", plan=plan)
        firms.append(customer)
    return holdings_csv(firms)
