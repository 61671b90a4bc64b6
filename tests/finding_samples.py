"""A finding to begin with: a fact about one mailbox."""

from __future__ import annotations

from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Tier

FINDING = Finding(
    id="f1",
    state="ended",
    provider="jasmo",
    rule="bulk",
    rule_version="1",
    rule_status="automatic",
    policy_version="2026.1",
    clause="spam",
    tier=Tier.FACT,
    key={"login": "ann@shop.example"},
    customer="c-1",
    service="s-1",
    attribution="attributed",
    actor="login:ann@shop.example",
    first=100,
    last=200,
    observed_at=120,
    value=12,
    threshold=10,
    events=("0:1",),
)
