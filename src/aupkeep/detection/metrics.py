"""The `aup_metric` document: what Sigma has no word for.

In: the node under `aup_metric`. Out: which keys each type takes, the habit a baseline is compared
with, and faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aupkeep.base.clock import SECOND, format_duration
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

METRICS = ("ratio", "baseline", "absence")
#: Most buckets of history.
MOST_BUCKETS = 1000
_COMMON = frozenset({"type", "group-by", "aliases"})
#: Type -> keys it must have, keys it may have, besides the common ones.
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ratio": (("numerator", "denominator", "min_denominator", "timespan", "condition"), ()),
    "baseline": (
        ("rules", "bucket", "history", "times"),
        ("field", "usual", "floor", "min_history"),
    ),
    "absence": (("rules", "timespan"), ("after", "forget")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What a baseline compares with, in microseconds and buckets."""

    bucket: int
    history: int
    least: int
    usual: Literal["median", "mean_of_top"]
    top: int
    times: float


def metric_keys(kind: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the keys a metric of type `kind` may have and those it must; all where unknown."""
    if kind not in _KEYS:
        every = {key for pair in _KEYS.values() for keys in pair for key in keys}
        return _COMMON | every, ("type", "group-by")
    needed, further = _KEYS[kind]
    return _COMMON.union(needed, further), ("type", "group-by", *needed)


def read_habit(body: Node, shape: Shape) -> Habit:
    """Return the habit of a baseline; what has a fault is replaced by something harmless."""
    before = len(shape.faults)
    bucket = _span(body.at("bucket"), "bucket", 0, shape)
    if len(shape.faults) > before:
        bucket = 0
    history = _buckets(body.at("history"), "history", bucket, shape)
    node = body.at("min_history")
    least = history if node.value is None else _buckets(node, "min_history", bucket, shape)
    if least > history and len(shape.faults) == before:
        shape.fault("min-history", "min_history must not be longer than history", node)
    usual, top = _usual(body.at("usual"), history, shape)
    times = body.at("times")
    factor = 1.0 if times.value is None else float(shape.number(times, "times"))
    if factor <= 0 and isinstance(times.value, int | float):
        shape.fault("times", "times must be a number above 0", times)
    return Habit(bucket=bucket, history=history, least=least, usual=usual, top=top, times=factor)


def _span(node: Node, what: str, default: int, shape: Shape) -> int:
    return default if node.value is None else shape.duration(node, what, least=SECOND)


def _buckets(node: Node, what: str, bucket: int, shape: Shape) -> int:
    """Return how many buckets the duration at `node` is; the most after a fault.

    With a bucket of 0, which has a fault of its own, only the duration is looked at.
    """
    before = len(shape.faults)
    span = _span(node, what, bucket, shape)
    if len(shape.faults) > before or not bucket:
        return MOST_BUCKETS
    if span % bucket:
        shape.fault(
            "not-a-multiple",
            f"{what} must be a whole multiple of bucket, which is {format_duration(bucket)}",
            node,
        )
    elif span // bucket > MOST_BUCKETS:
        shape.fault(
            "too-many",
            f"{what} is {span // bucket} buckets: {MOST_BUCKETS} are the most",
            node,
            hint="make bucket longer",
        )
    return max(1, span // bucket) if len(shape.faults) == before else MOST_BUCKETS


def _usual(node: Node, history: int, shape: Shape) -> tuple[Literal["median", "mean_of_top"], int]:
    if node.value is None or node.value == "median":
        return "median", 0
    if not isinstance(node.value, dict):
        shape.fault("usual", "usual must be `median` or a mapping such as `{mean_of_top: 3}`", node)
    elif shape.keys(node, ("mean_of_top",), ("mean_of_top",), "usual"):
        count = node.at("mean_of_top")
        if count.value is not None:
            top = shape.whole(count, "mean_of_top", least=1)
            if top > history:
                what = f"mean_of_top is {top}, but the buckets of history are only {history}"
                shape.fault("too-many", what, count)
            return "mean_of_top", top
    return "median", 0
