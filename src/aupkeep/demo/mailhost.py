"""A mail host at which customers hand mail in: what the two kinds have in common.

In: a login and messages. Out: a log as Postfix writes it, and, where it is a real one, mail that
arrives or waits on hold.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from aupkeep.demo.live import Message

#: Hands one message in.
Send = Callable[[Message], None]


class MailHost(Protocol):
    """Where the mail of one provider's customers is handed in."""

    @property
    def log(self) -> Path:
        """The file that it logs to; it is there from the beginning."""

    @property
    def map(self) -> Path:
        """The text of the map of logins whose mail is held."""

    @property
    def config(self) -> Path | None:
        """The folder of main.cf; None: no server runs, only the log and the map are there."""

    def session(self, login: str) -> AbstractContextManager[Send]:
        """Log in; raises `OSError` where nothing can be handed in."""

    def arrived(self, recipient: str) -> bool:
        """Whether a message has come to `recipient`."""

    def held(self, login: str) -> int:
        """Return how many messages of `login` are on hold."""

    def turn(self) -> None:
        """Let time pass: what has happened by now is in the log after it."""
