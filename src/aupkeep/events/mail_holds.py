"""Messages that our own access map holds: tied to the queue id they get after that is logged.

In: holds as smtpd logs them, before the message has a queue id, and the clients of messages. Out:
which message is the one. What ties them is the host, the login and the client's address: smtpd logs
one hold a message, and the message's own line follows it from the same process.
"""

from __future__ import annotations

from typing import Any

from aupkeep.base.clock import MINUTE

#: An SMTP session may be silent no longer (smtpd_timeout).
NEAR = 5 * MINUTE
#: Holds that are remembered.
MOST = 1_000

#: Host, login, client address.
Name = tuple[str, str, str]


class Holds:
    """Holds whose message has not come yet, oldest first."""

    def __init__(self) -> None:
        self._times: dict[Name, list[int]] = {}

    def note(self, name: Name, time: int) -> None:
        """Remember that the next message of `name` is held."""
        times = [known for known in self._times.pop(name, []) if known >= time - NEAR]
        self._times[name] = [*times, time]
        if len(self._times) > MOST:
            del self._times[next(iter(self._times))]

    def take(self, name: Name, time: int) -> bool:
        """Return whether the message of `name` that begins at `time` is held, once a hold."""
        times = [known for known in self._times.pop(name, []) if known >= time - NEAR]
        if len(times) > 1:
            self._times[name] = times[1:]
        return bool(times)

    def save(self) -> list[Any]:
        """Return everything as plain values."""
        return [[*name, times] for name, times in self._times.items()]

    @classmethod
    def restore(cls, saved: list[Any]) -> Holds:
        """Return what `save` described."""
        holds = cls()
        holds._times = {(host, login, ip): list(times) for host, login, ip, times in saved}
        return holds
