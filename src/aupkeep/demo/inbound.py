"""The mail log's other half: what comes from outside, wanted or not.

In: `Arrival` values. Out: lines of smtpd, cleanup, qmgr, the local delivery agents and anvil. All
of it is done by outsiders; no customer is to be blamed for any of it.
"""

from __future__ import annotations

from aupkeep.base.clock import MINUTE, SECOND
from aupkeep.demo.postfix import Postfix
from aupkeep.demo.sending import Arrival
from aupkeep.demo.syslog import stamp

_TLS = "TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)"


def receive(writer: Postfix, arrival: Arrival) -> None:
    """Write what one attempt from outside leaves in the log."""
    {
        "delivered": _deliver,
        "unknown": _reject,
        "relay": _reject,
        "greylisted": _come_again,
        "lost": _hang_up,
        "guess": _guess,
    }[arrival.welcome](writer, arrival)


def _deliver(writer: Postfix, arrival: Arrival, later: int = 0) -> None:
    at, host, turn = arrival.at + later, arrival.host, writer.turn()
    client = f"{arrival.client_name}[{arrival.client}]"
    queue = writer.ids.new(at + 300_000)
    writer.say(at, host, "smtpd", f"connect from {client}", turn)
    tls = f"Anonymous TLS connection established from {client}: {_TLS}"
    writer.say(at + 120_000, host, "smtpd", tls, turn)
    writer.say(at + 300_000, host, "smtpd", f"{queue}: client={client}", turn)
    writer.roll_message_id(at + 350_000, host, queue, arrival.sender)
    rest = f"from=<{arrival.sender}>, size={arrival.size}, nrcpt=1 (queue active)"
    writer.say(at + 500_000, host, "qmgr", f"{queue}: {rest}")
    verbs = "ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7"
    writer.say(at + 540_000, host, "smtpd", f"disconnect from {client} {verbs}", turn)
    writer.deliver_here(at + 550_000, host, queue, arrival.recipient)


def _refuse(writer: Postfix, arrival: Arrival, code: str, why: str) -> None:
    at, host, turn = arrival.at, arrival.host, writer.turn()
    client = f"{arrival.client_name}[{arrival.client}]"
    helo = arrival.client_name if arrival.client_name != "unknown" else f"[{arrival.client}]"
    rest = f"from=<{arrival.sender}> to=<{arrival.recipient}> proto=ESMTP helo=<{helo}>"
    refusal = f"NOQUEUE: reject: RCPT from {client}: {code} <{arrival.recipient}>: {why}; {rest}"
    writer.say(at, host, "smtpd", f"connect from {client}", turn)
    writer.say(at + 400_000, host, "smtpd", refusal, turn)
    verbs = "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
    writer.say(at + 600_000, host, "smtpd", f"disconnect from {client} {verbs}", turn)


def _reject(writer: Postfix, arrival: Arrival) -> None:
    if arrival.welcome == "relay":
        _refuse(writer, arrival, "554 5.7.1", "Relay access denied")
    else:
        why = "Recipient address rejected: User unknown in virtual mailbox table"
        _refuse(writer, arrival, "550 5.1.1", why)


def _come_again(writer: Postfix, arrival: Arrival) -> None:
    _refuse(writer, arrival, "450 4.2.0", "Recipient address rejected: Greylisted for 300 seconds")
    _deliver(writer, arrival, later=7 * MINUTE + writer.roll.randrange(5 * MINUTE))


def _hang_up(writer: Postfix, arrival: Arrival) -> None:
    at, host, turn = arrival.at, arrival.host, writer.turn()
    client = f"unknown[{arrival.client}]"
    said = f"hostname {arrival.client_name} does not resolve to address {arrival.client}"
    writer.say(at, host, "smtpd", f"warning: {said}: Name or service not known", turn)
    writer.say(at + 1_000, host, "smtpd", f"connect from {client}", turn)
    writer.say(at + SECOND, host, "smtpd", f"lost connection after EHLO from {client}", turn)
    writer.say(at + SECOND, host, "smtpd", f"disconnect from {client} ehlo=1 commands=1", turn)


def _guess(writer: Postfix, arrival: Arrival) -> None:
    at, host, turn = arrival.at, arrival.host, writer.turn()
    client = f"unknown[{arrival.client}]"
    failed = f"warning: {client}: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
    writer.say(at, host, "smtpd", f"connect from {client}", turn)
    writer.say(at + 900_000, host, "smtpd", failed, turn)
    writer.say(at + SECOND, host, "smtpd", f"lost connection after AUTH from {client}", turn)
    verbs = "ehlo=1 auth=0/1 commands=1/2"
    writer.say(at + SECOND, host, "smtpd", f"disconnect from {client} {verbs}", turn)
    rate = f"for (smtp:{arrival.client}) at {stamp(at, writer.brand)}"
    later = at + 3 * MINUTE + 20 * SECOND
    writer.say(later, host, "anvil", f"statistics: max connection rate 1/60s {rate}")
    writer.say(later, host, "anvil", f"statistics: max connection count 1 {rate}")
    size = f"statistics: max cache size 2 at {stamp(at, writer.brand)}"
    writer.say(later, host, "anvil", size)
