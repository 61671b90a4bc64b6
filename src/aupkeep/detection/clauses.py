"""The `aup` block: what a rule means under the policy, and its tests.

In: a node. Out: a `Block`, and faults. Whether the clause and the plans exist is checked by
`reading`, which knows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.clock import parse_duration
from aupkeep.detection.rule import Aup, Sample, Threshold
from aupkeep.detection.shape import Shape
from aupkeep.policy.model import Tier
from aupkeep.policy.nodes import Node

STATUSES = ("draft", "shadow", "review", "automatic")
_KEYS = ("clause", "tier", "status", "threshold", "cooldown", "evidence", "tests")
_TIERS = {tier.word: tier for tier in Tier}
#: Keys of a sample's event that are no fields.
EVENT_KEYS = ("kind", "repeat", "every", "at")
#: Most rows one entry of a sample may stand for.
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An `aup` block as read."""

    aup: Aup
    threshold: Threshold | None
    node: Node


def read_block(node: Node, shape: Shape) -> Block:
    """Return the block at `node`; what has a fault is replaced by something harmless."""
    if not shape.keys(node, _KEYS, ("clause", "tier", "tests"), "aup"):
        empty = Aup(clause="", tier=Tier.JUDGEMENT, status="draft")
        return Block(aup=empty, threshold=None, node=node)
    evidence = node.at("evidence")
    if evidence.value is not None:
        shape.keys(evidence, ("fields", "most"), (), "evidence")
    fields, most, status = evidence.at("fields"), evidence.at("most"), node.at("status")
    aup = Aup(
        clause=node.at("clause").text,
        tier=_TIERS.get(shape.word(node.at("tier"), _TIERS, "a tier"), Tier.JUDGEMENT),
        status=_status(status, shape),
        cooldown=_cooldown(node.at("cooldown"), shape),
        fields=tuple(one.text for one in shape.texts(fields, "fields")) if fields.value else (),
        most=20 if most.value is None else shape.whole(most, "most", least=1),
        samples=_samples(node.at("tests"), shape),
    )
    return Block(aup=aup, threshold=_threshold(node.at("threshold"), shape), node=node)


def _status(node: Node, shape: Shape) -> str:
    """A rule that says nothing else is for people to review."""
    return "review" if node.value is None else shape.word(node, STATUSES, "a status")


def _cooldown(node: Node, shape: Shape) -> int:
    return 0 if node.value is None else shape.duration(node, "cooldown", least=0)


def _threshold(node: Node, shape: Shape) -> Threshold | None:
    if node.value is None:
        return None
    if not isinstance(node.value, dict):
        return Threshold(default=shape.number(node, "threshold"))
    if node.at("by").value != "plan":
        shape.fault("threshold", "a threshold goes `by: plan`", node.at("by"))
    if "default" not in node.value:
        shape.fault("missing-key", "threshold has no `default`, for plans it does not name", node)
    numbers = {
        key: shape.number(child, f"the threshold of `{key}`")
        for key, child in node.items()
        if key != "by"
    }
    default = numbers.pop("default", 0)
    return Threshold(default=default, plans=numbers)


def _samples(node: Node, shape: Shape) -> tuple[Sample, ...]:
    samples = []
    for entry in node.entries():
        if not shape.keys(
            entry, ("name", "events", "expect"), ("name", "events", "expect"), "a test"
        ):
            continue
        events = [event for event in entry.at("events").entries() if _event(event, shape)]
        if not isinstance(entry.at("events").value, list):
            shape.fault("not-a-list", "events must be a list", entry.at("events"))
        samples.append(
            Sample(
                name=shape.text(entry.at("name"), "the name of a test"),
                events=tuple(_plain(event) for event in events),
                expect=shape.whole(entry.at("expect"), "expect", least=0),
            )
        )
    _both_ways(samples, node, shape)
    return tuple(samples)


def _both_ways(samples: list[Sample], node: Node, shape: Shape) -> None:
    if not any(sample.expect > 0 for sample in samples):
        shape.fault("missing-test", "no test of this rule expects a finding", node)
    if not any(sample.expect == 0 for sample in samples):
        shape.fault("missing-test", "no test of this rule expects nothing", node)


def _event(node: Node, shape: Shape) -> bool:
    """Check the shape of one event of a test; its fields are checked with the kind's."""
    if not isinstance(node.value, dict):
        shape.fault("not-a-mapping", "an event must be a mapping", node)
        return False
    kind = shape.word(node.at("kind"), shape.kinds, "a kind of event")
    for key in ("every", "at"):
        if sample_time(node.at(key).value) < 0:
            shape.fault(
                "not-a-duration", f"{key} must be a duration such as 10ms, 5s or 1h", node.at(key)
            )
    repeat = node.at("repeat")
    if repeat.value is not None and shape.whole(repeat, "repeat", least=1) > MOST_ROWS:
        shape.fault("too-many", f"an event may be repeated {MOST_ROWS} times at most", repeat)
        return False
    return bool(kind)


def sample_time(text: object) -> int:
    """Return the microseconds of `10ms` or of a duration; 0 for None; -1 for anything else."""
    if text is None:
        return 0
    if isinstance(text, str) and text.endswith("ms") and text[:-2].isdecimal():
        return int(text[:-2]) * 1000
    try:
        return parse_duration(text) if isinstance(text, str) else -1
    except ValueError:
        return -1


def _plain(node: Node) -> dict[str, object]:
    return {key: child.value for key, child in node.items()}
