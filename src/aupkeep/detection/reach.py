"""Whether a threshold can ever be reached, and ever be missed.

In: a rule and its draft for the places. Out: a fault for each number that the value can never meet,
or always meets: either is a slip of the person who wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from aupkeep.detection.correlating import Draft
from aupkeep.detection.fields import values_of
from aupkeep.detection.rule import Baseline, Window
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: Largest and smallest whole number of 64 bits.
_MOST = 2**63 - 1
_LEAST = -(2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The values a measure can have."""

    low: float
    high: float
    #: Only whole numbers.
    whole: bool
    #: The same in words.
    words: str


def judge(window: Window, draft: Draft, shape: Shape) -> None:
    """Check the numbers of `window`, by plan."""
    fields = shape.fields_of(window.kind)
    if window.field and window.field not in fields:
        return
    span = _span(window, fields.get(window.field), shape)
    if span is None:
        return
    for number, node in draft.comparison.numbers:
        _judge(window, span, number, node, shape)


def judge_floor(baseline: Baseline, draft: Draft, shape: Shape) -> None:
    """Check the floors of `baseline`, by plan."""
    data = shape.fields_of(baseline.kind).get(baseline.field)
    for number, node in draft.comparison.numbers:
        if number < 0:
            shape.fault("floor", "a floor must be a number from 0 on", node)
        elif number >= _MOST and not (data is not None and data.is_float()):
            what = f"no value can be above the floor {number}: it has 64 bits"
            shape.fault("never", what, node)


def _span(window: Window, data: pl.DataType | None, shape: Shape) -> Span | None:
    if window.measure == "event_count":
        return Span(low=1, high=_MOST, whole=True, words="rows are counted, from 1 on")
    if window.measure == "value_count":
        count = values_of(window.kind, window.field, shape.kinds)
        words = f"`{window.field}` has {count} values" if count else "values are counted, from 1 on"
        return Span(low=1, high=count or _MOST, whole=True, words=words)
    if window.measure == "ratio":
        return Span(low=0, high=1, whole=False, words="a ratio lies between 0 and 1")
    if data is None or not data.is_integer():
        return None
    what = "a sum" if window.measure == "value_sum" else "an average"
    whole = window.measure == "value_sum"
    return Span(low=_LEAST, high=_MOST, whole=whole, words=f"{what} of whole numbers has 64 bits")


def _judge(window: Window, span: Span, number: float, node: Node, shape: Shape) -> None:
    broken = span.whole and number != int(number)
    never = {
        "gt": number >= span.high,
        "gte": number > span.high,
        "lt": number <= span.low,
        "lte": number < span.low,
        "eq": not span.low <= number <= span.high or broken,
        "neq": False,
    }
    #: Rows are only counted where there are some: `gte: 1` says "at every row", and may.
    low = 0 if window.measure in ("event_count", "value_count") else span.low
    always = {
        "gt": number < low,
        "gte": number <= low,
        "lt": number > span.high,
        "lte": number >= span.high,
        "eq": False,
        "neq": not span.low <= number <= span.high or broken,
    }
    for code, found in (("never", never), ("always", always)):
        if found[window.op]:
            what = f"`{window.op}: {number}` {code} holds: {span.words}"
            shape.fault(code, what.replace("never holds", "can never hold"), node)
