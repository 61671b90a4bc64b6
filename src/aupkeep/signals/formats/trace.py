"""What a mail's `Received` fields say: when it came in, and from which address.

In: the header fields of a mail. Out: microseconds UTC, an address, or None. Only the topmost field
was written by the machine that handed the mail over last; those below can be invented.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from aupkeep.signals.formats.accused import read_identifier
from aupkeep.signals.formats.headers import Fields, every, first
from aupkeep.signals.formats.maildate import mail_time

_LONGEST = 2_000
_BY = re.compile(r"\sby\s", re.IGNORECASE)
_ADDRESS = r"\[?\b((?:IPv6:)?[0-9A-F:.]{3,45}(?:\]:\d+)?)\]?"
#: Where the receiving machine writes the address it saw, best first. Outside parentheses stands
#: what the sender called itself, unless there is nothing inside them.
_PLACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (rf"\([^()]*?\[{_ADDRESS}", rf"\({_ADDRESS}[\s)]", _ADDRESS)
)


def received_at(fields: Fields) -> int | None:
    """Return when the mail came in: its topmost Received, else its Date; None if neither says."""
    return traced_at(fields) or mail_time(first(fields, "date"))


def traced_at(fields: Fields) -> int | None:
    """Return the time of the topmost Received field, or None."""
    return mail_time(first(fields, "received")[-_LONGEST:].rpartition(";")[2])


def handed_over_by(fields: Fields) -> str | None:
    """Return the address in the topmost Received field that names one outside its machine."""
    for value in every(fields, "received"):
        cut = value[:_LONGEST]
        if not cut.lower().startswith("from "):
            continue
        address = _seen_in(_BY.split(cut, maxsplit=1)[0])
        if address is not None:
            return address
    return None


def _seen_in(clause: str) -> str | None:
    for place in _PLACES:
        for match in place.finditer(clause):
            address = read_identifier(match[1]).ip
            if address is not None and not ip_address(address).is_loopback:
                return address
    return None
