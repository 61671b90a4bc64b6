"""The statement of reasons that goes with every sanction, in the vocabulary of the EU DSA.

In: a sanction, the findings it rests on, the policy version that asks for it, until when there is
an appeal. Out: an object with the names and words of the Commission's transparency database
(Regulation (EU) 2022/2065, articles 17 and 24(5)), and the same in plain words. Every field is made
from what is stored; what is not known is left out, and nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aupkeep.base.clock import format_instant, to_datetime
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Clause, Measure, Policy
from aupkeep.sanctions.observed import evidence, kinds_of
from aupkeep.sanctions.sanction import Sanction
from aupkeep.sanctions.wording import one_line, spoken

#: Characters of a ground, an explanation and the facts, at most.
GROUND, EXPLANATION, FACTS = 500, 2000, 5000

_PROVISION, _VISIBILITY, _ACCOUNT = "decision_provision", "decision_visibility", "decision_account"
_PARTIAL = "DECISION_PROVISION_PARTIAL_SUSPENSION"
#: Measure -> the field that says what it restricts, and its word. What restricts nothing has none.
_DECISIONS: Mapping[Measure, tuple[str, str]] = {
    Measure.THROTTLE: (_PROVISION, _PARTIAL),
    Measure.HOLD_MAIL: (_PROVISION, _PARTIAL),
    Measure.BLOCK_TRAFFIC: (_PROVISION, _PARTIAL),
    Measure.DENY_SERVICE: (_PROVISION, _PARTIAL),
    Measure.SUSPEND_SERVICE: (_PROVISION, "DECISION_PROVISION_TOTAL_SUSPENSION"),
    Measure.LOCK_SITE: (_VISIBILITY, "DECISION_VISIBILITY_CONTENT_DISABLED"),
    Measure.QUARANTINE_FILE: (_VISIBILITY, "DECISION_VISIBILITY_CONTENT_DISABLED"),
    Measure.REMOVE_CONTENT: (_VISIBILITY, "DECISION_VISIBILITY_CONTENT_REMOVED"),
    Measure.SUSPEND_ACCOUNT: (_ACCOUNT, "DECISION_ACCOUNT_SUSPENDED"),
    Measure.TERMINATE: (_ACCOUNT, "DECISION_ACCOUNT_TERMINATED"),
    Measure.FEE: ("decision_monetary", "DECISION_MONETARY_OTHER"),
}
#: Field of a decision -> the field of its end.
_ENDS: Mapping[str, str] = {
    _PROVISION: "end_date_service_restriction",
    _VISIBILITY: "end_date_visibility_restriction",
    _ACCOUNT: "end_date_account_restriction",
}
#: Word of a decision -> the same for a customer.
_PLAIN: Mapping[str, str] = {
    _PARTIAL: "a part of the service is suspended",
    "DECISION_PROVISION_TOTAL_SUSPENSION": "the service is suspended",
    "DECISION_VISIBILITY_CONTENT_DISABLED": "access to the content is disabled",
    "DECISION_VISIBILITY_CONTENT_REMOVED": "the content is removed",
    "DECISION_ACCOUNT_SUSPENDED": "the account is suspended",
    "DECISION_ACCOUNT_TERMINATED": "the account is ended",
    "DECISION_MONETARY_OTHER": "a fee is charged",
}
#: Kind of event -> what the content was, where the kind alone says so.
_CONTENT: Mapping[str, str] = {
    "mail": "electronic mail",
    "flow": "network traffic",
    "login": "attempts to log in",
}
_REPORT = "report"
FULLY, PARTIALLY, NOT = (
    "AUTOMATED_DECISION_FULLY",
    "AUTOMATED_DECISION_PARTIALLY",
    "AUTOMATED_DECISION_NOT_AUTOMATED",
)
_DECIDED: Mapping[str, str] = {
    FULLY: "by our program alone, as the policy says",
    PARTIALLY: "by our program as the policy says, and people agreed",
    NOT: "by people",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a statement is made from besides the sanction."""

    #: The version that asks for the sanction.
    policy: Policy
    #: The findings that the sanction rests on.
    findings: Sequence[Finding]
    #: Until when the customer may appeal, µs UTC; None: not known yet.
    appeal_until: int | None = None
    #: The public page of the clause; empty: left out.
    page: str = ""


def statement(sanction: Sanction, grounds: Grounds) -> dict[str, object]:
    """Return the statement of reasons about `sanction`, ready for JSON.

    Names and words in capitals are those of the transparency database; `measure` and
    `appeal_until` (ISO 8601, UTC) are ours, and are not sent there. Dates are days in UTC. Raises
    `KeyError` for a clause that the policy does not have.
    """
    policy = grounds.policy
    clause = policy.clauses[sanction.clause]
    kinds = kinds_of(grounds.findings, policy)
    said = {
        "puid": sanction.id,
        "measure": sanction.measure,
        **_decision(sanction),
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_ground_reference_url": grounds.page,
        "incompatible_content_ground": _ground(policy, clause)[:GROUND],
        "incompatible_content_explanation": _cut(clause.text.strip(), EXPLANATION),
        "category": f"STATEMENT_CATEGORY_{(clause.category or 'other_violation_tc').upper()}",
        **_content(kinds),
        "content_date": _content_date(grounds.findings, kinds),
        "application_date": _day(sanction.applied_at),
        "decision_facts": _facts(grounds),
        "source_type": _source(kinds),
        # A finding is what a rule found; a case without one is what a person brought.
        "automated_detection": ("Yes" if grounds.findings else "No"),
        "automated_decision": automated(sanction),
        "appeal_until": format_instant(grounds.appeal_until) if grounds.appeal_until else "",
    }
    return {name: value for name, value in said.items() if value}


def automated(sanction: Sanction) -> str:
    """Return how far the decision was a program's: a person proposed it, agreed to it, or none."""
    if sanction.proposed_by:
        return NOT
    return PARTIALLY if sanction.approved_by or sanction.people else FULLY


def plain(sanction: Sanction, grounds: Grounds) -> str:
    """Return the statement as lines for a customer, without what the letter says elsewhere."""
    policy = grounds.policy
    clause = policy.clauses[sanction.clause]
    kinds = kinds_of(grounds.findings, policy)
    word = _DECISIONS.get(Measure(sanction.measure), ("", ""))[1]
    restricts = _PLAIN.get(word, "no restriction of the service")
    lines = [
        f"- Decision: {restricts}{_span(sanction, policy.time_zone)}",
        f"- Ground: it goes against our terms: {_ground(policy, clause)}",
        f"- How we learned of it: {_learned(kinds)}",
        f"- How it was decided: {_DECIDED[automated(sanction)]}",
    ]
    if grounds.appeal_until:
        until = spoken(grounds.appeal_until, policy.time_zone)
        lines.append(f"- What you can do: appeal to us until {until}; a court is open to you too")
    if clause.category:
        kind = clause.category.replace("_", " ")
        lines.append(f"- Kind of breach, in the words of the EU: {kind}")
    return "\n".join(one_line(line) for line in lines)


def _decision(sanction: Sanction) -> dict[str, object]:
    name, word = _DECISIONS.get(Measure(sanction.measure), ("", ""))
    if not name:
        return {}
    said: dict[str, object] = {name: [word] if name == _VISIBILITY else word}
    if sanction.measure == Measure.FEE:
        said["decision_monetary_other"] = "fee"
    end = sanction.ended_at if sanction.ended_at is not None else sanction.until
    if name in _ENDS and sanction.applied_at is not None and end is not None:
        said[_ENDS[name]] = _day(end)
    return said


def _ground(policy: Policy, clause: Clause) -> str:
    return f"{policy.title}, version {policy.version}: {clause.title} ({clause.id})"


def _content(kinds: Iterable[str]) -> dict[str, object]:
    known = [_CONTENT[kind] for kind in kinds if kind in _CONTENT]
    if not known:
        return {}
    return {"content_type": ["CONTENT_TYPE_OTHER"], "content_type_other": ", ".join(known)}


def _content_date(findings: Sequence[Finding], kinds: Sequence[str]) -> str:
    """Return the day of the first act; of what was only reported the day is not known."""
    if not findings or not kinds or _REPORT in kinds:
        return ""
    return _day(min(item.first for item in findings))


def _source(kinds: Sequence[str]) -> str:
    if not kinds:
        return ""
    # Whether a report was a notice under article 16 is for people to say; who sent it stays out.
    return "SOURCE_TYPE_OTHER_NOTIFICATION" if _REPORT in kinds else "SOURCE_VOLUNTARY"


def _learned(kinds: Sequence[str]) -> str:
    if _REPORT in kinds:
        return "somebody told us, and our program matched it to you"
    return "our own records, read by a program" if kinds else "people found it"


def _span(sanction: Sanction, zone: str) -> str:
    if sanction.applied_at is None:
        return ""
    end = sanction.ended_at if sanction.ended_at is not None else sanction.until
    until = f" to {spoken(end, zone)}" if end is not None else ""
    return f", from {spoken(sanction.applied_at, zone)}{until}"


def _day(instant: int | None) -> str:
    return "" if instant is None else f"{to_datetime(instant):%Y-%m-%d}"


def _facts(grounds: Grounds) -> str:
    # The database takes no personal data: who it was, the letter says.
    return _cut("\n".join(evidence(grounds.findings, grounds.policy, named=False)), FACTS)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "\u2026"
