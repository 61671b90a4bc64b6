"""The appeals of a case, as the person who looks at it may decide them.

In: what the page of a case was read from, who looks, and what was refused. Out: panels.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.desk.analyst.trouble import Trouble
from aupkeep.desk.site import site
from aupkeep.sanctions.appeal import Appeal, involved
from aupkeep.store import queries

#: Word of the form -> what the person reads.
OUTCOMES = (
    ("uphold", "Uphold: our decision stands"),
    ("overturn", "Overturn: take it back, it counts as no breach"),
    ("partly", "Partly: take the measure back, the breach stands"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealPanel:
    """One appeal and whether this person can decide it."""

    appeal: Appeal
    measure: str
    #: Why this person cannot, where others could.
    another: str
    #: They had part in the sanction, and may decide all the same.
    part: bool
    outcomes: tuple[tuple[str, str], ...]
    trouble: Trouble | None


def panels_of(found: queries.CasePage, person: str, trouble: Trouble | None) -> list[AppealPanel]:
    """Return the appeals of a case, what waits for a decision first."""
    known = {item.sanction.id: item.sanction for item in found.sanctions}
    alone = site().installation.settings.single_operator
    panels = []
    for item in sorted(found.appeals, key=lambda one: (not one.open, -one.at)):
        sanction = known.get(item.sanction)
        part = sanction is not None and person in involved(sanction)
        said = "You had part in this decision, so another person must decide."
        panels.append(
            AppealPanel(
                appeal=item,
                measure=sanction.measure if sanction else "",
                another=said if part and not alone else "",
                part=part,
                outcomes=OUTCOMES,
                trouble=trouble if trouble and trouble.subject == item.id else None,
            )
        )
    return panels
