"""What the parts of a policy must say about each other.

In: a draft. Out: every fault. Each check reads nodes and passes over what has no sensible shape:
that fault is known already, and nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from aupkeep.base.errors import Fault
from aupkeep.policy.checking.clauses import check_clauses
from aupkeep.policy.checking.duties import check_duties
from aupkeep.policy.checking.fees import check_fees
from aupkeep.policy.checking.ladders import check_ladders
from aupkeep.policy.checking.noticing import check_noticing
from aupkeep.policy.checking.templates import check_templates
from aupkeep.policy.draft import Draft

CHECKS: Final[Mapping[str, Callable[[Draft], Iterator[Fault]]]] = {
    "clauses": check_clauses,
    "duties": check_duties,
    "ladders": check_ladders,
    "fees": check_fees,
    "templates": check_templates,
}


def check(draft: Draft, noticed: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """Return every fault across the files of `draft`.

    `noticed` says which rules notice a clause: clause id -> rule names.
    """
    faults = [fault for part in CHECKS.values() for fault in part(draft)]
    return faults + list(check_noticing(draft, noticed))
