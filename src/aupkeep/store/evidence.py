"""Findings, cases and decisions: read and written whole.

In: frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from django.db.models import Q

from aupkeep.cases.case import Case, CaseKey
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
        id=case.id,
        defaults={
            "provider": case.provider,
            "customer": case.customer,
            "clause": case.clause,
            "state": case.state,
            "aware_at": case.aware_at,
            "due": due,
            "decision": decision,
            "body": to_text(case),
        },
    )


def look_again(case: str, at: int) -> None:
    """Let the open case `case` be decided again at the instant `at`, or sooner where it is due."""
    rows = models.Case.objects.filter(id=case, state="open")
    rows.filter(Q(due=None) | Q(due__gt=at)).update(due=at)


def open_case(key: CaseKey) -> Case | None:
    """Return the open case of `key`, or None."""
    rows = models.Case.objects.filter(
        provider=key.provider, clause=key.clause, customer=key.customer or None, state="open"
    )
    for row in rows:
        case = from_text(row.body, Case)
        if case.key == key:
            return case
    return None


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
