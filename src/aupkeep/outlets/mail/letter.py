"""A letter, and the message it becomes.

In: plain values. Out: the bytes of an Internet message, the same for the same letter. Nothing in a
letter can add a header. No program answers it (RFC 3834), and mail that comes back names it: by its
return path (`LOCAL+ID@DOMAIN`), and by its Message-ID, which is made of its id alone. Sources: RFC
5322 (message, threads), RFC 3834 (Auto-Submitted), RFC 2045.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from aupkeep.base.clock import to_datetime
from aupkeep.base.errors import Fault
from aupkeep.sanctions.power import PowerFault

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,127}")
_LABEL = r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
#: An address without quotes or comments (RFC 5321 section 4.1.2, dot-string), in ASCII.
_ADDRESS = re.compile(
    rf"(?P<local>[0-9A-Za-z!#$%&'*+/=?^_`{{|}}~.-]{{1,64}})@(?P<domain>{_LABEL}(?:\.{_LABEL})*)"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message to one person."""

    #: The same letter has the same id, whoever writes it and when; it goes out once.
    id: str
    provider: str
    #: Plain addresses.
    sender: str
    recipient: str
    subject: str
    text: str
    #: µs UTC.
    at: int
    #: Id of the letter that this one follows; empty: none.
    thread: str = ""
    #: Address to which mail that cannot be delivered comes back; empty: the sender.
    returns: str = ""


def message(letter: Letter) -> bytes:
    """Return the message, its lines ended by CR LF.

    Raises `PowerFault` for an address that cannot be written to, `ValueError` for an id that is not
    one word of letters and digits.
    """
    sender, recipient = address(letter.sender), address(letter.recipient)
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = " ".join(_CONTROL.sub(" ", letter.subject).split())
    made["Date"] = format_datetime(to_datetime(letter.at))
    made["Message-ID"] = f"<{message_id(letter)}>"
    if letter.thread:
        made["In-Reply-To"] = made["References"] = f"<{_named(letter.thread, letter.sender)}>"
    made["Auto-Submitted"] = "auto-generated"
    # What some mail servers heed instead; reports of failed delivery are wanted.
    made["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    lines = (_CONTROL.sub(" ", line.replace("\t", "    ")) for line in letter.text.splitlines())
    body = "".join(f"{line.rstrip()}\n" for line in lines)
    made.set_content(body, charset="utf-8", cte="quoted-printable")
    return made.as_bytes()


def message_id(letter: Letter) -> str:
    """Return the message-id without its angle brackets."""
    return _named(letter.id, letter.sender)


def return_path(letter: Letter) -> str:
    """Return the address of the envelope: one of the letter's own where bounces are collected.

    Raises `PowerFault` for an address that cannot be written to.
    """
    if not letter.returns:
        return letter.sender
    found = address(letter.returns)
    return f"{found.username}+{letter.id}@{found.domain}"


def _named(identity: str, sender: str) -> str:
    if not _ID.fullmatch(identity):
        raise ValueError(f"`{identity}` cannot be the id of a letter")
    return f"{identity}@{domain(sender)}"


def domain(text: str) -> str:
    """Return the domain of an address; raises `PowerFault` as `address` does."""
    return str(address(text).domain)


def file(folder: Path, letter: str, end: str) -> Path:
    """Return the file in `folder` of the letter with that id; raises `ValueError` for no id."""
    if not _ID.fullmatch(letter):
        raise ValueError(f"`{letter}` cannot be the id of a letter")
    return folder / f"{letter}{end}"


def address(text: str) -> Address:
    """Return an address that can be written to; raises `PowerFault` for any other text."""
    found = _ADDRESS.fullmatch(text)
    if found is None or text.startswith(".") or ".." in text or ".@" in text:
        what = f"`{text}` is not an address that letters can be sent to"
        raise PowerFault(Fault(code="address", what=what), retry=False)
    return Address(username=found["local"], domain=found["domain"])
