"""A sanction, its findings and its circumstances in either policy, to be varied."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from aupkeep.base.clock import HOUR, MINUTE, parse_instant
from aupkeep.detection.finding import Finding
from aupkeep.flow.folders import find_folder, load_policy
from aupkeep.policy.model import Policy, Tier
from aupkeep.sanctions.notice import Circumstances
from aupkeep.sanctions.sanction import Sanction, State

#: Sunday, 01:00 in Phoenix, 12:00 in Muscat and Dubai.
NOW = parse_instant("2026-03-01T08:00:00Z")
POLICIES = ("injazat", "jasmo")


@cache
def policy(name: str) -> Policy:
    return load_policy(find_folder(name)).policy


def document(policy: Policy, name: str) -> str:
    """Return the id of the rule with that name."""
    return next(
        str(item["id"])
        for file in policy.rules
        for item in file.documents
        if item.get("name") == name
    )


def finding(brand: Policy, rule: str = "login_spam", **changes: object) -> Finding:
    made = Finding(
        id="f1",
        state="ended",
        provider=brand.provider,
        rule=document(brand, rule),
        rule_version="1",
        rule_status="automatic",
        policy_version=brand.version,
        clause="spam",
        tier=Tier.FACT,
        key={"customer": "c-1", "login": "ann@shop.example"},
        customer="c-1",
        service="mail-1",
        attribution="attributed",
        actor="login:ann@shop.example",
        first=NOW - 2 * HOUR,
        last=NOW - 30 * MINUTE,
        observed_at=NOW - 2 * HOUR,
        value=3,
        threshold=3,
        events=("0:0",),
        rule_name=rule,
        unit="conditions at once",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def volume(brand: Policy, **changes: object) -> Finding:
    said: dict[str, object] = {"id": "f2", "value": 230, "threshold": 100, "unit": "rows"}
    return finding(brand, "login_hour", **(said | changes))


def spam_clause(brand: Policy) -> str:
    return next(
        str(item["aup"]["clause"])  # type: ignore[index]  # a mapping in a rule file
        for file in brand.rules
        for item in file.documents
        if item.get("name") == "login_spam"
    )


def sanction(brand: Policy, measure: str) -> Sanction:
    clause = brand.clauses[spam_clause(brand)]
    steps = brand.ladders[clause.ladder].steps
    step = next((one for one in steps if measure in one.measures), steps[0])
    held = measure == "hold_mail"
    return Sanction(
        id="5" * 32,
        case="c0ffee" * 5 + "00",
        provider=brand.provider,
        customer="c-1",
        clause=clause.id,
        step=step.name,
        measure=measure,
        scope="mailbox",
        target="ann@shop.example",
        power=measure,
        state=State.VERIFIED,
        would_do=False,
        since=NOW - HOUR,
        until=NOW + step.length if held and step.length else None,
        length=step.length if held else 0,
        people=0,
        tier="fact",
        policy_version=brand.version,
        touches_service=held,
        findings=("f1", "f2"),
        applied_at=NOW if held else None,
    )


def told(brand: Policy, **changes: object) -> Circumstances:
    made = Circumstances(
        policy=brand,
        findings=[volume(brand), finding(brand)],
        language="en",
        recipient="owner@shop.example",
        link="https://desk.example/notice/abc.def",
        entry=42,
        checkpoint=f"aupkeep/{brand.provider} 43 q1w2e3",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name
