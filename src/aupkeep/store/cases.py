"""What follows findings from case to case, and the acts on cases with their reasons.

In: ids, frozen values. Out: the same. Writing happens inside `database.unit()` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from aupkeep.cases.act import CaseAct
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import models
from aupkeep.store.appeals import appeals_against, put_appeal
from aupkeep.store.rows import from_text, to_text


def put_act(act: CaseAct) -> None:
    """Store an act; the same one again changes nothing."""
    models.CaseAct.objects.get_or_create(
        id=act.id, defaults={"case": act.case, "at": act.at, "body": to_text(act)}
    )


def acts_on(*cases: str) -> list[CaseAct]:
    """Return the acts on `cases`, in the order in which they were done."""
    rows = models.CaseAct.objects.filter(case__in=cases).order_by("seq")
    return [from_text(row.body, CaseAct) for row in rows]


def move_findings(findings: Iterable[str], case: str) -> None:
    """Put `findings` into `case`."""
    models.Finding.objects.filter(id__in=list(findings)).update(case=case)


def move_sanction(sanction: Sanction, case: str) -> Sanction:
    """Put `sanction` into `case`, with all that was said about it; return it as it is then."""
    moved = replace(sanction, case=case)
    models.Sanction.objects.filter(id=sanction.id).update(case=case, body=to_text(moved))
    notices = models.Notice.objects.filter(sanction=sanction.id)
    names = list(notices.values_list("id", flat=True))
    models.Answer.objects.filter(notice__in=names).update(case=case)
    models.Attachment.objects.filter(notice__in=names).update(case=case)
    notices.update(case=case)
    for appeal in appeals_against(sanction.id):
        put_appeal(replace(appeal, case=case))
    return moved
