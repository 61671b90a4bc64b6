"""What really happened, a line a customer: the measure of everything else.

In: the plots. Out: `truth.jsonl`. `what` is `offender` (with clause, further clauses that may
rightly show, and time), `honest`, or `never`: somebody whom the traffic seems to accuse and who
must not be held for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from aupkeep.base.clock import format_instant
from aupkeep.demo.plot import Role


def truth_of(role: Role) -> dict[str, object]:
    """Return the truth about one customer."""
    known: dict[str, object] = {
        "what": role.what,
        "provider": role.customer.provider,
        "customer": role.customer.id,
    }
    if role.what == "offender":
        known["clause"] = role.clause
        known["also"] = list(role.also)
    known["label"] = role.label
    if role.what != "honest":
        known["from"] = format_instant(role.since)
        known["until"] = format_instant(role.until)
    return known


def truth_jsonl(roles: Iterable[Role]) -> str:
    """Return the truth about all customers, one JSON object a line."""
    return "".join(json.dumps(truth_of(role)) + "\n" for role in roles)
