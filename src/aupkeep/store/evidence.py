"""Findings, cases and decisions: read and written whole.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from django.db.models import Q

from aupkeep.cases.case import Case, CaseKey
from aupkeep.cases.state import CaseState
from aupkeep.decisions.decision import Decision
from aupkeep.detection.finding import Finding
from aupkeep.store import models
from aupkeep.store.rows import from_text, to_text


def put_finding(finding: Finding, case: str) -> None:
    """Store the present state of `finding`, a member of `case` (empty = of none)."""
    models.Finding.objects.update_or_create(
        id=finding.id,
        defaults={
            "provider": finding.provider,
            "customer": finding.customer,
            "clause": finding.clause,
            "first": finding.first,
            "case": case,
            "exception": finding.exception,
            "covered": finding.suppressed and finding.state != "ended",
            "body": to_text(finding),
        },
    )


def findings_of(case: str) -> dict[str, Finding]:
    """Return the findings of `case` by id, in the order of their openings."""
    rows = models.Finding.objects.filter(case=case).order_by("first", "id")
    return {row.id: from_text(row.body, Finding) for row in rows}


def get_finding(identity: str) -> Finding | None:
    """Return the finding with the id `identity`, or None."""
    row = models.Finding.objects.filter(id=identity).first()
    return from_text(row.body, Finding) if row else None


def put_case(case: Case, *, due: int | None, decision: str) -> None:
    """Store the present state of `case` and the decision in force."""
    models.Case.objects.update_or_create(
        id=case.id, defaults=_columns(case) | {"due": due, "decision": decision}
    )


def update_case(case: Case) -> None:
    """Store the present state of `case`; what is closed is not decided again by itself."""
    over = {"due": None, "probe_at": None} if case.state == CaseState.CLOSED else {}
    models.Case.objects.update_or_create(id=case.id, defaults=_columns(case) | over)


def _columns(case: Case) -> dict[str, object]:
    return {
        "provider": case.provider,
        "customer": case.customer,
        "clause": case.clause,
        "state": case.state,
        "aware_at": case.aware_at,
        "look_at": case.look_at,
        "reseller": case.reseller,
        "merged_into": case.merged_into,
        "body": to_text(case),
    }


def look_again(case: str, at: int) -> None:
    """Let `case`, unless it is closed, be decided again at the instant `at`, or sooner if due."""
    rows = models.Case.objects.filter(id=case).exclude(state=CaseState.CLOSED.value)
    rows.filter(Q(due=None) | Q(due__gt=at)).update(due=at)


def probe_again(case: str, at: int) -> None:
    """Let probes look at the cause of `case`, unless it is closed, at the instant `at`."""
    rows = models.Case.objects.filter(id=case).exclude(state=CaseState.CLOSED.value)
    rows.update(probe_at=at)


def current_case(key: CaseKey) -> Case | None:
    """Return the case that new findings of `key` join, or None."""
    rows = models.Case.objects.filter(
        provider=key.provider, clause=key.clause, customer=key.customer or None
    ).exclude(state=CaseState.CLOSED.value)
    for row in rows.order_by("aware_at", "id"):
        case = from_text(row.body, Case)
        if case.takes(key):
            return case
    return None


def case_of(finding: str) -> Case | None:
    """Return the case that the finding with the id `finding` is in, or None."""
    row = models.Finding.objects.filter(id=finding).exclude(case="").first()
    return exact_case(row.case) if row else None


def exact_case(identity: str) -> Case | None:
    """Return the case whose whole id is `identity`, or None."""
    row = models.Case.objects.filter(id=identity).first()
    return from_text(row.body, Case) if row else None


def standing_case(identity: str) -> Case | None:
    """Return the case `identity`, or the one that took it over in the end; None where none is."""
    case = exact_case(identity)
    while case is not None and case.merged_into:
        case = exact_case(case.merged_into)
    return case


def merged_cases(case: str) -> list[Case]:
    """Return the cases that `case` took over, and those that they had, by id."""
    found, ahead = [], [case]
    while ahead:
        rows = models.Case.objects.filter(merged_into=ahead.pop()).order_by("id")
        taken = [from_text(row.body, Case) for row in rows]
        found += taken
        ahead += [item.id for item in taken]
    return found


def cases_about(provider: str, *, customer: str = "", reseller: str = "") -> list[Case]:
    """Return every case about `customer`, or about customers of `reseller`, the oldest first."""
    rows = models.Case.objects.filter(provider=provider).order_by("aware_at", "id")
    rows = rows.filter(customer=customer) if customer else rows.filter(reseller=reseller)
    return [from_text(row.body, Case) for row in rows]


def cases_to_look_at(until: int) -> list[tuple[int, Case]]:
    """Return (instant, case) of the causes to look at by `until`, the earliest first."""
    rows = models.Case.objects.filter(look_at__lte=until).order_by("look_at", "id")
    return [(row.look_at, from_text(row.body, Case)) for row in rows if row.look_at is not None]


def cases_to_probe(until: int, *, most: int) -> list[Case]:
    """Return the cases that probes are to look at by `until`, what waits longest first."""
    rows = models.Case.objects.filter(probe_at__lte=until).order_by("probe_at", "id")[:most]
    return [from_text(row.body, Case) for row in rows]


def put_probe(case: str, at: int | None) -> None:
    """Store when probes look at `case` next; None: no more."""
    models.Case.objects.filter(id=case).update(probe_at=at)


def get_case(identity: str) -> Case | None:
    """Return the case whose id is or begins with `identity`, or None where it is not one case."""
    rows = list(models.Case.objects.filter(id=identity))
    rows = rows or list(models.Case.objects.filter(id__startswith=identity)[:2])
    return from_text(rows[0].body, Case) if len(rows) == 1 else None


def all_cases(*, provider: str = "") -> list[Case]:
    """Return every case, the oldest awareness first."""
    rows = models.Case.objects.order_by("aware_at", "id")
    if provider:
        rows = rows.filter(provider=provider)
    return [from_text(row.body, Case) for row in rows]


def due_cases(until: int) -> list[tuple[int, Case]]:
    """Return (due instant, case) of the cases to look at again by `until`, the earliest first."""
    rows = models.Case.objects.filter(due__lte=until).order_by("due", "id")
    return [(row.due, from_text(row.body, Case)) for row in rows if row.due is not None]


def put_decision(decision: Decision, at: int) -> bool:
    """Store `decision`; False where the same one is stored already."""
    _, created = models.Decision.objects.get_or_create(
        id=decision.id, defaults={"case": decision.case, "at": at, "body": to_text(decision)}
    )
    return created


def decision_of(case: str) -> Decision | None:
    """Return the decision in force about `case`, or None."""
    row = models.Case.objects.filter(id=case).first()
    if row is None or not row.decision:
        return None
    found = models.Decision.objects.filter(id=row.decision).first()
    return from_text(found.body, Decision) if found else None
