"""Mail that is no complaint: bounces, automatic answers, newsletters.

In: a letter in which no reader found a complaint. Out: the reason why it is noise, or an empty
text. What only might be noise is left to a person: a complaint must never be lost here.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats.headers import first, mail_address, unfold_words
from aupkeep.signals.formats.letter import Letter

#: Machine-readable parts of bounces and receipts (RFC 3464, 8098).
_STATUS = frozenset({"message/delivery-status", "message/disposition-notification"})
_ANSWER_FIELDS = ("x-autoreply", "x-autorespond")
_ANSWERS = frozenset({"auto_reply", "auto-reply"})
_ANSWER_SUBJECT = re.compile(
    r"\s*(?:out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)"
    r"|abwesenheitsnotiz|automatische antwort|r[eé]ponse automatique|respuesta autom[aá]tica)\b",
    re.IGNORECASE,
)
_BOUNCERS = frozenset({"mailer-daemon", "postmaster"})
_BOUNCE_SUBJECT = re.compile(
    r"\s*(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed)"
    r"|mail delivery (?:failed|failure|subsystem)|returned mail|failure notice)",
    re.IGNORECASE,
)
#: A list mail with one of these words is looked at by a person.
_COMPLAINT = re.compile(
    r"abus|spam|phish|malware|virus|infring|copyright|dmca|attack|scan|complain|botnet|hack"
    r"|fraud|scam|illegal|compromis|vulnerab|exploit|notice|report|incident|security",
    re.IGNORECASE,
)
_HEAD_OF_TEXT = 20_000


def is_bounce(letter: Letter) -> bool:
    """Say whether `letter` is a delivery report; what it sends back is our own mail."""
    if any(part.type in _STATUS for part in letter.parts):
        return True
    mailbox = (mail_address(first(letter.fields, "from")) or "").partition("@")[0]
    empty = first(letter.fields, "return-path").replace(" ", "") == "<>"
    return (mailbox in _BOUNCERS or empty) and bool(_BOUNCE_SUBJECT.match(_subject(letter)))


def noise_reason(letter: Letter) -> str:
    """Return why `letter`, which is no bounce, is no complaint; or an empty text."""
    fields = letter.fields
    submitted = first(fields, "auto-submitted").strip().lower()
    precedence = first(fields, "precedence").strip().lower()
    if submitted.startswith("auto-replied") or precedence in _ANSWERS or _answers(letter):
        return "an automatic answer"
    listed = first(fields, "list-unsubscribe") or first(fields, "list-id")
    if listed and not _COMPLAINT.search(_subject(letter) + " " + _words(letter)):
        return "a newsletter or list mail"
    return ""


def _answers(letter: Letter) -> bool:
    named = any(first(letter.fields, name) for name in _ANSWER_FIELDS)
    return named or bool(_ANSWER_SUBJECT.match(_subject(letter)))


def _subject(letter: Letter) -> str:
    return unfold_words(first(letter.fields, "subject"))


def _words(letter: Letter) -> str:
    texts = (part.text[:_HEAD_OF_TEXT] for part in letter.parts if part.type.startswith("text/"))
    return " ".join(texts)
