"""What Postfix says about one recipient, attempt by attempt.

In: a recipient and its fate. Out: `Attempt` values, the first at once, the others at the retries
of the queue. Forms are those of Postfix 3.7 smtp(8), lmtp(8), virtual(8) and local(8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from aupkeep.base.clock import DAY, MINUTE, SECOND
from aupkeep.demo.names import mail_exchanger
from aupkeep.demo.sending import Fate

#: Retries of a deferred message: after minutes, at first close together, then about hourly.
_BACKOFF = (5, 15, 35, 75)
_HOURLY = 67
#: A message is given up after this (maximal_queue_lifetime = 1d).
_LIFETIME = DAY

_BUSY_REPLIES = (
    "450 4.2.0 <{to}>: Recipient address rejected: Greylisted, please try again in 300 seconds",
    "451 4.7.1 <{to}>: Recipient address rejected: Greylisting in action, please come back later",
)
_UNKNOWN_REPLIES = (
    "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 <{to}>... User unknown",
    "550-5.1.1 The address <{to}> is not known here. 550 5.1.1 Please check its spelling",
)
_POLICY_REPLY = "550 5.7.1 Message refused as likely unsolicited mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to deliver to one recipient."""

    #: Microseconds since the message first became active, and what the try itself takes.
    after: int
    took: int
    relay: str
    dsn: str
    status: str
    reply: str


def short(micros: int) -> str:
    """Return seconds as Postfix shortens them: two significant digits, no trailing zeros."""
    seconds = micros / SECOND
    if seconds >= 10:  # noqa: PLR2004  the place where two digits leave no fraction
        return f"{seconds:.0f}"
    text = f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"
    return text.rstrip("0").rstrip(".") or "0"


def delays(before: int, took: int) -> str:
    """Return the `delay=, delays=` pair: before the queue manager, in it, connecting, sending."""
    connect = took // 3
    parts = (before, 10_000, connect, took - connect)
    return f"delay={short(sum(parts))}, delays=" + "/".join(short(part) for part in parts)


def retries(count: int) -> list[int]:
    """Return the microseconds after which the first `count` retries come."""
    minutes = list(_BACKOFF[:count])
    while len(minutes) < count:
        minutes.append(minutes[-1] + _HOURLY)
    return [minute * MINUTE for minute in minutes]


def attempts(roll: Random, recipient: str, fate: Fate) -> list[Attempt]:
    """Return every try for `recipient`, the one that decides last."""
    name, address = mail_exchanger(recipient.partition("@")[2])
    host = f"{name}[{address}]"
    took = 150_000 + int(roll.random() * 900_000)
    if fate == "sent":
        return [_taken(roll, host, 0, took)]
    if fate == "unknown":
        return [_refused(recipient, host, took, roll.choice(_UNKNOWN_REPLIES), "5.1.1")]
    if fate == "policy":
        return [_refused(recipient, host, took, _POLICY_REPLY, "5.7.1")]
    if fate == "greylisted":
        reply = roll.choice(_BUSY_REPLIES)
        first = replace(_refused(recipient, host, took, reply, reply.split()[1]), status="deferred")
        return [first, _taken(roll, host, retries(1)[0] + 2 * SECOND, took)]
    return _unreachable(roll, host, fate)


def _taken(roll: Random, host: str, after: int, took: int) -> Attempt:
    reply = f"250 2.0.0 Ok: queued as {roll.randrange(1 << 40):010X}"
    relay = f"{host}:25"
    return Attempt(after=after, took=took, relay=relay, dsn="2.0.0", status="sent", reply=reply)


def _refused(recipient: str, said_by: str, took: int, reply: str, dsn: str) -> Attempt:
    said = f"host {said_by} said: {reply.format(to=recipient)}"
    return Attempt(
        after=0,
        took=took,
        relay=f"{said_by}:25",
        dsn=dsn,
        status="bounced",
        reply=f"{said} (in reply to RCPT TO command)",
    )


def _unreachable(roll: Random, host: str, fate: Fate) -> list[Attempt]:
    tries = len(_BACKOFF) + _LIFETIME // (_HOURLY * MINUTE) if fate == "expired" else 3
    said = f"connect to {host}:25: Connection timed out"
    missed = Attempt(
        after=0, took=30 * SECOND, relay="none", dsn="4.4.1", status="deferred", reply=said
    )
    found = [replace(missed, after=after) for after in (0, *retries(tries - 1))]
    if fate == "deferred":
        found[-1] = _taken(roll, host, found[-1].after, 400_000)
    return found
