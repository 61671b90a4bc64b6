"""Feedback reports (ARF): RFC 5965, 6591, 6430, 6650, 6692 and 9477.

In: a letter. Out: one accusation a complained-of recipient (at least one a feedback report), or
noise for `not-spam`. The accused is Source-IP; where it is missing, the address the report's own
words name; then, with a confidence under one half, the last relay of the mail complained of.
Reported-Domain can be forged and is often the complaining user's own, so it counts only where no
address is stated. `auth-failure` is no complaint of abuse: it becomes `other`, so that a person
can tell a forger from a misconfigured customer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from aupkeep.signals.formats.accusation import (
    KINDS,
    MOST_ACCUSATIONS,
    NOTHING,
    OTHER,
    Accusation,
    Found,
)
from aupkeep.signals.formats.accused import name_url, read_host, read_identifier
from aupkeep.signals.formats.feedback import Feedback, read_feedback
from aupkeep.signals.formats.headers import Fields, clean, first, mail_address, message_id
from aupkeep.signals.formats.letter import Letter, is_mail
from aupkeep.signals.formats.mime import Part, head_fields
from aupkeep.signals.formats.trace import handed_over_by, traced_at

#: Feedback-Type -> kind; the last three stand in drafts and in real mail.
TYPES = {
    "abuse": "spam",
    "fraud": "fraud",
    "virus": "malware",
    "other": OTHER,
    "auth-failure": OTHER,
    "opt-out": "spam",
    "opt-out-list": "spam",
    "miscategorized": "spam",
}
NOT_SPAM = "not-spam"

#: How sure: stated in its field; in the report's own words; the last relay; a domain alone.
_STATED, _SAID, _RELAY, _DOMAIN = 0.95, 0.7, 0.4, 0.3
#: `received from 192.0.2.1`, `from IP address 192.0.2.1`, `from x.example, IP 192.0.2.1`.
_SENTENCE = re.compile(
    r"\breceived\s+from\s+(?:[^\n]{0,200}?\bIP(?:\s+address)?:?\s+)??"
    r"\[?([0-9A-Fa-f:.]{3,45})(?=[\],;)\s]|\Z)",
    re.IGNORECASE,
)
#: Types whose Reported-URI is itself part of the offence, not just advertised.
_MALICIOUS = frozenset({"fraud", "virus"})
_NO_TYPE = "the report has no Feedback-Type"
_SEVERAL = "a second feedback report in one mail is not believed"
_HEAD_OF_TEXT = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Complaint:
    """A feedback report with what stands beside it."""

    feedback: Feedback
    #: Fields of the mail that carries the report.
    carrier: Fields
    #: Fields of the mail complained of.
    original: Fields
    #: The report's own words.
    words: str


@dataclass(frozen=True, slots=True)
class _Accused:
    ip: str | None
    host: str | None
    confidence: float
    warning: str


def read_arf(letter: Letter) -> Found:
    """Return what the feedback report in `letter` says.

    A mail has one (RFC 5965, 2). What stands behind the mail complained of may be the offender's
    own text that guessed a boundary, so a second report is counted as unread, never believed.
    """
    places = [place for place, part in enumerate(letter.parts) if is_feedback(part)]
    if not places:
        return NOTHING
    complaint = _complaint(letter, places[0])
    unread = len(places) - 1
    warnings = [_SEVERAL] * (unread > 0)
    if complaint.feedback.type == NOT_SPAM:
        noise = "a user took a complaint back (not-spam)"
        return Found(noise=noise, warnings=tuple(warnings), unread=unread)
    made = _accusations(complaint)
    unread += max(0, len(made) - MOST_ACCUSATIONS) if made else 1
    return Found(
        items=tuple(made[:MOST_ACCUSATIONS]),
        warnings=(*warnings, *_oddities(complaint)),
        unread=unread,
    )


def is_feedback(part: Part) -> bool:
    """Say whether `part` is the machine-readable part of a feedback report."""
    return part.type.endswith("/feedback-report")


def _complaint(letter: Letter, place: int) -> _Complaint:
    words = (part.text for part in letter.parts[:place] if part.type == "text/plain")
    return _Complaint(
        feedback=read_feedback(letter.parts[place].body),
        carrier=letter.fields,
        original=_original(letter.parts[place + 1 :]),
        words=next(words, "")[:_HEAD_OF_TEXT],
    )


def _original(parts: tuple[Part, ...]) -> Fields:
    """Return the fields of the mail complained of: the next whole mail, or headers, in `parts`."""
    for part in parts:
        if is_mail(part):
            return part.children[0].fields
        if "rfc822" in part.type:
            return head_fields(part.body)
    return ()


def _accused(complaint: _Complaint) -> _Accused:
    feedback = complaint.feedback
    said = _said(complaint)
    host = _only_domain(feedback)
    relay = handed_over_by(complaint.original)
    if feedback.source_ip:
        return _Accused(feedback.source_ip, None, _STATED, "")
    if said:
        return _Accused(said, None, _SAID, "no Source-IP: the address is from the report's text")
    if relay:
        return _Accused(relay, host, _RELAY, "no Source-IP: the address is the last relay's")
    if host:
        return _Accused(None, host, _DOMAIN, "no address: only a domain, which may be forged")
    return _Accused(None, None, 0, "a feedback report names no address and no domain")


def _said(complaint: _Complaint) -> str | None:
    match = _SENTENCE.search(complaint.words)
    return read_identifier(match[1].rstrip(".")).ip if match else None


def _only_domain(feedback: Feedback) -> str | None:
    """Return the one reported domain, else the sender's; a failed sender is a victim."""
    if feedback.type == "auth-failure":
        return None
    domains = set(feedback.domains)
    if len(domains) == 1:
        return read_host(domains.pop())
    sender = feedback.mail_from or ""
    return None if domains else read_host(sender.rpartition("@")[2])


def _accusations(complaint: _Complaint) -> list[Accusation]:
    """Make one accusation a recipient, as each complains for itself, and one a malicious URL."""
    feedback = complaint.feedback
    accused = _accused(complaint)
    kind = TYPES.get(feedback.type, OTHER)
    time = feedback.arrival
    item = Accusation(
        kind=kind,
        category=KINDS.get(kind),
        reader="arf",
        confidence=accused.confidence,
        ip=accused.ip,
        port=feedback.source_port if feedback.source_ip else None,
        host=accused.host,
        time=time if time is not None else traced_at(complaint.original),
        reporter=mail_address(first(complaint.carrier, "from")),
        reference=message_id(first(complaint.carrier, "message-id")),
        message_id=_message_id(complaint),
        feedback_type=feedback.type or None,
    )
    senders = [item] * max(1, len(feedback.recipients)) if item.names_someone else []
    urls = feedback.urls if feedback.type in _MALICIOUS else ()
    return senders + [_page(item, url) for url in urls]


def _page(item: Accusation, url: str) -> Accusation:
    named = name_url(url)
    return replace(item, ip=named.ip, port=None, host=named.host, url=url, confidence=_SAID)


def _message_id(complaint: _Complaint) -> str | None:
    return message_id(
        first(complaint.original, "message-id") or complaint.feedback.stated("message-id")
    )


def _oddities(complaint: _Complaint) -> list[str]:
    feedback = complaint.feedback
    found = [_accused(complaint).warning]
    if feedback.type not in TYPES:
        found.append(f"Feedback-Type `{feedback.type}` is not known" if feedback.type else _NO_TYPE)
    if feedback.stated("source-ip") and feedback.source_ip is None:
        found.append("Source-IP is no address")
    if feedback.stated("source-port") and feedback.source_port is None:
        found.append("Source-Port is no port")
    date = feedback.stated("arrival-date") or feedback.stated("received-date")
    if date and feedback.arrival is None:
        found.append(f"`{clean(date, 60)}` is no time, or its zone has no one meaning")
    return [text for text in found if text]
