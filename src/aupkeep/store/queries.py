"""What the pages of the desk read.

In: ids, filters, instants, the reader's role. Out: frozen values, with nothing in them that is not
the reader's to read. Nothing here writes, and no transaction is open between two reads, so that a
page never keeps a writer waiting.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models import Case as Choose
from django.db.models import When as Where

from aupkeep.attribution.holdings import Holding
from aupkeep.base.clock import HOUR, MINUTE, parse_instant
from aupkeep.cases.act import CaseAct
from aupkeep.cases.case import Case
from aupkeep.cases.excepting import PolicyException
from aupkeep.cases.state import CaseState
from aupkeep.decisions.decision import Decision
from aupkeep.detection.finding import Finding
from aupkeep.policy.words import REVERSIBLE
from aupkeep.record.rights import USUAL, Role, Sees, sees
from aupkeep.sanctions.appeal import Appeal
from aupkeep.sanctions.notice import OF_MEASURE, Notice, notice_id
from aupkeep.sanctions.sanction import IN_FORCE, Sanction, State
from aupkeep.store import (
    alarms,
    appeals,
    arming,
    course,
    dialogue,
    evidence,
    exceptions,
    intake,
    models,
    redacted,
)
from aupkeep.store.cases import acts_on
from aupkeep.store.envelopes import State as EnvelopeState
from aupkeep.store.envelopes import opened
from aupkeep.store.people.models import Person
from aupkeep.store.rows import from_text
from aupkeep.store.sanctions import Waiting, waiting, waiting_of

#: Cases on one page of the queue.
PAGE = 50

#: Which cases of the queue: those a person must act on, those with a measure in force, every one.
NEEDS, FORCE, EVERY = "needs", "force", "all"

#: Bars of a chart at most, and how wide a sum of counts may be; a bar is one of these or wider.
BARS = 96
STEPS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR)

#: A chart begins so long before the first finding and ends so long after the last.
AROUND = HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A filter of the queue; empty text filters nothing."""

    provider: str = ""
    state: str = EVERY
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One case as the queue shows it."""

    case: Case
    decision: Decision | None
    sanctions: tuple[Waiting, ...]
    answers: int
    #: A person must act on it.
    needs: bool
    #: When a person must have decided; None where there is no clock or it was met.
    due: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One page of the queue and how many cases fit the filter."""

    rows: tuple[QueueRow, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What stands above the queue."""

    armed: tuple[arming.Armed, ...]
    pauses: tuple[arming.Paused, ...]
    alarms: tuple[alarms.Alarm, ...]
    #: The engine's last commit; None: it has not read anything yet.
    committed: intake.Committed | None
    #: Exceptions in force, with how many findings each has covered.
    exceptions: tuple[tuple[PolicyException, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One entry of the record, for people."""

    provider: str
    seq: int
    hash: str
    #: None and empty where the stored line cannot be read.
    at: int | None
    act: str
    by: str
    body: Mapping[str, Any]
    #: What is in its envelope, as far as the reader may see it.
    personal: Mapping[str, Any]
    envelope: EnvelopeState


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Everything about one case that its reader may see."""

    case: Case
    decision: Decision | None
    findings: tuple[Finding, ...]
    #: Id of a finding -> who held then what its actor names; missing where nobody did.
    held: Mapping[str, Holding]
    sanctions: tuple[Waiting, ...]
    notices: tuple[dialogue.Sent, ...]
    answers: tuple[dialogue.Answer, ...]
    attachments: tuple[dialogue.Attachment, ...]
    appeals: tuple[Appeal, ...]
    entries: tuple[EntryLine, ...]
    minutes: tuple[course.Minute, ...]
    #: What was done with the case itself.
    acts: tuple[CaseAct, ...]
    #: What `minutes` covers.
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage:
    """One notice, as the customer it was written to may see it."""

    notice: Notice
    sent_at: int | None
    sanction: Sanction | None
    findings: tuple[Finding, ...]
    answers: tuple[dialogue.Answer, ...]
    attachments: tuple[dialogue.Attachment, ...]
    #: Appeals against the sanction it tells of, and until when there can be one.
    appeals: tuple[Appeal, ...]
    seen_at: int | None
    #: When the measure itself was told; None: it was not.
    told_at: int | None


def _json(path: str, kind: type[BigIntegerField[Any, Any] | TextField[Any, Any]]) -> Func:
    return Func(F("body"), Value(path), function="JSON_EXTRACT", output_field=kind())


def _live(**conditions: object) -> QuerySet[models.Sanction]:
    """Return the sanctions of the outer case that are no mere *would do*."""
    rows = models.Sanction.objects.alias(would_do=_json("$.would_do", BigIntegerField))
    return rows.filter(case=OuterRef("id"), would_do=0, **conditions)


def _in_force() -> QuerySet[models.Sanction]:
    states = [state.value for state in IN_FORCE]
    return _live(state__in=states, measure__in=[measure.value for measure in REVERSIBLE])


def _cases() -> QuerySet[Any]:
    """Return cases with `needs` (a person must act) and `clock` (when they must have decided)."""
    decided = models.Decision.objects.filter(id=OuterRef("decision"))
    asks = Func(
        F("body"),
        Value("$.review"),
        function="JSON_ARRAY_LENGTH",
        output_field=BigIntegerField(),
    )
    answered = models.Answer.objects.filter(case=OuterRef("id"))
    rows = models.Case.objects.alias(
        live=Exists(_live()),
        waits=Exists(_live(state=State.PROPOSED.value)),
        review=Subquery(decided.values(count=asks)),
        decide_by=Subquery(decided.values(by=_json("$.decide_by", BigIntegerField))),
    )
    # What a person was asked to look at stays, though its cause may be gone by itself.
    over = Q(state=CaseState.CLOSED.value)
    needs = (
        Q(waits=True)
        | Exists(_live(state=State.FAILED.value))
        | (Q(live=False, review__gt=0) & ~over)
        | (Exists(answered) & Exists(_in_force()))
        | Exists(models.Appeal.objects.filter(case=OuterRef("id"), outcome=""))
    )
    return rows.annotate(
        needs=Choose(Where(needs, then=Value(1)), default=Value(0)),
    ).annotate(
        clock=Choose(Where(Q(live=True, waits=False), then=None), default=F("decide_by")),
    )


def queue(wanted: Wanted, *, page: int = 1, role: Role = USUAL) -> Queue:
    """Return page `page` (from 1) of the cases that fit, the oldest due first, as `role` sees it.

    Whoever may not see who a customer is cannot look for one either.
    """
    rows, reader = _cases(), sees(role)
    if wanted.provider:
        rows = rows.filter(provider=wanted.provider)
    if wanted.state == NEEDS:
        rows = rows.filter(needs=1)
    if wanted.state == FORCE:
        rows = rows.filter(Exists(_in_force()))
    if wanted.text:
        rows = rows.filter(_mentions(wanted.text, reader))
    total = rows.count()
    ordered = rows.order_by(F("clock").asc(nulls_last=True), "aware_at", "id")
    rows_ = _rows(list(ordered[(page - 1) * PAGE : page * PAGE]), reader)
    return Queue(rows=rows_, total=total)


def _mentions(text: str, reader: Sees) -> Q | Exists:
    """Return what finds `text` in a case: customer, clause, id, who did it, what is held."""
    if not reader.identity:
        return Q(clause__icontains=text) | Q(id__startswith=text.lower())
    actor = _json("$.actor", TextField)
    target = _json("$.target", TextField)
    inside = {"said__icontains": text, "case": OuterRef("id")}
    return (
        Q(customer__icontains=text)
        | Q(clause__icontains=text)
        | Q(id__startswith=text.lower())
        | Exists(models.Finding.objects.alias(said=actor).filter(**inside))
        | Exists(models.Sanction.objects.alias(said=target).filter(**inside))
    )


def _rows(cases: list[Any], reader: Sees) -> tuple[QueueRow, ...]:
    ids = [row.id for row in cases]
    decisions = {
        row.id: from_text(row.body, Decision)
        for row in models.Decision.objects.filter(id__in=[row.decision for row in cases])
    }
    sanctions = _waiting(ids)
    answers = Counter(models.Answer.objects.filter(case__in=ids).values_list("case", flat=True))
    found = []
    for row in cases:
        case = from_text(row.body, Case)
        found.append(
            QueueRow(
                case=redacted.case(case, reader),
                decision=decisions.get(row.decision) if reader.identity else None,
                sanctions=redacted.sanctions(sanctions[row.id], case, reader),
                answers=answers[row.id],
                needs=bool(row.needs),
                due=row.clock,
            )
        )
    return tuple(found)


def _waiting(cases: Iterable[str]) -> Mapping[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = defaultdict(list)
    for row in models.Sanction.objects.filter(case__in=cases).order_by("measure", "id"):
        item = Waiting(
            sanction=from_text(row.body, Sanction),
            next_at=row.next_at,
            attempts=row.attempts,
            trouble=row.trouble,
        )
        found[row.case].append(item)
    return found


def overview(now: int, *, role: Role = USUAL) -> Overview:
    """Return what is armed, paused, alarming and excepted, and how far the engine has read.

    Exceptions name customers, so not everybody sees them.
    """
    identity = sees(role).identity
    counts = exceptions.counts()
    return Overview(
        armed=tuple(arming.armed()),
        pauses=tuple(arming.paused()),
        alarms=tuple(alarms.alarms()),
        committed=intake.latest(),
        exceptions=tuple(
            (item, counts.get(item.id, 0))
            for item in exceptions.exceptions()
            if identity and item.at(now)
        ),
    )


def case_page(identity: str, *, role: Role, full: bool = False) -> CasePage | None:
    """Return what `role` sees of the case whose id is or begins with `identity`, or None.

    `full`: the reader said why, and `flow.viewing` has entered it.
    """
    case = evidence.get_case(identity)
    if case is None:
        return None
    reader = sees(role, full=full)
    findings = tuple(evidence.findings_of(case.id).values())
    sanctions = tuple(waiting_of(case.id))
    since = min((item.first for item in findings), default=case.opened_at) - AROUND
    until = max((item.last for item in findings), default=case.opened_at) + AROUND
    subjects = (case.id, *(item.sanction.id for item in sanctions))
    return CasePage(
        case=redacted.case(case, reader),
        decision=evidence.decision_of(case.id) if reader.identity else None,
        findings=redacted.findings(findings, case, reader),
        held=_held(findings) if reader.identity else {},
        sanctions=redacted.sanctions(sanctions, case, reader),
        notices=tuple(dialogue.notices_of(case.id)) if reader.identity else (),
        acts=tuple(acts_on(case.id)) if reader.identity else (),
        answers=tuple(dialogue.answers_of(case.id)) if reader.identity else (),
        attachments=tuple(dialogue.attachments_of(case.id)) if reader.identity else (),
        appeals=redacted.appeals(appeals.appeals_of(case.id), case, reader),
        entries=_entries(reader, *subjects),
        minutes=_minutes(case, since, until),
        since=since,
        until=until,
    )


def _minutes(case: Case, since: int, until: int) -> tuple[course.Minute, ...]:
    """Return the counts of the case's customer, summed over steps no wider than a chart's bars.

    A chart has `BARS` bars at most, so a month is not read minute by minute.
    """
    step = max((one for one in STEPS if one * BARS <= until - since), default=MINUTE)
    rows = models.Minute.objects.filter(
        provider=case.provider, customer=case.customer or "", at__gte=since, at__lt=until
    )
    summed = rows.values("kind", "mark", start=F("at") - F("at") % step).annotate(rows=Sum("n"))
    return tuple(
        course.Minute(
            provider=case.provider,
            customer=case.customer or "",
            kind=row["kind"],
            mark=row["mark"],
            at=row["start"],
            n=row["rows"],
        )
        for row in summed.order_by("start", "kind", "mark")
    )


def _held(findings: Sequence[Finding]) -> dict[str, Holding]:
    """Return who held what each finding's actor names (`login:ann@shop.example`) at its opening."""
    named = {item.id: item.actor.partition(":")[::2] for item in findings}
    rows = models.Holding.objects.filter(
        provider__in={item.provider for item in findings},
        value__in={value for _, value in named.values()},
    )
    listed = [Holding(**row) for row in rows.order_by("id").values(*_HOLDING)]
    found = {}
    for item in findings:
        for held in listed:
            there = held.since <= item.first and (held.until is None or item.first < held.until)
            about = (held.provider, held.customer) == (item.provider, item.customer)
            if there and about and (held.kind, held.value) == named[item.id]:
                found[item.id] = held
    return found


_HOLDING = (
    *("provider", "kind", "value", "port_from", "port_to", "customer", "service", "plan"),
    *("since", "until", "source", "recorded_at"),
)


def _entries(reader: Sees, *subjects: str) -> tuple[EntryLine, ...]:
    """Return the entries about one of the ids, oldest first."""
    rows = models.Entry.objects.filter(subject__in=subjects).order_by("provider", "seq")
    return tuple(_entry(row, reader) for row in rows)


def _entry(row: models.Entry, reader: Sees) -> EntryLine:
    try:
        said = json.loads(row.line)
        at, act, body = parse_instant(said["at"]), str(said["act"]), dict(said["body"])
    except (ValueError, KeyError, TypeError):
        # Somebody wrote into the database past the program; `record verify` says where.
        at, act, body = None, "", {}
    sealed = None if row.envelope is None else bytes(row.envelope)
    envelope = opened(sealed, (row.provider, row.seq))
    return EntryLine(
        provider=row.provider,
        seq=row.seq,
        hash=row.hash,
        at=at,
        act=act,
        by=str(body.get("by", "")),
        body=body,
        personal=redacted.personal(envelope, reader),
        envelope=envelope.state,
    )


def notice_page(identity: str) -> NoticePage | None:
    """Return the notice `identity` with what it is about, or None."""
    sent = dialogue.sent(identity)
    if sent is None:
        return None
    found = waiting(sent.notice.sanction)
    sanction = found.sanction if found else None
    findings = evidence.findings_of(sent.notice.case)
    files = dialogue.attachments_of(sent.notice.case)
    measure = dialogue.get_notice(notice_id(sent.notice.sanction, OF_MEASURE))
    return NoticePage(
        notice=sent.notice,
        sent_at=sent.sent_at,
        sanction=sanction,
        findings=tuple(
            item for name, item in findings.items() if sanction and name in sanction.findings
        ),
        answers=tuple(dialogue.answers_to(identity)),
        attachments=tuple(one for one in files if one.notice == identity),
        appeals=tuple(appeals.appeals_against(sent.notice.sanction)),
        seen_at=sent.seen_at,
        told_at=measure.at if measure else None,
    )


def appeal_of(case: str, identity: str) -> Appeal | None:
    """Return the appeal `identity` of a case whose id is or begins with `case`, or None."""
    found = appeals.get_appeal(identity)
    return found if found and case and found.case.startswith(case) else None


def policy_edition() -> int:
    """Return a number that grows whenever a policy is published."""
    newest = models.PolicyVersion.objects.order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def sanction_of(case: str, identity: str) -> Sanction | None:
    """Return the sanction `identity` where it belongs to `case`, both in full, or None."""
    row = models.Sanction.objects.filter(id=identity, case=case).first()
    return from_text(row.body, Sanction) if row else None


def person(name: str) -> Person | None:
    """Return the person of that name as sessions want them; None where they may not sign in."""
    return Person.objects.filter(name=name, active=True).first()


def paused_as(provider: str, called: str) -> tuple[str, str]:
    """Return (kind, name) of what is paused under that name; of a power where nothing is."""
    found = [one for one in arming.paused() if (one.provider, one.called) == (provider, called)]
    return (found[0].kind, found[0].power) if found else ("power", called)
