"""What a way for letters is: a folder, a mail server.

In: letters. Out: whether each has left, for sure or in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aupkeep.outlets.mail.letter import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a letter."""

    #: It may have left or not: only a look at the other side, or a person, can say.
    doubtful: bool
    #: What was seen, in plain words.
    how: str


class Channel(Protocol):
    """A way by which letters leave, each of them once by its id."""

    def send(self, letter: Letter) -> Outcome:
        """Send a letter that has not left yet; raises `PowerFault` where it surely has not left."""
        ...

    def may_have_left(self, letter: str) -> bool:
        """Return whether the letter with that id has left, or nobody can say that it has not."""
        ...

    def troubles(self) -> list[str]:
        """Return why no letter could leave now, in plain words; empty: they could."""
        ...
