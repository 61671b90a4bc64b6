"""The tests inside a rule, as they stand in the file.

In: the node under `tests`. Out: samples, and faults. Whether the fields of their events exist is
checked by `testing`.
"""

from __future__ import annotations

from collections.abc import Mapping

from aupkeep.base.clock import DAY, parse_duration
from aupkeep.detection.rule import Sample
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: Keys of a sample's event that are no fields.
EVENT_KEYS = ("kind", "repeat", "every", "at")
#: Most rows one entry of a sample may stand for, and all tests of a rule together.
MOST_ROWS = 200_000
MOST_ROWS_A_RULE = 1_000_000
#: The longest time a sample may take.
LONGEST = 3660 * DAY
_KEYS = ("name", "events", "expect", "until")
_NEEDED = ("name", "events", "expect")


def read_samples(node: Node, shape: Shape) -> tuple[Sample, ...]:
    """Return the tests of a rule: at least one that expects findings and one that expects none."""
    if node.value is None:
        return ()
    samples = [
        _sample(entry, shape)
        for entry in node.entries()
        if shape.keys(entry, _KEYS, _NEEDED, "a test")
    ]
    if not isinstance(node.value, list):
        shape.fault("not-a-list", "tests must be a list", node)
        return ()
    rows = sum(rows_of(event) for sample in samples for event in sample.events)
    if rows > MOST_ROWS_A_RULE:
        shape.fault("too-many", f"the tests of a rule may have {MOST_ROWS_A_RULE} rows", node)
    if not any(sample.expect > 0 for sample in samples):
        shape.fault("missing-test", "no test of this rule expects a finding", node)
    if not any(sample.expect == 0 for sample in samples):
        shape.fault("missing-test", "no test of this rule expects nothing", node)
    return tuple(samples)


def _sample(entry: Node, shape: Shape) -> Sample:
    name, listed, expect = entry.at("name"), entry.at("events"), entry.at("expect")
    events = [_plain(event) for event in listed.entries() if _event(event, shape)]
    if listed.value is not None and not isinstance(listed.value, list):
        shape.fault("not-a-list", "events must be a list", listed)
    return Sample(
        name="" if name.value is None else shape.text(name, "the name of a test"),
        events=tuple(events),
        expect=0 if expect.value is None else shape.whole(expect, "expect", least=0),
        until=_until(entry.at("until"), max(map(_end, events), default=0), shape),
    )


def _until(node: Node, last: int, shape: Shape) -> int:
    """Return how far the time of the sample goes on, from its start."""
    if node.value is None:
        return 0
    until = _time(node, "until", shape)
    if 0 <= until < last:
        shape.fault("until", "until must not be before the last event", node)
    return max(until, 0)


def _event(node: Node, shape: Shape) -> bool:
    """Check the shape of one event of a test; its fields are checked with the kind's."""
    if not isinstance(node.value, dict):
        shape.fault("not-a-mapping", "an event must be a mapping", node)
        return False
    before = len(shape.faults)
    shape.word(node.at("kind"), shape.kinds, "a kind of event")
    for key in ("every", "at"):
        _time(node.at(key), key, shape)
    repeat = node.at("repeat")
    if repeat.value is not None and shape.whole(repeat, "repeat", least=1) > MOST_ROWS:
        shape.fault("too-many", f"an event may be repeated {MOST_ROWS} times at most", repeat)
    if len(shape.faults) == before and _end(_plain(node)) > LONGEST:
        shape.fault("too-long", "a test may take ten years at most", node)
    return len(shape.faults) == before


def _time(node: Node, what: str, shape: Shape) -> int:
    time = sample_time(node.value)
    if time < 0:
        what = f"{what} must be a duration such as 10ms, 5s or 1h"
        shape.fault("not-a-duration", what, node)
    elif time > LONGEST:
        shape.fault("too-long", "a test may take ten years at most", node)
    return time


def sample_time(text: object) -> int:
    """Return the microseconds of `10ms` or of a duration; 0 for None; -1 for anything else."""
    if text is None:
        return 0
    try:
        if isinstance(text, str) and text.endswith("ms") and text[:-2].isascii():
            return int(text[:-2]) * 1000 if text[:-2].isdecimal() else -1
        return parse_duration(text) if isinstance(text, str) else -1
    except ValueError:
        return -1


def rows_of(event: Mapping[str, object]) -> int:
    """Return how many rows an event of a sample stands for."""
    repeat = event.get("repeat")
    return repeat if isinstance(repeat, int) else 1


def _end(event: Mapping[str, object]) -> int:
    """Return when the last row of an event is, from the start of the sample."""
    return sample_time(event.get("at")) + (rows_of(event) - 1) * sample_time(event.get("every"))


def _plain(node: Node) -> dict[str, object]:
    return {key: child.value for key, child in node.items()}
