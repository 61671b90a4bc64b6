"""Complaints of the Junk Mail Reporting Programme: a subject with the address, the mail inside.

In: a letter whose Subject is `complaint about message from ADDRESS` and that holds a mail. Out: one
accusation of that address. There is no machine-readable part; the subject is the statement.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats.accusation import KINDS, NOTHING, Accusation, Found
from aupkeep.signals.formats.accused import read_ip
from aupkeep.signals.formats.headers import first, mail_address, message_id
from aupkeep.signals.formats.letter import Letter, is_mail
from aupkeep.signals.formats.trace import traced_at

_SUBJECT = re.compile(r"\s*complaint about message from\s+(\S{3,60})\s*", re.IGNORECASE)


def read_jmrp(letter: Letter) -> Found:
    """Return the complaint in `letter`, if it is of this form."""
    match = _SUBJECT.fullmatch(first(letter.fields, "subject"))
    address = read_ip(match[1]) if match else None
    mails = [part for part in letter.parts if is_mail(part)]
    if address is None or not mails:
        return NOTHING
    original = mails[0].children[0].fields
    item = Accusation(
        kind="spam",
        category=KINDS["spam"],
        reader="jmrp",
        confidence=0.9,
        ip=address,
        time=traced_at(original),
        reporter=mail_address(first(letter.fields, "from")),
        reference=message_id(first(letter.fields, "message-id")),
        message_id=message_id(first(original, "message-id")),
        feedback_type="abuse",
    )
    return Found(items=(item,))
