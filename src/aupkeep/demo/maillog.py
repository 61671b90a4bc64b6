"""The mail log of one brand for the fortnight, and what comes in from outside.

In: seed, brand, span, the plot's sendings. Out: `Line` values in order, inside the span.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from random import Random

from aupkeep.base.clock import MINUTE
from aupkeep.demo.brand import Brand
from aupkeep.demo.cast import Customer
from aupkeep.demo.dice import dice
from aupkeep.demo.inbound import receive
from aupkeep.demo.names import mail_exchanger, outside_address, outside_mailbox
from aupkeep.demo.postfix import Postfix
from aupkeep.demo.rhythm import Span, office, trickle
from aupkeep.demo.sending import Arrival, Sending, Welcome
from aupkeep.demo.syslog import Line

_GUESSES = 900
#: How many of a thousand arrivals are met so; the rest is delivered.
_WELCOMES: tuple[tuple[float, Welcome], ...] = (
    (0.06, "unknown"),
    (0.08, "relay"),
    (0.14, "greylisted"),
    (0.19, "lost"),
)


def _welcome(roll: Random) -> Welcome:
    number = roll.random()
    return next((word for limit, word in _WELCOMES if number < limit), "delivered")


def _arrival(roll: Random, brand: Brand, at: int, recipient: str) -> Arrival:
    welcome, sender = _welcome(roll), outside_mailbox(roll)
    name, client = mail_exchanger(sender.partition("@")[2])
    if welcome == "unknown":
        recipient = f"info{roll.randrange(1000)}@{recipient.partition('@')[2]}"
    elif welcome == "relay":
        recipient, name, client = outside_mailbox(roll), "unknown", outside_address(roll)
    return Arrival(
        at=at,
        host=brand.mail_host,
        client_name=name,
        client=client,
        sender=sender,
        recipient=recipient,
        welcome=welcome,
        size=1_500 + roll.randrange(60_000),
    )


def _guess(roll: Random, brand: Brand, at: int) -> Arrival:
    return Arrival(
        at=at,
        host=brand.mail_host,
        client_name="unknown",
        client=outside_address(roll),
        sender="",
        recipient="",
        welcome="guess",
    )


def arrivals(seed: int, brand: Brand, span: Span, cast: Sequence[Customer]) -> list[Arrival]:
    """Return what comes from outside to the brand's mailboxes, by time."""
    roll = dice(seed, brand.name, "arrivals")
    quiet = span.inner(MINUTE, 20 * MINUTE)
    found = [
        _arrival(roll, brand, at, login)
        for customer in cast
        for login in customer.logins
        if customer.closed is None
        for at in office(roll, quiet, brand, 2 + 5 * roll.random())
    ]
    found += [_guess(roll, brand, at) for at in trickle(roll, quiet, _GUESSES)]
    return sorted(found, key=lambda arrival: (arrival.at, arrival.client, arrival.recipient))


def mail_log(
    seed: int, brand: Brand, span: Span, sent: Sequence[Sending], received: Sequence[Arrival]
) -> list[Line]:
    """Return the log of all messages, in order; what lies after the span is not yet written."""
    writer = Postfix(brand, dice(seed, brand.name, "postfix"))
    both: Sequence[tuple[Sending | Arrival, ...]] = [tuple(sent), tuple(received)]
    for item in merge(*both, key=lambda item: item.at):
        if isinstance(item, Sending):
            writer.send(item)
        else:
            receive(writer, item)
    return writer.drain(span.end)
