"""Cases joined and parted by people.

In: cases and their findings. Out: the cases after it, or a `Fault`. The laws: every finding is in
one case before and after, strikes are what they were, and parting what was joined changes nothing
but ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.cases.case import Case
from aupkeep.cases.grouping import regrouped
from aupkeep.cases.state import RANK, CaseState
from aupkeep.detection.finding import Finding


def merge(
    into: Case, other: Case, findings: Mapping[str, Finding], *, at: int
) -> tuple[Case, Case]:
    """Return `into` with the findings of `other`, and `other` without any; `findings` are of both.

    Both must be of one provider, clause and customer, neither closed nor merged before; raises
    `AupkeepError` otherwise. Their strikes stay as they are.
    """
    faults = _cannot_merge(into, other)
    if faults:
        raise AupkeepError(faults)
    state = max(CaseState(into.state), CaseState(other.state), key=RANK.index)
    also = tuple(dict.fromkeys((*into.also, other.key, *other.also)))
    whole = replace(
        into,
        state=state.value,
        moved_at=at if state != into.state else into.moved_at,
        also=tuple(key for key in also if key != into.key) if not other.apart else into.also,
        apart=into.apart and other.apart,
        look_at=at,
    )
    gone = replace(
        other, state=CaseState.CLOSED.value, moved_at=at, merged_into=into.id, look_at=None
    )
    return regrouped(whole, findings.values()), gone


def split(
    case: Case, findings: Mapping[str, Finding], wanted: Collection[str], *, at: int
) -> tuple[Case, Case]:
    """Return `case` without the findings whose ids are `wanted`, and a new case that has them.

    `findings` are all those of `case`. Later findings of its key join `case`. Raises `AupkeepError`
    where one is not its own, or where one of the two would have none.
    """
    faults = _cannot_split(case, findings, wanted)
    if faults:
        raise AupkeepError(faults)
    moving = [item for name, item in findings.items() if name in wanted]
    staying = [item for name, item in findings.items() if name not in wanted]
    apart = replace(
        case,
        id=make_id("case", "split", case.id, sorted(wanted), at),
        state=CaseState.OPEN.value,
        moved_at=at,
        told_at=None,
        disposition="",
        apart=True,
        look_at=at,
    )
    return replace(regrouped(case, staying), look_at=at), regrouped(apart, moving)


def _cannot_merge(into: Case, other: Case) -> list[Fault]:
    faults = []
    if into.id == other.id:
        faults.append(Fault(code="same-case", what="a case cannot be merged with itself"))
    for case in (into, other):
        if case.merged_into:
            what = f"case {case.id[:12]} was merged into case {case.merged_into[:12]}"
            faults.append(Fault(code="merged", what=what))
        elif case.state == CaseState.CLOSED:
            what = f"case {case.id[:12]} is closed"
            faults.append(Fault(code="closed", what=what, hint="open it again first"))
    for name in ("provider", "clause", "customer"):
        if getattr(into, name) != getattr(other, name):
            what = (
                f"the cases are of different {name}s: `{getattr(into, name) or 'nobody'}` and "
                f"`{getattr(other, name) or 'nobody'}`"
            )
            faults.append(Fault(code="different", what=what))
    return faults


def _cannot_split(
    case: Case, findings: Mapping[str, Finding], wanted: Collection[str]
) -> list[Fault]:
    faults = []
    if case.merged_into or case.state == CaseState.CLOSED:
        what = f"case {case.id[:12]} is closed"
        faults.append(Fault(code="closed", what=what, hint="open it again first"))
    for name in sorted(set(wanted) - set(findings)):
        what = f"finding `{name}` is not one of case {case.id[:12]}"
        faults.append(Fault(code="no-such-finding", what=what, allowed=tuple(findings)[:20]))
    if not faults and not 0 < len(set(wanted)) < len(findings):
        what = "both cases must have findings: name some of them, and not all"
        faults.append(Fault(code="nothing-left", what=what))
    return faults
