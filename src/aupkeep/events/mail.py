"""Postfix records -> mail rows, joined by host and queue id.

In: records of `signals.formats.postfix`, in the order of their lines, from as many files as a host
writes. Out: one row for a message and recipient, completed by the first line that says what became
of the recipient. A file may begin in the middle of a message: what is not known is null.

Rows without a recipient stand for the message where the log names none (held, or expired after its
beginning was lost). Handing over to a content filter is no outcome if the message that came back
(`queued as`) is in the log already: under a client on this host, naming this queue id (XFORWARD),
from the filter's private address with the same message-id, or from sendmail right beside a delivery
by pipe (`mail_piped`). Then that message's outcomes count, with the login and client of the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.events.mail_holds import Holds
from aupkeep.events.mail_life import FINAL, MOST, OPEN, Life, Lives
from aupkeep.events.mail_piped import NEAR, Piped, Pipes, Resent
from aupkeep.events.mail_rows import JOINED, to_frame

#: Values of a row, and the place of its position among them.
WIDTH, _POSITION = len(JOINED), 2
#: Before every time.
NEVER = -(2**62)

#: What a line became, for `trace`.
ROW, PART, IGNORED = "row", "part", "ignored"

#: The first version knew nothing of messages that our own map holds.
_VERSION, _OLDEST = 2, 1
#: The log's word for an outcome, ours, and whether it is the recipient's last.
_OUTCOMES = {
    "sent": ("sent", True),
    "bounced": ("bounced", True),
    "expired": ("expired", True),
    "force-expired": ("expired", True),
    "deferred": ("deferred", False),
    "SOFTBOUNCE": ("deferred", False),
}
_NO_QUEUE = " NOQUEUE"
_QUEUED_AS = "queued as "
_ID = re.compile(r"[0-9A-Za-z]+")
_LOCAL_RELAY = re.compile(r"(?:localhost|[^\[]*\[(?:127\.[0-9.]+|::1|[^\]]*/[^\]]*)\])(?::|$)")
#: RFC 1918 and RFC 4193: addresses that no stranger answers from.
_PRIVATE_RELAY = re.compile(
    r"[^\[]*\[((?:10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.)[0-9.]+"
    r"|f[cd][0-9a-f]{2}:[0-9a-f:.]+)\](?::|$)",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"127\.|::1$|::ffff:127\.")
_PARTING = "\x1f"

Record = tuple[Any, ...]
Records = Sequence[Record]
Numbers = Sequence[int] | NDArray[np.int64]


class MailJoin:
    """The join; mutable, one for all hosts and files of a run."""

    def __init__(self, *, trace: list[tuple[int, str]] | None = None, most: int = MOST) -> None:
        """Begin without messages.

        `trace` receives (position, what it became) for each record; `most` bounds the messages
        and recipients that are remembered.
        """
        self.trace = trace
        self._lives = Lives(most)
        #: The values of completed rows, one after the other in the order of `mail_rows.JOINED`.
        self._rows: list[Any] = []
        self._time = self._stream = self._position = self._source = 0
        self._pipes = Pipes()
        self._holds = Holds()
        #: Numbers of the rows not handed over yet that turned out to be no outcome.
        self._dropped: set[int] = set()
        #: Largest time of any record, so that a row waits by the log's time alone.
        self._latest = NEVER
        self._handlers: dict[str, Callable[[Record], str]] = {
            "C": self._client,
            "M": self._message_id,
            "Q": self._queued,
            "O": self._outcome,
            "R": self._removed,
            "P": self._picked_up,
            "E": self._expired,
            "N": self._notified,
            "A": self._administered,
            "J": self._refused,
        }

    def take(
        self, records: Records, times: Numbers, positions: Numbers, *, source: int, stream: int
    ) -> None:
        """Take consecutive records of one source: instants in µs, places in the stream in bytes."""
        self._source, self._stream = source, stream
        handlers = self._handlers
        moments = times.tolist() if isinstance(times, np.ndarray) else times
        places = positions.tolist() if isinstance(positions, np.ndarray) else positions
        for record, self._time, self._position in zip(records, moments, places, strict=True):
            if self._time > self._latest:  # noqa: PLR1730 - once a line: a call costs three times that
                self._latest = self._time
            became = handlers[record[0]](record)
            if self.trace is not None:
                self.trace.append((self._position, became))

    def rows(self) -> pl.DataFrame:
        """Return the rows completed since the last call, in the order of their completion.

        A delivery by pipe stays back while the message may still come back from a filter.
        """
        rows, self._rows = self._rows, []
        if self._pipes.waiting or self._dropped:
            rows = self._settled(rows)
        return to_frame(rows)

    def settle(self) -> None:
        """No more lines come for now: what waits for its other half waits no more."""
        self._pipes.waiting = []

    def _settled(self, rows: list[Any]) -> list[Any]:
        """Return the rows that wait for nothing, keeping the others back."""
        self._pipes.settle(self._latest - NEAR)
        waiting = {item.row: item for item in self._pipes.waiting}
        ready: list[Any] = []
        for number in range(len(rows) // WIDTH):
            row = rows[number * WIDTH : (number + 1) * WIDTH]
            if number in waiting:
                waiting[number].row = len(self._rows) // WIDTH
                self._rows += row
            elif number not in self._dropped:
                ready += row
        self._dropped = set()
        return ready

    def save(self) -> dict[str, Any]:
        """Return the whole state as plain values; `trace` is not part of it."""
        return {
            "version": _VERSION,
            "rows": list(self._rows),
            "lives": self._lives.save(),
            "pipes": self._pipes.save(),
            "holds": self._holds.save(),
            "dropped": sorted(self._dropped),
            "latest": self._latest,
        }

    @classmethod
    def restore(
        cls, saved: dict[str, Any], *, trace: list[tuple[int, str]] | None = None
    ) -> MailJoin:
        """Return the join that `save` described; raises `ValueError` for another version's."""
        if not _OLDEST <= saved["version"] <= _VERSION:
            raise ValueError(f"mail join state of version {saved['version']} cannot be read")
        join = cls(trace=trace)
        join._lives = Lives.restore(saved["lives"])
        join._rows = list(saved["rows"])
        join._pipes = Pipes.restore(saved["pipes"])
        join._holds = Holds.restore(saved.get("holds", []))
        join._dropped = set(saved["dropped"])
        join._latest = saved["latest"]
        return join

    def _client(self, record: Record) -> str:
        _, key, name, ip, login, first, first_name, first_ip = record
        life = Life(self._time)
        life.client_name, life.client_ip = (first_name, first_ip) if first_ip else (name, ip)
        if login:
            life.login = login
            if self._holds.take((key.partition(" ")[0], login, ip), self._time):
                life.ours = life.held = True
        self._lives.start(key, life)
        if first:
            parent_key = _beside(key, first)
            parent = self._lives.get(parent_key)
            if parent is not None:
                life.inherit(parent_key, parent)
                parent.continued = True
        return PART

    def _picked_up(self, record: Record) -> str:
        _, key, uid, sender, first = record
        life = self._lives.start(key, Life(self._time))
        life.system_user, life.sender = uid, sender
        parent = self._lives.get(_beside(key, first)) if first else None
        if parent is not None:
            # Requeued: the same message under a new id, its recipients' rows are made already.
            life.inherit(_beside(key, first), parent)
            life.prepaid = parent.prepaid
            for recipient, outcome in parent.outcomes.items():
                self._lives.remember(life, recipient, outcome)
            self._lives.end(_beside(key, first))
        return PART

    def _message_id(self, record: Record) -> str:
        _, key, message_id = record
        life = self._lives.get(key)
        if life is None or life.message_id is not None:
            # Mail that Postfix itself makes starts with this line.
            life = self._lives.start(key, Life(self._time))
        life.message_id = message_id
        if life.system_user and not life.parent and message_id:
            self._handed_in(key, life)
        return PART

    def _handed_in(self, key: str, life: Life) -> None:
        """Tie a message that sendmail handed in to the delivery by pipe that it continues."""
        name = (key.partition(" ")[0], life.message_id or "")
        before = self._pipes.known(name, life.sender, self._latest - NEAR)
        resent = Resent(self._time, key, life.sender)
        for piped in self._pipes.claim(name, life.sender, self._latest - NEAR):
            self._dropped.add(piped.row)
            self._retract(self._rows[piped.row * WIDTH + _POSITION])
            resent.parent_key, resent.parent = piped.key, piped.life
            if piped.before == OPEN:
                self._lives.remember(life, piped.recipient, OPEN)
        if resent.parent is None and before is not None:
            # The filter ran once a recipient: this is one more child of the same message.
            resent.parent_key, resent.parent = before.parent_key, before.parent
        if resent.parent is not None:
            life.inherit(resent.parent_key, resent.parent)
        self._pipes.remember(name, resent)

    def _retract(self, position: int) -> None:
        """Correct what was said of the line at `position`: it is a part, not a row."""
        for at in range(len(self.trace or ()) - 1, -1, -1):
            if self.trace is not None and self.trace[at][0] == position:
                self.trace[at] = (position, PART)
                return

    def _piped_away(self, life: Life, record: Record, before: int) -> bool:
        """Return whether a delivery by pipe has come back as a message already; if so, tie it."""
        key, recipient = record[1], record[3]
        name = (key.partition(" ")[0], life.message_id or "")
        resent = self._pipes.known(name, life.sender, self._latest - NEAR)
        child = self._lives.get(resent.key) if resent else None
        if resent is None or child is None or child is life:
            return False
        if not child.parent:
            child.inherit(key, life)
        if before == OPEN and recipient not in child.outcomes:
            self._lives.remember(child, recipient, OPEN)
        resent.parent_key, resent.parent = key, life
        return True

    def _queued(self, record: Record) -> str:
        _, key, sender, size, recipients = record
        life = self._lives.get(key) or self._lives.start(key, Life(self._time))
        if life.sender is None or not life.size:
            life.sender = sender
        life.size = life.size or size
        life.recipients = life.recipients or recipients
        return PART

    def _removed(self, record: Record) -> str:
        _, key = record
        self._lives.end(key)
        return PART

    def _notified(self, record: Record) -> str:
        _, key, notice = record
        notice_key = _beside(key, notice)
        known = self._lives.get(notice_key)
        if known is None or known.login or known.client_ip or known.system_user:
            # Postfix writes notices itself: a client belongs to an earlier life of the queue id.
            fresh = self._lives.start(notice_key, Life(self._time))
            fresh.message_id = known.message_id if known else None
        return PART

    def _outcome(self, record: Record) -> str:
        _, key, transport, recipient, orig, relay, delay, dsn, word, reply = record
        known = _OUTCOMES.get(word)
        if known is None:
            # An address that was only probed (status=deliverable and the like).
            return IGNORED
        status, final = known
        life = self._lives.get(key) or self._lives.start(key, Life(self._time))
        name = recipient + _PARTING + orig if orig else recipient
        before = life.outcomes.get(name, 0)
        if before == FINAL or (before == OPEN and not final):
            return PART
        if (life.continued or _is_near(relay)) and self._handed_over(life, record, before):
            self._lives.remember(life, name, FINAL)
            return PART
        piped = transport == "pipe" and word == "sent" and bool(life.message_id)
        if piped and self._piped_away(life, record, before):
            self._lives.remember(life, name, FINAL)
            return PART
        self._lives.remember(life, name, FINAL if final else OPEN)
        counted = before == 0 and not life.paid
        if before == 0:
            life.prepaid = False
        said = (transport, recipient, orig, relay, delay, dsn, status, reply, final, counted)
        self._add(key, life, said, part=0)
        if piped:
            self._wait(key, life, recipient, before)
        return ROW

    def _wait(self, key: str, life: Life, recipient: str, before: int) -> None:
        """Let the row just made wait: the message may come back from a filter."""
        name = (key.partition(" ")[0], life.message_id or "")
        row = len(self._rows) // WIDTH - 1
        self._pipes.wait(Piped(row, self._time, name, key, life, recipient, before))

    def _handed_over(self, life: Life, record: Record, before: int) -> bool:
        """Return whether a message came back from the filter; if so, tie it to this one."""
        key, recipient, relay, reply = record[1], record[3], record[5], record[9]
        begin = reply.rfind(_QUEUED_AS)
        found = _ID.match(reply, begin + len(_QUEUED_AS)) if begin >= 0 else None
        child = self._lives.get(_beside(key, found[0])) if found else None
        if child is None or child is life or record[8] != "sent":
            return False
        if child.parent != key:
            if child.parent or child.login or not _came_back(child, life, relay):
                return False
            child.inherit(key, life)
        if before == OPEN and recipient not in child.outcomes:
            self._lives.remember(child, recipient, OPEN)
        return True

    def _expired(self, record: Record) -> str:
        _, key, sender = record
        said = ("qmgr", "", "", "expired", "returned to sender", True)
        life = self._lives.get(key)
        if life is not None and life.outcomes:
            return self._all_open(key, life, said, FINAL)
        life = life or self._lives.start(key, Life(self._time))
        life.sender = sender
        return self._whole(key, life, said)

    def _administered(self, record: Record) -> str:
        _, key, action = record
        if action != "placed on hold":
            life = self._lives.get(key)
            if life is not None and action in ("released from hold", "requeued"):
                life.held = False
            return PART if life is not None else IGNORED
        life = self._lives.get(key) or self._lives.start(key, Life(self._time))
        if life.held:
            return PART
        life.held = True
        said = ("postsuper", "", "", "held", action, False)
        return (
            self._all_open(key, life, said, OPEN) if life.outcomes else self._whole(key, life, said)
        )

    def _refused(self, record: Record) -> str:
        _, key, status, program, client_name, client_ip, login, sender, recipient, dsn, reply = (
            record
        )
        known = None if key.endswith(_NO_QUEUE) else self._lives.get(key)
        if status == "withheld":
            return self._withheld(record, known)
        row = Life.restore(known.save()) if known else Life(self._time)
        row.client_name = row.client_name or client_name
        row.client_ip = row.client_ip or client_ip
        row.login = row.login or login
        row.sender = sender if sender is not None else row.sender
        counted = True
        if status == "held" and not key.endswith(_NO_QUEUE):
            life = known or self._lives.start(key, Life(self._time))
            if life.held and (recipient is None or recipient in life.outcomes):
                return PART
            counted = self._hold(life, recipient)
        elif program == "cleanup":
            # Refused with all its recipients.
            self._lives.end(key)
        final = status != "held"
        said = (program, recipient, "", "", "", dsn, status, reply, final, counted)
        self._add(key, row, said, part=0)
        return ROW

    def _withheld(self, record: Record, known: Life | None) -> str:
        """Make the row of a message that our own map holds: an effect of ours, no new abuse."""
        _, key, _, program, client_name, client_ip, login, sender, recipient, dsn, reply = record
        row = Life(self._time)
        row.client_name, row.client_ip, row.login, row.sender = (
            client_name,
            client_ip,
            login,
            sender,
        )
        if known is not None:
            known.ours = known.held = True
            row.message_id = known.message_id
        elif key.endswith(_NO_QUEUE):
            self._holds.note((key.partition(" ")[0], login, client_ip), self._time)
        said = (program, recipient, "", "", "", dsn, "held", reply, False, False)
        self._add(key, row, said, part=0)
        return ROW

    def _hold(self, life: Life, recipient: str | None) -> bool:
        """Note that a message is held; return whether the recipient counts by it."""
        life.held = True
        if recipient is None:
            counted = not life.paid
            life.prepaid = True
            return counted
        fresh = recipient not in life.outcomes
        if fresh:
            self._lives.remember(life, recipient, OPEN)
        return fresh and not life.ours

    def _all_open(self, key: str, life: Life, said: tuple[Any, ...], outcome: int) -> str:
        """Make one further row for each recipient whose outcome is not final."""
        transport, relay, delay, status, reply, final = said
        part = 0
        for name, known in life.outcomes.items():
            if known == OPEN:
                recipient, _, orig = name.partition(_PARTING)
                full = (transport, recipient, orig, relay, delay, "", status, reply, final, False)
                self._add(key, life, full, part=part)
                self._lives.remember(life, name, outcome)
                part += 1
        return ROW if part else PART

    def _whole(self, key: str, life: Life, said: tuple[Any, ...]) -> str:
        """Make the row of a message none of whose recipients is known."""
        transport, relay, delay, status, reply, final = said
        counted = not life.paid
        life.prepaid = True
        full = (transport, None, "", relay, delay, "", status, reply, final, counted)
        self._add(key, life, full, part=0)
        return ROW

    def _add(self, key: str, life: Life, said: tuple[Any, ...], *, part: int) -> None:
        """Complete a row: `said` is transport to counted, in the order of `mail_rows.JOINED`."""
        rows = self._rows
        rows += (self._time, self._stream, self._position, part, self._source, key)
        rows += said
        rows += (
            *(life.message_id or "", life.client_name, life.client_ip, life.login),
            *(life.system_user, life.sender, life.size, life.recipients),
        )


@lru_cache(maxsize=1024)
def _is_local(relay: str) -> bool:
    """Return whether a relay is on the host itself: loopback or a socket in the file system."""
    return _LOCAL_RELAY.match(relay) is not None


@lru_cache(maxsize=1024)
def _private(relay: str) -> str:
    """Return the private address (RFC 1918, RFC 4193) of a relay; empty for any other."""
    found = _PRIVATE_RELAY.match(relay)
    return found[1].lower() if found else ""


@lru_cache(maxsize=1024)
def _is_near(relay: str) -> bool:
    """Return whether a relay could be a filter of ours: on this host or in a private network."""
    return _is_local(relay) or bool(_private(relay))


def _came_back(child: Life, life: Life, relay: str) -> bool:
    """Return whether `child` is `life`, come back from the filter at `relay`.

    A filter on another host shares its network with others, so it must have kept the message-id.
    A public relay never ties: a stranger could name any queue id in his reply.
    """
    if _is_local(relay):
        return _LOCAL.match(child.client_ip) is not None
    address = _private(relay)
    same = bool(life.message_id) and life.message_id == child.message_id
    return same and bool(address) and child.client_ip.lower().removeprefix("::ffff:") == address


def _beside(key: str, queue_id: str) -> str:
    """Return the key of another queue id on the same host."""
    return key[: key.index(" ") + 1] + queue_id
