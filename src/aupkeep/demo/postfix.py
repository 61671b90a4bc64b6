"""The mail log: every line that Postfix 3.7 writes about a message's life.

In: `Sending` and `Arrival` values in the order of time. Out: `Line` values; those of one message
reach hours into the future, so the caller sorts them (or drains them piecewise).
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from random import Random

from aupkeep.base.clock import MINUTE, SECOND, to_datetime
from aupkeep.demo.brand import Brand
from aupkeep.demo.delivery import Attempt, attempts, delays
from aupkeep.demo.dice import chance
from aupkeep.demo.queueids import LongIds, ShortIds
from aupkeep.demo.sending import Sending
from aupkeep.demo.syslog import Line, in_order

_POOLS = {
    "smtpd": 14,
    "cleanup": 6,
    "smtp": 12,
    "lmtp": 4,
    "virtual": 3,
    "bounce": 2,
    "pickup": 1,
    "qmgr": 1,
    "anvil": 1,
    "local": 2,
    "postsuper": 40,
    "error": 2,
}
_TLS = (
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature RSA-PSS (2048 bits) server-digest SHA256"
)
_FILTER = "127.0.0.1[127.0.0.1]:10024"


class Postfix:
    """Writes the lives of messages of one provider."""

    def __init__(self, brand: Brand, roll: Random) -> None:
        """Begin with empty queues on all hosts of `brand`."""
        self.brand = brand
        self.roll = roll
        self.lines: list[Line] = []
        self.ids = LongIds(roll) if brand.long_ids else ShortIds(roll)
        self._turn = 0
        self._session = 1

    def drain(self, before: int) -> list[Line]:
        """Return the lines before an instant in order, and forget them."""
        self.lines = in_order(self.lines)
        cut = bisect_left(self.lines, before, key=itemgetter(0))
        ready, self.lines = self.lines[:cut], self.lines[cut:]
        return ready

    def say(self, at: int, host: str, program: str, body: str, turn: int = -1) -> None:
        """Write one line; `turn` keeps the lines of one session with one process."""
        self._turn += 1
        turn = self._turn if turn < 0 else turn
        pid = 1200 + 97 * len(program) + ord(program[-1]) + turn % _POOLS[program]
        self.lines.append((at, host, f"postfix/{program}[{pid}]", body))

    def turn(self) -> int:
        """Return the number of a new session."""
        self._session += 1
        return self._session

    def send(self, sending: Sending) -> None:
        """Write the whole life of a message that a customer sends."""
        at, host = sending.at, sending.host
        queue = self.ids.new(at + 40_000)
        if sending.login:
            self._submit(queue, sending)
        else:
            origin = sending.sender.partition("@")[0]
            self.say(at + 40_000, host, "pickup", f"{queue}: uid={sending.uid} from=<{origin}>")
        self.roll_message_id(at + 60_000, host, queue, sending.sender)
        rest = f"from=<{sending.sender}>, size={sending.size}, nrcpt={len(sending.fates)}"
        self.say(at + 90_000, host, "qmgr", f"{queue}: {rest} (queue active)")
        if self.brand.filtered and sending.office and sending.login:
            queue, at = self._filter(queue, sending, rest)
        self._deliver(queue, at + 100_000, sending, rest)

    def roll_message_id(self, at: int, host: str, queue: str, sender: str) -> None:
        """Write cleanup's line with a message id such as mail programs make."""
        domain = sender.partition("@")[2] or f"{host}.{self.brand.domain}"
        token = f"{self.roll.getrandbits(96):024x}"
        self.say(at, host, "cleanup", f"{queue}: message-id=<{token}@{domain}>")

    def _submit(self, queue: str, sending: Sending) -> None:
        at, host, turn = sending.at, sending.host, self.turn()
        client = f"unknown[{sending.client}]"
        self.say(at, host, "smtpd", f"connect from {client}", turn)
        if chance(self.roll, 0.3):
            tls = f"Anonymous TLS connection established from {client}: {_TLS}"
            self.say(at + 15_000, host, "smtpd", tls, turn)
        login = f"sasl_method=PLAIN, sasl_username={sending.login}"
        self.say(at + 40_000, host, "smtpd", f"{queue}: client={client}, {login}", turn)
        count = len(sending.fates)
        verbs = f"ehlo=2 starttls=1 auth=1 mail=1 rcpt={count} data=1 quit=1 commands={count + 7}"
        self.say(at + 120_000, host, "smtpd", f"disconnect from {client} {verbs}", turn)

    def _filter(self, queue: str, sending: Sending, rest: str) -> tuple[str, int]:
        """Pass the message through the content filter; return its second id and instant."""
        host, turn = sending.host, self.turn()
        at = sending.at + 250_000 + self.roll.randrange(SECOND)
        second = self.ids.new(at)
        local = "localhost[127.0.0.1]"
        self.say(at - 20_000, host, "smtpd", f"connect from {local}", turn)
        self.say(at, host, "smtpd", f"{second}: client={local}", turn)
        self.roll_message_id(at + 10_000, host, second, sending.sender)
        self.say(at + 20_000, host, "qmgr", f"{second}: {rest} (queue active)")
        count = len(sending.fates)
        verbs = f"ehlo=1 mail=1 rcpt={count} data=1 quit=1 commands={count + 4}"
        self.say(at + 22_000, host, "smtpd", f"disconnect from {local} {verbs}", turn)
        reply = f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {second}"
        taken = Attempt(
            after=0, took=at - sending.at, relay=_FILTER, dsn="2.0.0", status="sent", reply=reply
        )
        self._passed(at + 26_000, queue, second, sending)
        for recipient, _ in sending.fates:
            self.outcome(at + 30_000, host, "smtp", queue, recipient, taken)
        self.say(at + 35_000, host, "qmgr", f"{queue}: removed")
        self.ids.release(queue, at + 35_000)
        return second, at

    def _passed(self, at: int, queue: str, second: str, sending: Sending) -> None:
        """Write what the content filter itself has to say, in the same log."""
        to = ",".join(f"<{recipient}>" for recipient, _ in sending.fates)
        turn, pid = self.turn(), 3_200 + self._session % 4
        said = f"({pid:05d}-{turn % 20:02d}) Passed CLEAN {{RelayedOutbound}}, [{sending.client}]"
        rest = f"Queue-ID: {queue}, Hits: -, size: {sending.size}, queued_as: {second}, 212 ms"
        body = f"{said} <{sending.sender}> -> {to}, {rest}"
        self.lines.append((at, sending.host, f"amavis[{pid}]", body))

    def outcome(self, at: int, host: str, program: str, queue: str, to: str, done: Attempt) -> None:
        """Write what one attempt came to."""
        parts = f"{delays(60_000 + done.after, done.took)}, dsn={done.dsn}, status={done.status}"
        body = f"{queue}: to=<{to}>, relay={done.relay}, {parts} ({done.reply})"
        self.say(at, host, program, body)

    def _deliver(self, queue: str, at: int, sending: Sending, rest: str) -> None:
        """Write all attempts for all recipients, the notice of failure, and the removal."""
        last, failed = at, 0
        again: dict[int, None] = {}
        for recipient, fate in sending.fates:
            for done in attempts(self.roll, recipient, fate):
                when = at + done.after + done.took
                if done.relay == "none":
                    self.say(when - 1_000, sending.host, "smtp", done.reply)
                self.outcome(when, sending.host, "smtp", queue, recipient, done)
                last = max(last, when)
                if done.after:
                    again[at + done.after - 20_000] = None
                elif done.status == "bounced":
                    failed = max(failed, when)
        for when in again:
            self.say(when, sending.host, "qmgr", f"{queue}: {rest} (queue active)")
        if failed:
            self.notify(failed + 30_000, queue, sending)
        self._finish(max(last, failed) + 100_000, queue, sending)

    def _finish(self, at: int, queue: str, sending: Sending) -> None:
        """Write how the message left the queue: done, given up, or taken out by hand."""
        fates = {fate for _, fate in sending.fates}
        if "expired" in fates:
            at = self._expire(at, queue, sending)
        if "withdrawn" in fates:
            at, turn = at + 20 * MINUTE, self.turn()
            self.say(at, sending.host, "postsuper", f"{queue}: removed", turn)
            self.say(at, sending.host, "postsuper", "Deleted: 1 message", turn)
        else:
            self.say(at, sending.host, "qmgr", f"{queue}: removed")
        self.ids.release(queue, at)

    def _expire(self, at: int, queue: str, sending: Sending) -> int:
        at += 66 * MINUTE
        body = f"{queue}: from=<{sending.sender}>, status=expired, returned to sender"
        self.say(at, sending.host, "qmgr", body)
        self.notify(at + 20_000, queue, sending)
        return at + 50_000

    def notify(self, at: int, queue: str, sending: Sending) -> None:
        """Write the life of the notice that tells the sender of a failure."""
        host, notice = sending.host, self.ids.new(at)
        stamp = to_datetime(at).strftime("%Y%m%d%H%M%S")
        sent_by = f"{host}.{self.brand.domain}"
        self.say(at, host, "cleanup", f"{notice}: message-id=<{stamp}.{notice}@{sent_by}>")
        told = f"{queue}: sender non-delivery notification: {notice}"
        self.say(at + 5_000, host, "bounce", told)
        rest = f"from=<>, size={sending.size + 2_100}, nrcpt=1 (queue active)"
        self.say(at + 8_000, host, "qmgr", f"{notice}: {rest}")
        self.deliver_here(at + 15_000, host, notice, sending.sender)

    def deliver_here(self, at: int, host: str, queue: str, recipient: str) -> None:
        """Write the delivery to a mailbox of the provider, and the removal."""
        took = 20_000 + self.roll.randrange(200_000)
        where = f"{host}.{self.brand.domain}"
        if recipient.endswith(where):
            program, relay, reply = "local", "local", "delivered to mailbox"
        elif self.brand.filtered:
            token = f"{self.roll.getrandbits(64):x}"
            program, relay = "lmtp", f"{where}[private/dovecot-lmtp]"
            reply = f"250 2.0.0 <{recipient}> {token} Saved"
        else:
            program, relay, reply = "virtual", "virtual", "delivered to maildir"
        done = Attempt(after=0, took=took, relay=relay, dsn="2.0.0", status="sent", reply=reply)
        self.outcome(at + took, host, program, queue, recipient, done)
        self.say(at + took + 9_000, host, "qmgr", f"{queue}: removed")
        self.ids.release(queue, at + took + 9_000)
