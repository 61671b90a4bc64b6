"""The tests inside rules, as frames: a few lines of YAML stand for many rows.

In: the events of a sample. Out: attributed frames by kind; faults for fields a kind does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from aupkeep.detection.clauses import Block
from aupkeep.detection.fields import Catalogue, fields_of, is_text, word
from aupkeep.detection.rule import Sample
from aupkeep.detection.sampling import EVENT_KEYS, rows_of, sample_time
from aupkeep.detection.shape import Shape
from aupkeep.events.schema import KINDS, ORDER
from aupkeep.policy.nodes import Node

#: When the samples take place: a Monday, 2026-01-05T00:00:00Z.
START = 1_767_571_200_000_000
#: In a text it is the number of the repetition, from 1 on.
NUMBER = "{n}"
#: Provider of the rows of samples.
PROVIDER = "sample"

Row = dict[str, object]


def check_samples(block: Block, shape: Shape) -> None:
    """Check the fields of every event in the tests of `block`."""
    for test in block.node.at("tests").entries():
        for event in test.at("events").entries():
            kind = event.at("kind").text
            if kind in shape.kinds:
                for key, node in event.items():
                    if key not in EVENT_KEYS:
                        _check_field(key, node, kind, shape)


def _check_field(key: str, node: Node, kind: str, shape: Shape) -> None:
    fields = shape.fields_of(kind)
    if key not in fields:
        shape.unknown(key, fields, what=f"a field of {kind}", place=node.key_place)
    elif node.value is not None and not _fits(node.value, fields[key]):
        shape.fault("wrong-type", f"`{key}` of {kind} holds {word(fields[key])}", node)


def _fits(value: object, data: pl.DataType) -> bool:
    if is_text(data):
        return isinstance(value, str)
    if data == pl.Boolean:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if data.is_float():
        return isinstance(value, int | float)
    if value == NUMBER:
        return True
    return isinstance(value, int) and -_bound(data) <= value < _bound(data)


def _bound(data: pl.DataType) -> int:
    """Return the first whole number that is too large for a field of type `data`."""
    return 2**31 if data == pl.Int32 else 2**63


def frames_of(sample: Sample, kinds: Catalogue = KINDS) -> tuple[dict[str, pl.DataFrame], int]:
    """Return the attributed frames of a sample by kind, and the instant at which it ends."""
    rows: dict[str, list[Row]] = {}
    position = 0
    for event in sample.events:
        for row in _rows(event, kinds):
            rows.setdefault(str(event["kind"]), []).append({**row, "position": position})
            position += 1
    frames = {
        kind: pl.DataFrame(listed, schema=fields_of(kind, kinds)).sort(ORDER)
        for kind, listed in rows.items()
    }
    ends = [int(frame["event_time"][-1]) for frame in frames.values()]
    return frames, max([START + sample.until, *ends])


def _rows(event: Mapping[str, object], kinds: Catalogue) -> Iterator[Row]:
    fields = fields_of(str(event["kind"]), kinds)
    given = {key: value for key, value in event.items() if key not in EVENT_KEYS}
    start = START + sample_time(event.get("at"))
    step = sample_time(event.get("every"))
    for turn in range(rows_of(event)):
        row = {key: _filled(value, turn + 1, fields[key]) for key, value in given.items()}
        time = start + turn * step
        yield {**_DEFAULTS, "event_time": time, "observed_at": time, **_who(row), **row}


def _filled(value: object, number: int, data: pl.DataType) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace(NUMBER, str(number))
    return text if is_text(data) else int(text)


_DEFAULTS: Row = {
    "stream": 1,
    "part": 0,
    "source": 0,
    "provider": PROVIDER,
    "authenticated": True,
    "late": False,
    "service": "s1",
    "actor": "sample",
    "forgeable": False,
}


def _who(row: Row) -> Row:
    """Return the columns of attribution that follow from those given."""
    customer = row.get("customer", "c1")
    attribution = "unknown" if customer is None else "attributed"
    return {"customer": customer, "attribution": attribution, "plans": row.get("plan")}
