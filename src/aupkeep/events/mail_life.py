"""The life of a message in the queue, and the bounded table of those that are going on.

In: what log lines said, with their times. Out: what is known of a message when its recipients'
outcomes come. A queue id is reused, so a line that starts a message ends the life before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

from aupkeep.base.clock import DAY, HOUR

#: What is known of a recipient: a row was made, and is its last; or may be followed by another.
FINAL, OPEN = 2, 1
#: Postfix gives up after five days (maximal_queue_lifetime).
LONGEST = 7 * DAY
#: Lives and remembered recipients together.
MOST = 200_000


class Life:
    """One message under one queue id: where it came from, and its recipients so far.

    Empty text is what the log did not say; `sender` and `message_id` are None until it says them.
    What a life has not is read from the class: nearly all lives leave most of it at that.
    """

    client_name = ""
    client_ip = ""
    login = ""
    system_user = ""
    #: Key of the message that this one continues.
    parent = ""
    #: A message under another queue id has named this one as its origin (XFORWARD).
    continued = False
    message_id: str | None = None
    sender: str | None = None
    size = ""
    recipients = ""
    #: FINAL or OPEN by recipient; written by `Lives.remember` alone.
    outcomes: Mapping[str, int] = MappingProxyType({})
    #: On hold in the queue.
    held = False
    #: Held by our own map: what becomes of it after its release is no new mail.
    ours = False
    #: A row without recipient stands for the first recipient, whose own row counts no more.
    prepaid = False

    def __init__(self, started: int) -> None:
        self.started = started

    def inherit(self, parent_key: str, parent: Life) -> None:
        """Take over whom the message belongs to from the message it is the continuation of."""
        self.parent = parent_key
        self.client_name, self.client_ip = parent.client_name, parent.client_ip
        self.login = parent.login or self.login
        self.system_user = parent.system_user
        if self.sender is None:
            self.sender = parent.sender
        if parent.ours:
            self.ours = True

    @property
    def paid(self) -> bool:
        """Its next recipient counts no more."""
        return self.prepaid or self.ours

    def save(self) -> dict[str, Any]:
        """Return the life as plain values."""
        return vars(self) | {"outcomes": dict(self.outcomes)}

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Life:
        """Return the life that `save` described."""
        life = cls(saved["started"])
        vars(life).update(saved)
        return life


class Lives:
    """The messages in the queues of all hosts, by `host queueid`, oldest first.

    Bounded by number and by age in event time. What goes, and when, depends on the lines alone.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lives: dict[str, Life] = {}
        self._weight = 0
        self._now = 0
        self._ahead = 0
        self._sweep_at = 0
        self.get = self._lives.get

    def __len__(self) -> int:
        return len(self._lives)

    def start(self, key: str, life: Life) -> Life:
        """Begin a life; one under the same key ends."""
        if key in self._lives:
            self.end(key)
        self._lives[key] = life
        self._weight += 1
        if life.started > self._now:
            self._advance(life.started)
        if self._weight > self._most:
            self._drop_oldest()
        return life

    def end(self, key: str) -> Life | None:
        """Forget a life, and return it."""
        life = self._lives.pop(key, None)
        if life is not None:
            self._weight -= 1 + len(life.outcomes)
        return life

    def remember(self, life: Life, recipient: str, outcome: int) -> None:
        """Keep what became of a recipient of a life that is going on."""
        known = life.outcomes
        if recipient not in known:
            self._weight += 1
        if isinstance(known, dict):
            known[recipient] = outcome
        else:
            life.outcomes = {recipient: outcome}

    def _advance(self, time: int) -> None:
        """Move the clock on; a jump of more than an hour counts only when the next life agrees."""
        agreed = self._ahead and time >= self._ahead - HOUR
        if self._now and time - self._now > HOUR and not agreed:
            self._ahead = time
            return
        self._now, self._ahead = time, 0
        if time >= self._sweep_at:
            self._sweep_at = time + HOUR
            for key in [key for key, life in self._lives.items() if life.started < time - LONGEST]:
                self.end(key)

    def _drop_oldest(self) -> None:
        """Forget the oldest quarter, so that the cost of looking for it is spread."""
        while self._weight > self._most * 3 // 4 and len(self._lives) > 1:
            for key in list(islice(self._lives, max(1, len(self._lives) // 4))):
                if self._weight > self._most * 3 // 4 and len(self._lives) > 1:
                    self.end(key)

    def save(self) -> dict[str, Any]:
        """Return the table as plain values."""
        return {
            "most": self._most,
            "clock": [self._now, self._ahead, self._sweep_at],
            "lives": [[key, life.save()] for key, life in self._lives.items()],
        }

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Lives:
        """Return the table that `save` described."""
        lives = cls(saved["most"])
        lives._now, lives._ahead, lives._sweep_at = saved["clock"]
        for key, values in saved["lives"]:
            life = Life.restore(values)
            lives._lives[key] = life
            lives._weight += 1 + len(life.outcomes)
        return lives
