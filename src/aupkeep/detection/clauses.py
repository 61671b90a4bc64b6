"""The `aup` block: what a rule means under the policy, and its tests.

In: a node. Out: a `Block`, and faults. Whether the clause and the plans exist is checked by
`reading`, which knows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.detection.rule import Aup, Threshold
from aupkeep.detection.sampling import read_samples
from aupkeep.detection.shape import Shape
from aupkeep.policy.model import Tier
from aupkeep.policy.nodes import Node

STATUSES = ("draft", "shadow", "review", "automatic")
_KEYS = ("clause", "tier", "status", "threshold", "cooldown", "evidence", "tests")
_TIERS = {tier.word: tier for tier in Tier}
#: Most events a finding names.
MOST_EVENTS = 1000


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
    tier = node.at("tier")
    clause = node.at("clause")
    if clause.value is not None:
        shape.text(clause, "clause")
    fields = evidence.at("fields")
    aup = Aup(
        clause=clause.text,
        tier=_tier(tier, shape),
        status=_status(node.at("status"), shape),
        cooldown=_cooldown(node.at("cooldown"), shape),
        fields=tuple(one.text for one in _listed(fields, shape)),
        most=_most(evidence.at("most"), shape),
        samples=read_samples(node.at("tests"), shape),
    )
    return Block(aup=aup, threshold=_threshold(node.at("threshold"), shape), node=node)


def _tier(node: Node, shape: Shape) -> Tier:
    word = "" if node.value is None else shape.word(node, _TIERS, "a tier")
    return _TIERS.get(word, Tier.JUDGEMENT)


def _listed(node: Node, shape: Shape) -> list[Node]:
    return [] if node.value is None else shape.texts(node, "fields")


def _most(node: Node, shape: Shape) -> int:
    if node.value is None:
        return 20
    most = shape.whole(node, "most", least=1)
    if most > MOST_EVENTS:
        shape.fault("too-many", f"a finding names {MOST_EVENTS} events at most", node)
    return most


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
    if node.at("default").value is None:
        shape.fault("missing-key", "threshold has no `default`, for plans it does not name", node)
    numbers = {
        key: shape.number(child, f"the threshold of `{key}`")
        for key, child in node.items()
        if key != "by" and not (key == "default" and child.value is None)
    }
    default = numbers.pop("default", 0)
    return Threshold(default=default, plans=numbers)
