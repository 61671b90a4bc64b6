"""What powers have in force against what the sanctions say, and what differs.

In: powers. Out: orphans (marks that no sanction accounts for) and missing ones (sanctions whose
mark is gone). Nobody's mark is taken away here, and nothing is put back: a person at the machine
may have had a reason, so a missing mark makes the sanction fail, visibly.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.flow.powers import Powers
from aupkeep.sanctions.power import Mark
from aupkeep.sanctions.sanction import IN_FORCE, Sanction, State
from aupkeep.store import sanctions

#: States in which a mark must be there. While applying, lifting or failed it may or may not be.
MUST_SHOW = frozenset({State.VERIFIED, State.ANNOUNCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A mark that no sanction in force accounts for."""

    provider: str
    measure: str
    mark: Mark
    #: In plain words whose it seems to be.
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What does not agree."""

    orphans: tuple[Orphan, ...]
    missing: tuple[Sanction, ...]


def reconcile(powers: Powers) -> Difference:
    """Compare marks and sanctions; raises `PowerFault` where a power cannot list its marks."""
    orphans: list[Orphan] = []
    missing: list[Sanction] = []
    for (provider, measure), power in sorted(powers.items()):
        # The hand may act meanwhile: only what two looks around the sanctions agree on differs.
        before = power.marks()
        known = sanctions.accounting(provider, measure, [mark.sanction for mark in before])
        after = power.marks()
        lasting = {(mark.sanction, mark.target) for mark in before}
        orphans += [
            Orphan(provider=provider, measure=measure, mark=mark, why=why)
            for mark in after
            if (mark.sanction, mark.target) in lasting and (why := _orphaned(mark, known))
        ]
        there = {mark.sanction for mark in (*before, *after)}
        missing += [
            item
            for item in known.values()
            if item.state in MUST_SHOW and power.reversible and item.id not in there
        ]
    return Difference(orphans=tuple(orphans), missing=tuple(missing))


def _orphaned(mark: Mark, known: dict[str, Sanction]) -> str:
    if not mark.sanction:
        return "it was not written by Aupkeep"
    sanction = known.get(mark.sanction)
    if sanction is None:
        return "no sanction of that id is known"
    if sanction.state not in IN_FORCE or sanction.applied_at is None:
        return f"its sanction is {sanction.state}"
    return ""
