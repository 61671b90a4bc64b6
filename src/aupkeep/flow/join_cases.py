"""The acts of a person that join cases, and part one.

In: ids of cases or findings, who, why. Out: the case after it. Findings, sanctions, notices and
answers follow exactly; strikes stay what they were. Each act raises `AupkeepError` where it is not
allowed, and then changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from aupkeep.base.errors import AupkeepError, Fault, unknown_word
from aupkeep.cases.case import Case
from aupkeep.cases.joining import split
from aupkeep.flow.casework import Desk, Said, found_case, join
from aupkeep.flow.installation import Installation
from aupkeep.flow.moving import contents, keep_act, unsettled
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import evidence, sanctions
from aupkeep.store.cases import move_findings, move_sanction
from aupkeep.store.database import unit


def merge_cases(installation: Installation, into: str, others: Sequence[str], said: Said) -> Case:
    """Let the case `into` take over `others`, one after another, and decide it anew."""
    said.check()
    desk = Desk(installation, now=said.now)
    with unit():
        acts = desk.acts()
        whole = found_case(into)
        for other in others:
            whole = join(whole, found_case(other), said, acts.recording)
        acts.decide_again(whole, desk.instant)
        acts.recording.keep()
    return whole


def split_case(
    installation: Installation, identity: str, wanted: Sequence[str], said: Said
) -> Case:
    """Part the findings `wanted` (ids or their beginnings) from a case; return the new case.

    Sanctions that rest on none but these go along. One that still works or waits and rests on
    findings of both parts hinders the act: nobody could say whose it is.
    """
    said.check()
    desk = Desk(installation, now=said.now)
    with unit():
        acts = desk.acts()
        case = found_case(identity)
        findings = evidence.findings_of(case.id)
        chosen = {_one(word, tuple(findings)) for word in wanted}
        rest, apart = split(case, findings, chosen, at=said.now)
        going = _going(sanctions.sanctions_of(case.id), chosen)
        evidence.update_case(rest)
        evidence.update_case(apart)
        move_findings(apart.findings, apart.id)
        moved = [move_sanction(sanction, apart.id) for sanction in going]
        act = said.act("case_split", rest.id, other=apart.id)
        numbers = {"findings": len(apart.findings), "sanctions": len(moved)}
        hashes = contents(moved)
        keep_act(act, rest.provider, acts.recording, other=apart.id, contents=hashes, **numbers)
        for part in (rest, apart):
            acts.decide_again(part, desk.instant)
        acts.recording.keep()
    return apart


def _one(word: str, ids: tuple[str, ...]) -> str:
    found = [name for name in ids if name.startswith(word)] if word else []
    if len(found) == 1:
        return found[0]
    raise AupkeepError(unknown_word(word, ids, what="one finding of this case", place=None))


def _going(there: Sequence[Sanction], chosen: set[str]) -> list[Sanction]:
    """Return the sanctions that rest on findings of `chosen` alone."""
    shared = [
        item
        for item in there
        if unsettled(item) and set(item.findings) & chosen and set(item.findings) - chosen
    ]
    if shared:
        raise AupkeepError([_shared(item) for item in shared])
    return [item for item in there if item.findings and set(item.findings) <= chosen]


def _shared(item: Sanction) -> Fault:
    return Fault(
        code="shared-sanction",
        what=f"{item.measure} {item.id[:12]}, which is {item.state}, rests on findings of both",
        hint="refuse or lift it first, or part the findings otherwise",
    )
