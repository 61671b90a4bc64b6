"""One entry of the record, and how it hangs on the one before.

In: what an act did, as plain values without personal data (ids, hashes, words, numbers), and the
envelope of what is personal. Out: the entry's line, word for word what is hashed, stored and
exported. Form: a JSON object in canonical form; `hash` is the SHA-256 of the canonical form of all
other members. Entries of form 1 have no `version` and no envelope; they are read and verified on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aupkeep.base.canonical import canonical, sha256
from aupkeep.base.clock import format_instant
from aupkeep.record.envelope import envelope_hash

#: The `prev` of a chain's first entry.
GENESIS = "0" * 64

#: The form of new entries.
VERSION = 2

#: What can be entered; an act that is not here cannot be recorded.
ACTS = frozenset(
    {
        "policy_published",
        "holdings_imported",
        "profiles_imported",
        "case_opened",
        "finding_joined",
        "finding_updated",
        "case_moved",
        "case_merged",
        "case_split",
        "case_attributed",
        "case_disposed",
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
        "customer_fixed",
        "customer_attached",
        "notice_seen",
        "notice_bounced",
        "customer_reminded",
        "appeal_lodged",
        "appeal_decided",
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
        "person_role",
        "archive_held",
        "archive_released",
        "archive_erased",
        "archive_swept",
        "record_erased",
        "record_swept",
        "record_viewed",
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
    #: What is personal of it, encrypted; the line holds its hash. None: nothing is.
    envelope: bytes | None = None


def append(
    head: Head,
    *,
    at: int,
    act: str,
    subject: str,
    body: Mapping[str, object],
    sealed: Callable[[tuple[str, int]], bytes] | None = None,
) -> Entry:
    """Return the entry that follows `head`; raises `ValueError` for an unknown act.

    `sealed` makes the envelope of what is personal, given the entry's provider and number.
    """
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
        "version": VERSION,
    }
    envelope = sealed((head.provider, head.seq)) if sealed is not None else None
    if envelope is not None:
        members["sealed"] = envelope_hash(envelope)
    own, line = _line(members)
    after = Head(head.provider, head.seq + 1, own)
    return Entry(line=line, seq=head.seq, hash=own, head=after, subject=subject, envelope=envelope)


def _line(members: dict[str, object]) -> tuple[str, str]:
    """Return the hash of `members` and the line that holds both.

    The members are brought into their form once: `hash` goes in before `prev`, the first member
    whose name comes after it, and no object stands after that.
    """
    data = canonical(members)
    own = sha256(data)
    at = data.rindex(b',"prev":"')
    line = data[:at] + b',"hash":"' + own.encode() + b'"' + data[at:]
    return own, line.decode("utf-8", "surrogatepass")
