"""Requests to be taken off a list, sent to the address that a List-Unsubscribe field gave.

In: a short letter, subject `unsubscribe` or the like, to an address made for it. Out: an opt-out
accusation of the domain that sent the list. A request to any other address is left to a person.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats.accusation import KINDS, NOTHING, Accusation, Found
from aupkeep.signals.formats.accused import read_host
from aupkeep.signals.formats.headers import first, mail_address, message_id, unfold_words
from aupkeep.signals.formats.letter import Letter
from aupkeep.signals.formats.maildate import mail_time

_SUBJECT = re.compile(r"\W*(?:unsubscribe|opt[- ]?out|remove me|list removal)\W*", re.IGNORECASE)
_MAILBOX = re.compile(r"(?:opt-?out|unsub(?:scribe)?|leave|remove)\b", re.IGNORECASE)
_LONGEST_BODY = 4_096


def read_unsubscribe(letter: Letter) -> Found:
    """Return the opt-out in `letter`, if it is one."""
    mailbox, _, domain = (mail_address(first(letter.fields, "to")) or "").rpartition("@")
    host = read_host(domain)
    subject = unfold_words(first(letter.fields, "subject"))
    short = sum(len(part.body) for part in letter.parts) <= _LONGEST_BODY
    if not (host and short and _SUBJECT.fullmatch(subject) and _MAILBOX.match(mailbox)):
        return NOTHING
    item = Accusation(
        kind="spam",
        category=KINDS["spam"],
        reader="unsubscribe",
        confidence=0.5,
        host=host,
        time=mail_time(first(letter.fields, "date")),
        reporter=mail_address(first(letter.fields, "from")),
        reference=message_id(first(letter.fields, "message-id")),
        feedback_type="opt-out",
    )
    return Found(items=(item,))
