"""What customers send and receive, before any log line is written about it.

In: the cast and the plot. Out: `Sending` and `Arrival` values: the intents that the mail log then
tells of, and that tests count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What becomes of a recipient: taken at once; no such user; refused for a while, then taken;
#: unreachable for a while, then taken; never reachable until the queue gives up, or until an
#: operator takes the message out; refused as spam.
Fate = Literal["sent", "unknown", "greylisted", "deferred", "expired", "withdrawn", "policy"]

#: What becomes of mail from outside: delivered; no such mailbox; relaying refused; refused for a
#: while and tried again; a client that hangs up; a guessed password that fails.
Welcome = Literal["delivered", "unknown", "relay", "greylisted", "lost", "guess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message that somebody at the provider sends."""

    customer: str
    at: int
    host: str
    sender: str
    #: Recipient and what becomes of it.
    fates: tuple[tuple[str, Fate], ...]
    #: Login of a submission over the network, or numeric system user of a local one.
    login: str = ""
    uid: str = ""
    #: Where the client connects from.
    client: str = ""
    size: int = 4_000
    #: The message passes the content filter, where the provider has one.
    office: bool = True
    honest: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One attempt from outside to bring mail, or to get in."""

    at: int
    host: str
    client_name: str
    client: str
    sender: str
    recipient: str
    welcome: Welcome
    size: int = 9_000
