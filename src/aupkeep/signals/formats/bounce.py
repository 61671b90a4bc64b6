"""Mail that came back: which of our letters it is about, and whether for good.

In: the bytes of a message. Out: the ids of letters it names and the addresses that failed. An
out-of-office answer names no failed address, so it is no bounce. Which letter it was, the return
path says (`LOCAL+ID@DOMAIN`), or the Message-ID of what is sent back. Sources: RFC 3464, and the
forms of many servers as `flufl.bounce` knows them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

from flufl.bounce import all_failures

# A form that the library stumbles over is for us to judge, not for the operator to read about.
logging.getLogger("flufl.bounce").addHandler(logging.NullHandler())

#: A longer message is cut: what a bounce says stands at its beginning.
MOST = 1_000_000
#: Where a server writes whom a message was for.
_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_LETTER = r"([0-9a-f]{32}(?:-[1-3])?)"
_RETURN_PATH = re.compile(rf"\+{_LETTER}@", re.IGNORECASE)
_MESSAGE_ID = re.compile(rf"(?im)^message-id:\s*<{_LETTER}@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """One message that came back."""

    #: Ids of letters, in the order they were found, each once.
    letters: tuple[str, ...]
    #: Addresses that failed, and whether they did for good.
    addresses: tuple[str, ...]
    permanent: bool


def read_bounce(data: bytes) -> Bounce | None:
    """Return what came back; None for a message that reports no failure, or cannot be read."""
    message = message_from_bytes(data[:MOST])
    try:
        temporary, permanent = all_failures(message)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):
        # A stranger wrote it: what the library's own forms do not survive is no bounce.
        return None
    failed = permanent or temporary
    if not failed:
        return None
    addresses = sorted({one.decode("utf-8", "replace") for one in failed})
    letters = dict.fromkeys((*_by_path(message), *_by_id(data[:MOST])))
    return Bounce(letters=tuple(letters), addresses=tuple(addresses), permanent=bool(permanent))


def _by_path(message: Message) -> Iterator[str]:
    for name in _TO:
        for value in message.get_all(name, []):
            yield from (one.lower() for one in _RETURN_PATH.findall(str(value)))


def _by_id(data: bytes) -> Iterator[str]:
    yield from _MESSAGE_ID.findall(data.decode("utf-8", "replace"))
