"""One sound document of every type, as plain values, for tests that break them."""

from __future__ import annotations

import json
from typing import Any

Document = dict[str, Any]

TESTS: list[Document] = [
    {"name": "one", "events": [{"kind": "mail", "stage": "result", "login": "a"}], "expect": 1},
    {"name": "none", "events": [], "expect": 0, "until": "2h"},
]
AUP: Document = {
    "clause": "spam",
    "tier": "fact",
    "status": "review",
    "cooldown": "6h",
    "evidence": {"fields": ["recipient_domain"], "most": 5},
    "tests": TESTS,
}
MAIL: Document = {
    "title": "Mail of a login",
    "id": "d-mail",
    "name": "login_mail",
    "logsource": {"category": "mail"},
    "detection": {
        "selection": {"stage": "result", "login|exists": True},
        "size": [{"size|gt": 5}, {"dsn|contains": ["5.1", "5.2"]}, {"reply|re|i": "a(b|c)+"}],
        "inside": {"client_ip|cidr": "10.0.0.0/8"},
        "guard": {"client_ip|exists": True},
        "condition": "selection and guard and (size or not inside)",
    },
}
BOUNCED: Document = {
    "title": "Refused mail of a login",
    "id": "d-bounced",
    "name": "login_bounced",
    "logsource": {"category": "mail"},
    "detection": {
        "selection": {"stage": "result", "login|exists": True, "status": "bounced"},
        "condition": "selection",
    },
}
TRIES: Document = {
    "title": "A login that failed",
    "id": "d-tries",
    "name": "tries",
    "logsource": {"category": "login"},
    "detection": {"selection": {"outcome": "failed"}, "condition": "selection"},
}


def correlation(kind: str, *, rules: list[str] | None = None, **further: object) -> Document:
    """Return a correlation of type `kind` with an `aup` block."""
    body: Document = {
        "type": kind,
        "rules": rules or ["login_mail"],
        "group-by": ["customer", "login"],
        "timespan": "1h",
        **further,
    }
    return {"title": kind, "id": kind, "version": 2, "correlation": body, "aup": dict(AUP)}


def metric(kind: str, **further: object) -> Document:
    """Return a metric of type `kind` with an `aup` block."""
    body: Document = {"type": kind, "group-by": ["customer", "login"], **further}
    return {"title": kind, "id": kind, "aup_metric": body, "aup": dict(AUP)}


COUNT = correlation("event_count", condition={"gte": 3})
COUNT["aup"] = {**AUP, "threshold": {"by": "plan", "default": 3, "mail-bulk": 9}}
DISTINCT = correlation("value_count", condition={"field": "recipient", "gte": 3})
SUM = correlation("value_sum", condition={"field": "size", "gt": 1000})
AVERAGE = correlation("value_avg", condition={"field": "delay", "lt": 1.5})
TEMPORAL = correlation("temporal", rules=["event_count", "login_bounced"], generate=True)
ORDERED = correlation(
    "temporal_ordered",
    rules=["tries", "login_mail"],
    aliases={"source": {"tries": "client_ip", "login_mail": "client_ip"}},
)
ORDERED["correlation"]["group-by"] = ["source"]
RATIO = metric(
    "ratio",
    numerator="login_bounced",
    denominator="login_mail",
    timespan="6h",
    min_denominator=20,
    condition={"gte": 0.15},
)
BASELINE = metric(
    "baseline",
    rules=["login_mail"],
    field="size",
    bucket="1h",
    history="14d",
    min_history="3d",
    usual={"mean_of_top": 3},
    times=3,
    floor=50,
)
ABSENCE = metric("absence", rules=["login_mail"], after=["tries"], timespan="1h", forget="30d")
ABSENCE["aup_metric"]["group-by"] = ["customer"]

BASES = [MAIL, BOUNCED, TRIES]
RULES = [COUNT, DISTINCT, SUM, AVERAGE, TEMPORAL, ORDERED, RATIO, BASELINE, ABSENCE]


def text_of(*documents: object) -> str:
    """Return the documents as YAML; JSON is a part of it."""
    return "\n---\n".join(json.dumps(one) for one in documents) + "\n"
