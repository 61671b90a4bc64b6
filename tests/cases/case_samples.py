"""A case to begin with, of the finding in `finding_samples`."""

from __future__ import annotations

from typing import Any

from aupkeep.cases.case import Case
from aupkeep.policy.model import Tier


def case(**changes: Any) -> Case:
    """Return a case of one finding, with `changes`."""
    fields: dict[str, Any] = {
        "id": "1" * 32,
        "provider": "jasmo",
        "clause": "spam",
        "customer": "c-1",
        "actor": "",
        "state": "open",
        "attribution": "attributed",
        "tier": Tier.FACT,
        "aware_at": 120,
        "opened_at": 100,
        "findings": ("f1",),
    }
    return Case(**fields | changes)
