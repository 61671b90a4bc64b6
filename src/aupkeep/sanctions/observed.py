"""What was seen, as a customer reads it: each finding in the words of the policy's own rule.

In: findings, and the policy whose rules found them. Out: one line a finding: the rule's title, who
or what it was, how much against which limit, from when to when. Of a rule that asks for several
things at once, the titles of these things stand in the line instead of their number. Whom the other
side is (a recipient, a trap, a reporter) is kept back: by the role of the column it stands in, and
wherever the same words come back in what the customer's own side says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, urlsplit

from aupkeep.base.clock import parse_duration
from aupkeep.decisions.words import number
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Policy
from aupkeep.sanctions.wording import length, one_line, spoken

#: Lines at most; what is left is counted in one more.
MOST = 10

#: Columns that name the other side -> what a customer is told instead.
KEPT_BACK: Mapping[str, str] = {
    "recipient": "one recipient",
    "orig_recipient": "one recipient",
    "recipient_domain": "one receiving domain",
    "reporter": "one reporter",
    "reporter_domain": "one reporter",
    "reference": "one report",
    "message_id": "one message",
}
#: What stands in a line for words of the other side.
BLANK = "[kept back]"
#: Shorter words are no address; taking them out would only make holes.
_SHORTEST = 4

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


def evidence(findings: Iterable[Finding], policy: Policy, *, named: bool = True) -> list[str]:
    """Return what was seen, the earliest first, as lines for a customer; not `named`: no names."""
    listed = sorted(findings, key=lambda item: (item.first, item.id))
    rules = _rules(policy)
    hidden = _hidden(listed)
    lines = [
        _without(hidden, _line(item, rules, policy.time_zone, named=named))
        for item in listed[:MOST]
    ]
    if len(listed) > MOST:
        lines.append(f"and {len(listed) - MOST} more of the kind, up to {_latest(listed, policy)}")
    return lines


def kinds_of(findings: Iterable[Finding], policy: Policy) -> tuple[str, ...]:
    """Return the kinds of events that the rules of `findings` read, by name."""
    rules = _rules(policy)
    return tuple(sorted({kind for item in findings for kind in _kinds(_rule(item, rules), rules)}))


def _kinds(rule: Mapping[str, object], rules: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    source, detection = rule.get("logsource"), _detection(rule)
    if isinstance(source, Mapping) and source.get("category"):
        yield str(source["category"])
    listed = detection.get("rules")
    names = listed if isinstance(listed, list) else [listed]
    names = [*names, detection.get("numerator"), detection.get("rule")]
    for name in names:
        # A rule that names itself is refused by the checker; here it must only not be followed.
        found = rules.get(str(name)) if name else None
        if found is not None and found is not rule:
            yield from _kinds(found, rules)


def _hidden(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the words of the other side in `findings`, the longest first."""
    said: set[str] = set()
    own: set[str] = set()
    for item in findings:
        for name, value in (*item.key.items(), *(item.evidence or {}).items()):
            (said if name in KEPT_BACK else own).update([value.lower()] if value else [])
        own.add(item.actor.partition(":")[2].lower())
    names = {word for value in own for word in (value, value.rpartition("@")[2])}
    return tuple(sorted((one for one in said - names if len(one) >= _SHORTEST), key=len)[::-1])


def _without(hidden: Iterable[str], line: str) -> str:
    """Return `line` without the words `hidden`, plain or as they stand in an address of the web."""
    for word in hidden:
        for form in (word, quote(word), quote(word, safe="")):
            line = re.sub(re.escape(form), BLANK, line, flags=re.IGNORECASE)
    return line


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


def _line(
    finding: Finding, rules: Mapping[str, Mapping[str, object]], zone: str, *, named: bool
) -> str:
    rule = _rule(finding, rules)
    title = str(rule.get("title") or finding.called)
    detection = _detection(rule)
    parts = _parts(detection, rules)
    measured = _at_once(parts, detection) if parts else _measured(finding, detection)
    goes_on = "and it goes on" if finding.state != "ended" else f"to {spoken(finding.last, zone)}"
    about = _about(finding) if named else ""
    said = [title + (f" ({about})" if about else ""), *([measured] if measured else [])]
    return one_line(f"{': '.join(said)}; from {spoken(finding.first, zone)} {goes_on}")


def _rule(finding: Finding, rules: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
    return rules.get(finding.rule) or rules.get(finding.rule_name) or {}


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
        KEPT_BACK.get(key) or f"{_KEYS.get(key, key)} {_page(value) if _is_page(key) else value}"
        for key, value in named.items()
        if key not in ("customer", "actor")
    ]
    # An actor is written with its kind before it; where a service is named, that says enough.
    actor = named.get("actor", "").partition(":")[2]
    return ", ".join(said or ([actor] if actor else []))


def _is_page(key: str) -> bool:
    return key.endswith("url")


def _page(url: str) -> str:
    """Return the place of a page without what a link may carry of the person it was sent to."""
    try:
        found = urlsplit(url)
    except ValueError:
        return BLANK
    if not found.netloc:
        return url.partition("?")[0].partition("#")[0]
    steps = [
        BLANK if "@" in step or "%40" in step.lower() else step for step in found.path.split("/")
    ]
    left = " and more, which is kept back" if found.query or found.fragment else ""
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}{'/'.join(steps)}{left}"
