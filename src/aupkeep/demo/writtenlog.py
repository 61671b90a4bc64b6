"""The mail host where no Postfix is: it only writes the log that one would have written.

In: messages as they are handed in, the present. Out: lines, each when its time has come. Nothing is
sent, and nothing can be held: a hold is seen in the map alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aupkeep.demo.brand import JASMO
from aupkeep.demo.dice import dice
from aupkeep.demo.live import Message
from aupkeep.demo.mailhost import Send
from aupkeep.demo.names import outside_address
from aupkeep.demo.postfix import Postfix
from aupkeep.demo.sending import Fate, Sending
from aupkeep.demo.syslog import render


class WrittenLog:
    """A mail host of which there is only the log."""

    config: Path | None = None

    def __init__(self, folder: Path, seed: int, now: Callable[[], int]) -> None:
        """Begin an empty log in `folder`; `now` tells the present in microseconds UTC."""
        folder.mkdir(parents=True)
        self.log = folder / "mail.log"
        self.map = folder / "hold"
        self.log.touch()
        self._seed = seed
        self._now = now
        self._writer = Postfix(JASMO, dice(seed, JASMO.name, "written"))

    @contextmanager
    def session(self, login: str) -> Iterator[Send]:
        """Log in, from an address outside."""
        client = outside_address(dice(self._seed, JASMO.name, "client", login))

        def send(message: Message) -> None:
            fate: Fate = "sent" if message.exists else "unknown"
            self._writer.send(
                Sending(
                    customer="",
                    at=self._now(),
                    host=JASMO.mail_host,
                    sender=login,
                    fates=((message.recipient, fate),),
                    login=login,
                    client=client,
                    # The content filter is not what this is about.
                    office=False,
                )
            )
            self.turn()

        yield send

    def arrived(self, recipient: str) -> bool:  # noqa: ARG002  # the protocol's signature
        """Nothing is ever sent."""
        return False

    def held(self, login: str) -> int:  # noqa: ARG002  # the protocol's signature
        """Nothing is ever held."""
        return 0

    def turn(self) -> None:
        """Write the lines whose time has come."""
        lines = self._writer.drain(self._now())
        if lines:
            with self.log.open("ab") as log:
                log.write(render(lines, JASMO))
