"""One entry of the record, and how it hangs on the one before.

In: what an act did, as plain values without personal data (ids, hashes, words, numbers). Out: the
entry's line, word for word what is hashed, stored and exported. Form: a JSON object in canonical
form; `hash` is the SHA-256 of the canonical form of all other members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aupkeep.base.canonical import canonical, digest
from aupkeep.base.clock import format_instant

#: The `prev` of a chain's first entry.
GENESIS = "0" * 64

#: What can be entered; an act that is not here cannot be recorded.
ACTS = frozenset(
    {
        "policy_published",
        "holdings_imported",
        "profiles_imported",
        "case_opened",
        "finding_joined",
        "finding_updated",
        "decision_made",
        "sanction_proposed",
        "sanction_agreed",
        "sanction_approved",
        "sanction_refused",
        "sanction_applying",
        "sanction_applied",
        "sanction_verified",
        "sanction_announced",
        "sanction_failed",
        "sanction_lifting",
        "sanction_lifted",
        "sanction_expired",
        "sanction_postponed",
        "customer_asked",
        "customer_answered",
        "fee_charged",
        "fee_disputed",
        "fee_upheld",
        "fee_credited",
        "armed",
        "disarmed",
        "paused",
        "resumed",
        "alarm_raised",
        "alarm_acknowledged",
        "exception_made",
        "exception_ended",
        "person_added",
        "person_removed",
        "archive_held",
        "archive_released",
        "archive_erased",
        "archive_swept",
    }
)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a provider's chain."""

    provider: str
    #: Number of the next entry.
    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry and the head after it."""

    line: str
    seq: int
    hash: str
    head: Head
    subject: str


def append(head: Head, *, at: int, act: str, subject: str, body: Mapping[str, object]) -> Entry:
    """Return the entry that follows `head`; raises `ValueError` for an unknown act."""
    if act not in ACTS:
        raise ValueError(f"`{act}` is no act of the record")
    members: dict[str, object] = {
        "provider": head.provider,
        "seq": head.seq,
        "at": format_instant(at),
        "act": act,
        "subject": subject,
        "body": dict(body),
        "prev": head.hash,
    }
    own = digest(members)
    line = canonical({**members, "hash": own}).decode("utf-8", "surrogatepass")
    after = Head(head.provider, head.seq + 1, own)
    return Entry(line=line, seq=head.seq, hash=own, head=after, subject=subject)
