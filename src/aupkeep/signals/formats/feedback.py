"""The machine-readable part of an ARF report: `message/feedback-report`.

In: the text of that part. Out: `Feedback`, every field of RFC 5965 (with RFC 6591, 6430, 6692 and
9477) that is stated. Read leniently: any version or none, any order, blank lines between fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aupkeep.signals.formats.accused import read_ip, read_port, read_url
from aupkeep.signals.formats.headers import (
    Fields,
    clean,
    every,
    first,
    mail_address,
    split_fields,
)
from aupkeep.signals.formats.maildate import mail_time

_BLANKS = re.compile(rb"\n[ \t\r]*(?=\n)")
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a feedback report states; None or empty where it states nothing."""

    #: Lower case: abuse, fraud, virus, other, not-spam, opt-out, auth-failure ...
    type: str
    source_ip: str | None
    source_port: int | None
    #: Microseconds UTC.
    arrival: int | None
    mail_from: str | None
    recipients: tuple[str, ...]
    domains: tuple[str, ...]
    urls: tuple[str, ...]
    #: Every field as it stands, in order, names in lower case.
    fields: Fields

    def stated(self, name: str) -> str:
        """Return the first value of the field `name` (lower case), or an empty text."""
        return first(self.fields, name)


def read_feedback(body: bytes) -> Feedback:
    """Return what the feedback report in `body` states; any bytes give a `Feedback`."""
    fields = split_fields(_BLANKS.sub(b"", body.lstrip()))
    port = _COMMENT.sub("", first(fields, "source-port")).strip()
    return Feedback(
        type=_word(first(fields, "feedback-type")),
        source_ip=read_ip(_COMMENT.sub("", first(fields, "source-ip")[:200])),
        source_port=read_port(port),
        arrival=_arrival(fields),
        mail_from=mail_address(first(fields, "original-mail-from")),
        recipients=every(fields, "original-rcpt-to"),
        domains=tuple(clean(value, 253).lower() for value in every(fields, "reported-domain")),
        urls=tuple(filter(None, map(read_url, every(fields, "reported-uri")))),
        fields=fields,
    )


def _word(value: str) -> str:
    return clean(_COMMENT.sub("", value[:200]).partition(";")[0], 40).lower()


def _arrival(fields: Fields) -> int | None:
    """Arrival-Date, or the older name Received-Date."""
    arrival = mail_time(first(fields, "arrival-date"))
    return arrival if arrival is not None else mail_time(first(fields, "received-date"))
