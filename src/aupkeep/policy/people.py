"""How many people must agree to a measure, at the least (DESIGN section 5).

In: a measure and the tier of the evidence. Out: a number of people, or `None` where the measure
may not be taken on such evidence at all. A policy may ask for more people, never for fewer.
"""

from __future__ import annotations

from typing import Final

from aupkeep.policy.model import Measure, Tier

#: Measure -> people on a fact, and on any weaker evidence that may lead to a measure.
LEAST: Final[dict[Measure, tuple[int, int]]] = {
    Measure.WARN: (0, 1),
    Measure.THROTTLE: (0, 1),
    Measure.PRESERVE: (0, 1),
    Measure.HOLD_MAIL: (0, 1),
    Measure.LOCK_SITE: (0, 1),
    Measure.QUARANTINE_FILE: (0, 1),
    Measure.BLOCK_TRAFFIC: (0, 1),
    Measure.SUSPEND_SERVICE: (0, 1),
    Measure.DENY_SERVICE: (0, 1),
    Measure.REMOVE_CONTENT: (2, 2),
    Measure.SUSPEND_ACCOUNT: (2, 2),
    Measure.FEE: (1, 1),
    Measure.NOTIFY_AUTHORITY: (1, 1),
    Measure.TERMINATE: (2, 2),
}

#: One person is enough for these where the clause is `immediate` and the evidence a fact.
ONE_AT_ONCE: Final = frozenset({Measure.REMOVE_CONTENT, Measure.SUSPEND_ACCOUNT})


def least_people(measure: Measure, tier: Tier, *, immediate: bool = False) -> int | None:
    """Return the fewest people who must agree to `measure` on evidence of `tier`.

    `None` means that no number of people makes it right: a score never leads to a measure.
    `immediate` says whether the clause is.
    """
    if tier is Tier.SCORE:
        return None
    on_fact, otherwise = LEAST[measure]
    if tier is not Tier.FACT:
        return otherwise
    return 1 if immediate and measure in ONE_AT_ONCE else on_fact
