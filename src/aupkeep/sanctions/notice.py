"""What a customer is told: the policy's own template, filled with what is so.

In: a policy, a sanction and the case it belongs to, what the record says. Out: a `Notice`, the same
for the same input. Strangers' text (logins, addresses) goes in as one line without control
characters, so that it can pretend to be nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aupkeep.base.ids import make_id
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Measure, Policy
from aupkeep.policy.money import written
from aupkeep.policy.templates import VARIABLES, environment
from aupkeep.sanctions.observed import evidence
from aupkeep.sanctions.reasons import Grounds, plain
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.sanctions.wording import length, one_line, spoken

#: Templates of the message that says that a measure has ended: taken back, or by itself.
LIFTED, EXPIRED = "lifted", "expired"
#: Kinds of notices: of a measure, of its end, and of the steps of the talk about it. A kind of the
#: talk is its template's name too.
OF_MEASURE, OF_END = "measure", "lifted"
QUESTION, REMINDER = "question", "reminder"
APPEAL_RECEIPT, APPEAL_DECISION = "appeal_receipt", "appeal_decision"
#: Kinds to which an answer is expected.
ASKING = frozenset({OF_MEASURE, QUESTION, REMINDER})
#: The language whose templates every policy has.
FALLBACK = "en"

#: Measure -> how a customer calls it.
WORDS: Mapping[Measure, str] = {
    Measure.WARN: "a question to you",
    Measure.THROTTLE: "slower service",
    Measure.HOLD_MAIL: "outgoing mail held",
    Measure.LOCK_SITE: "page or site locked",
    Measure.QUARANTINE_FILE: "file set aside",
    Measure.REMOVE_CONTENT: "content removed",
    Measure.BLOCK_TRAFFIC: "traffic blocked",
    Measure.SUSPEND_SERVICE: "service suspended",
    Measure.SUSPEND_ACCOUNT: "account suspended",
    Measure.DENY_SERVICE: "service denied",
    Measure.FEE: "fee",
    Measure.TERMINATE: "contract ended",
    Measure.PRESERVE: "evidence kept",
    Measure.NOTIFY_AUTHORITY: "an authority told",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to a customer, word for word."""

    id: str
    sanction: str
    case: str
    provider: str
    customer: str
    clause: str
    policy_version: str
    #: `measure`, `lifted`, or a step of the talk.
    kind: str
    language: str
    #: Mail address of the customer; empty where the profile names none.
    recipient: str
    subject: str
    text: str
    at: int
    #: Number of the record's entry that it names, and the checkpoint that covers it.
    entry: int
    checkpoint: str
    #: Id of the first letter of the case, to which this one is an answer; empty: it is the first.
    thread: str = ""
    #: A second address that it goes to as well; empty: none.
    second: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a notice tells besides the sanction itself."""

    policy: Policy
    #: The findings that the sanction rests on.
    findings: Sequence[Finding]
    #: What the customer's profile says.
    language: str
    recipient: str
    #: The page on which the customer reads and answers.
    link: str
    entry: int
    checkpoint: str
    #: In plain words why it has ended, and what became of what was held; of an end only.
    reason: str = ""
    #: What of the talk it is about, an appeal for one; empty: there is one of the kind.
    about: str = ""
    thread: str = ""
    second: str = ""
    #: Until when the customer may appeal; None: as long as the policy gives from now on.
    appeal_until: int | None = None
    #: The same person decides an appeal.
    alone: bool = False
    #: The public page of the clause; empty where it is not known.
    page: str = ""


def notice_id(sanction: str, kind: str, about: str = "") -> str:
    """Return the id of the notice of `kind` about `sanction`: there is one of each.

    `about` tells several of one kind apart.
    """
    return make_id("notice", sanction, kind, *([about] if about else []))


def compose(sanction: Sanction, kind: str, told: Circumstances, *, now: int) -> Notice:
    """Return the notice of `kind` about `sanction`.

    The first line of a template is its subject. Raises `KeyError` where the policy has no template
    for the measure, which its checker keeps from happening.
    """
    name = _template(sanction, kind, told.policy)
    language = _language(told, name)
    template = environment().from_string(told.policy.notices[language, name])
    text = template.render(_values(sanction, told, now))
    subject, _, body = text.partition("\n")
    return Notice(
        id=notice_id(sanction.id, kind, told.about),
        sanction=sanction.id,
        case=sanction.case,
        provider=sanction.provider,
        customer=sanction.customer,
        clause=sanction.clause,
        policy_version=told.policy.version,
        kind=kind,
        language=language,
        recipient=told.recipient,
        subject=one_line(subject.lstrip("# ")),
        text=body.strip("\n") + "\n",
        at=now,
        entry=told.entry,
        checkpoint=told.checkpoint,
        thread=told.thread,
        second=told.second,
    )


def together(notices: Sequence[Notice]) -> tuple[str, str]:
    """Return subject and text of one letter that carries several notices, in their order."""
    first, *rest = notices
    if not rest:
        return first.subject, first.text
    parts = [
        f"{number}. {one.subject}\n\n{one.text.strip()}\n"
        for number, one in enumerate(notices, start=1)
    ]
    line = f"\n{'-' * 40}\n\n"
    head = (
        f"This letter has {len(notices)} parts. Each of them has its own case and its own link.\n"
    )
    return f"{first.subject}, and {len(rest)} more", head + line + line.join(parts)


def _template(sanction: Sanction, kind: str, policy: Policy) -> str:
    if kind == OF_MEASURE:
        return sanction.measure
    if kind != OF_END:
        return kind
    # A policy that was published before there was a word of its own for it has only the other.
    by_itself = sanction.state is State.EXPIRED and (FALLBACK, EXPIRED) in policy.notices
    return EXPIRED if by_itself else LIFTED


def _language(told: Circumstances, name: str) -> str:
    wanted = (told.language, *told.policy.languages, FALLBACK)
    return next(word for word in wanted if (word, name) in told.policy.notices)


def _values(sanction: Sanction, told: Circumstances, now: int) -> dict[str, object]:
    policy, findings = told.policy, sorted(told.findings, key=lambda item: (item.first, item.id))
    clause = policy.clauses[sanction.clause]
    answer = _answer_within(policy, sanction)
    named = findings[0] if findings else None
    ends = sanction.ended_at if sanction.ended_at is not None else sanction.until
    appeal = told.appeal_until if told.appeal_until is not None else now + policy.appeal_within
    grounds = Grounds(policy=policy, findings=findings, appeal_until=appeal, page=told.page)

    def local(instant: int | None) -> str:
        return "" if instant is None else spoken(instant, policy.time_zone)

    values: dict[str, object] = dict.fromkeys(VARIABLES, "")
    values |= {
        "provider": policy.provider,
        "contact": policy.contact,
        "customer": sanction.customer,
        "service": (named.service if named else "") or sanction.target,
        "user": named.key.get("login") or "" if named else "",
        "target": sanction.target,
        "scope": sanction.scope,
        "case": sanction.case[:12],
        "clause": clause.id,
        "clause_title": clause.title,
        "clause_text": clause.text.strip(),
        "policy_title": policy.title,
        "version": policy.version,
        "effective": local(policy.effective),
        "measure": WORDS[Measure(sanction.measure)],
        "reason": told.reason or _why(clause.immediate, sanction),
        "first_seen": local(min((item.first for item in findings), default=None)),
        "last_seen": local(max((item.last for item in findings), default=None)),
        "starts": local(sanction.applied_at),
        "ends": local(ends),
        "length": length(sanction.length) if sanction.length else "",
        "answer_by": local(now + answer if answer else None),
        "answer_link": told.link,
        "appeal_by": local(appeal),
        "appeal_link": f"{told.link}#appeal" if told.link else "",
        "statement": plain(sanction, grounds),
        "alone": "yes" if told.alone else "",
        "entry": str(told.entry),
        "checkpoint": told.checkpoint,
        "fee": written(sanction.amount, sanction.currency) if sanction.amount else "",
    }
    quoted = ("target", "service", "user", "customer")
    values |= {name: one_line(str(values[name])) for name in quoted}
    values["evidence"] = evidence(findings, policy)
    return values


def _answer_within(policy: Policy, sanction: Sanction) -> int:
    """Return how long the customer has to answer, counted from the notice; 0 = no clock."""
    steps = policy.ladders[policy.clauses[sanction.clause].ladder].steps
    return next((step.answer_within for step in steps if step.name == sanction.step), 0)


def _why(immediate: bool, sanction: Sanction) -> str:  # noqa: FBT001  # a clause is or is not
    if sanction.touches_service and immediate:
        return "The rule lets us act at once, because our own records prove it."
    return ""
