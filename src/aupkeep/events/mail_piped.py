"""Messages that a pipe handed to a filter which submits them anew with sendmail.

In: deliveries by pipe(8), and messages that sendmail handed in (pickup), with their times. Out:
which of them are one message. Nothing in the log names the second queue id, and either line may
come first, so what ties them is the host, the message-id, the envelope sender and that the lines
stand no more than `NEAR` apart. Source: the simple content filter of Postfix's FILTER_README.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aupkeep.base.clock import SECOND
from aupkeep.events.mail_life import Life

#: The disorder that lines of a log may have (DESIGN section 4): a row that waits no longer than
#: this for its other half is not late.
NEAR = 2 * SECOND
#: Messages from sendmail that are remembered.
MOST = 1_000

#: Host and message-id.
_Name = tuple[str, str]


@dataclass(slots=True)
class Piped:
    """A delivery by pipe whose row waits, because the message may come back."""

    #: Number of the row among those not handed over yet.
    row: int
    time: int
    name: _Name
    key: str
    life: Life
    #: Key of the recipient in `Life.outcomes`, and what was known of it before.
    recipient: str
    before: int


@dataclass(slots=True)
class Resent:
    """A message from sendmail, and the message that it continues once that is known."""

    time: int
    key: str
    sender: str | None
    parent_key: str = ""
    parent: Life | None = None


@dataclass(slots=True)
class Pipes:
    """Both halves, for as long as the other one may come."""

    waiting: list[Piped] = field(default_factory=list)
    resent: dict[_Name, Resent] = field(default_factory=dict)

    def wait(self, piped: Piped) -> None:
        """Let the row of a delivery wait."""
        self.waiting.append(piped)

    def claim(self, name: _Name, sender: str | None, since: int) -> list[Piped]:
        """Return the deliveries that the message just handed in continues; they wait no more.

        `since` is the log's latest time less `NEAR`: what is older has been handed over, or could
        have been, so that the answer does not depend on when rows are fetched.
        """
        found = [
            item
            for item in self.waiting
            if item.name == name and item.life.sender == sender and item.time >= since
        ]
        if found:
            self.waiting = [item for item in self.waiting if item not in found]
        return found

    def remember(self, name: _Name, resent: Resent) -> None:
        """Remember a message that sendmail handed in."""
        self.resent.pop(name, None)
        self.resent[name] = resent
        if len(self.resent) > MOST:
            del self.resent[next(iter(self.resent))]

    def known(self, name: _Name, sender: str | None, since: int) -> Resent | None:
        """Return the message from sendmail, not older than `since`, that a delivery became."""
        found = self.resent.get(name)
        if found is None or found.sender != sender or found.time < since:
            return None
        return found

    def settle(self, before: int) -> None:
        """What was delivered before `before` waits no more."""
        self.waiting = [item for item in self.waiting if item.time >= before]

    def save(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "waiting": [_saved(item) for item in self.waiting],
            "resent": [
                [*name, item.time, item.key, item.sender, item.parent_key, _life(item.parent)]
                for name, item in self.resent.items()
            ],
        }

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Pipes:
        """Return what `save` described."""
        pipes = cls()
        for row, time, host, message, key, life, recipient, before in saved["waiting"]:
            pipes.wait(
                Piped(row, time, (host, message), key, Life.restore(life), recipient, before)
            )
        for host, message, time, key, sender, parent_key, parent in saved["resent"]:
            life = Life.restore(parent) if parent else None
            pipes.resent[host, message] = Resent(time, key, sender, parent_key, life)
        return pipes


def _saved(item: Piped) -> list[Any]:
    return [
        item.row,
        item.time,
        *item.name,
        item.key,
        item.life.save(),
        item.recipient,
        item.before,
    ]


def _life(life: Life | None) -> dict[str, Any] | None:
    return life.save() if life is not None else None
