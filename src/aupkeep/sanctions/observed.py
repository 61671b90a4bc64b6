"""What was seen, as a customer reads it: each finding in the words of the policy's own rule.

In: findings, and the policy whose rules found them. Out: one line a finding: the rule's title, who
or what it was, how much against which limit, from when to when. Of a rule that asks for several
things at once, the titles of these things stand in the line instead of their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aupkeep.base.clock import parse_duration
from aupkeep.decisions.words import number
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Policy
from aupkeep.sanctions.wording import length, one_line, spoken

#: Lines at most; what is left is counted in one more.
MOST = 10

#: Key of a finding -> how a customer calls it.
_KEYS: Mapping[str, str] = {
    "actor_ip": "from address",
    "client_ip": "from address",
    "peer_ip": "to address",
    "accused_ip": "address",
    "dst_port": "port",
    "system_user": "system user",
    "accused_url": "page",
    "accused_host": "site",
}
#: Field of which different values are counted, or which is added up -> its plural in plain words.
_FIELDS: Mapping[str, str] = {
    "peer_ip": "addresses",
    "dst_port": "ports",
    "recipient": "recipients",
    "recipient_domain": "domains",
    "client_ip": "addresses",
}


def evidence(findings: Iterable[Finding], policy: Policy) -> list[str]:
    """Return what was seen, the earliest first, as lines for a customer."""
    listed = sorted(findings, key=lambda item: (item.first, item.id))
    rules = _rules(policy)
    lines = [_line(item, rules, policy.time_zone) for item in listed[:MOST]]
    if len(listed) > MOST:
        lines.append(f"and {len(listed) - MOST} more of the kind, up to {_latest(listed, policy)}")
    return lines


def _latest(findings: list[Finding], policy: Policy) -> str:
    return spoken(max(item.last for item in findings), policy.time_zone)


def _rules(policy: Policy) -> dict[str, Mapping[str, object]]:
    """Return the rules of a policy by id and by name."""
    documents = [document for file in policy.rules for document in file.documents]
    return {
        str(document[key]): document
        for key in ("name", "id")
        for document in documents
        if key in document
    }


def _line(finding: Finding, rules: Mapping[str, Mapping[str, object]], zone: str) -> str:
    rule = rules.get(finding.rule) or rules.get(finding.rule_name) or {}
    title = str(rule.get("title") or finding.called)
    detection = _detection(rule)
    parts = _parts(detection, rules)
    measured = _at_once(parts, detection) if parts else _measured(finding, detection)
    goes_on = "and it goes on" if finding.state != "ended" else f"to {spoken(finding.last, zone)}"
    about = _about(finding)
    said = [title + (f" ({about})" if about else ""), *([measured] if measured else [])]
    return one_line(f"{': '.join(said)}; from {spoken(finding.first, zone)} {goes_on}")


def _detection(rule: Mapping[str, object]) -> Mapping[str, object]:
    for key in ("correlation", "aup_metric"):
        found = rule.get(key)
        if isinstance(found, Mapping):
            return found
    return {}


def _parts(detection: Mapping[str, object], rules: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the titles of what a rule asks for at once; nothing for a rule that counts."""
    listed = detection.get("rules")
    if not str(detection.get("type", "")).startswith("temporal") or not isinstance(listed, list):
        return []
    return [str(rules.get(str(name), {}).get("title") or name) for name in listed]


def _at_once(parts: list[str], detection: Mapping[str, object]) -> str:
    quoted = [f"\u201c{title}\u201d" for title in parts]
    return f"all of this{_within(detection)}: {', '.join(quoted)}"


def _measured(finding: Finding, detection: Mapping[str, object]) -> str:
    """Return how much it was; nothing where one is all there is to say."""
    if detection.get("type") == "absence":
        return f"nothing came{_within(detection)}"
    share = finding.unit == "as a share"
    if not share and finding.value == finding.threshold == 1:
        return ""

    def amount(value: float) -> str:
        return f"{number(100 * value)} %" if share else number(value)

    unit, threshold = _unit(finding.unit), amount(finding.threshold)
    # A baseline is passed, not reached.
    above = detection.get("type") == "baseline"
    look = f"above {threshold}" if above else f"from {threshold} on"
    return f"{amount(finding.value)}{unit}{_within(detection)}, where we look {look}"


def _unit(unit: str) -> str:
    if unit in ("as a share", ""):
        return ""
    if unit == "rows":
        return " counted"
    different = unit.removeprefix("different ")
    if different != unit:
        return f" different {_FIELDS.get(different, different)}"
    summed = unit.removesuffix(" in all")
    return f" {_FIELDS.get(summed, summed)}"


def _within(detection: Mapping[str, object]) -> str:
    try:
        span = str(detection.get("timespan") or detection.get("bucket") or "")
        return f" within {length(parse_duration(span))}"
    except ValueError:
        return ""


def _about(finding: Finding) -> str:
    """Return who or what it was, without what the customer knows."""
    named = {key: value for key, value in finding.key.items() if value}
    said = [
        f"{_KEYS.get(key, key)} {value}"
        for key, value in named.items()
        if key not in ("customer", "actor")
    ]
    # An actor is written with its kind before it; where a service is named, that says enough.
    actor = named.get("actor", "").partition(":")[2]
    return ", ".join(said or ([actor] if actor else []))
