"""One run of the rules over the file, reading included: what was found, and the seconds it took.

In: the Parquet file and how to run. Out: for each rule its hits. A rule about single events has a
count; a windowed one the number of keys it held for, and the sum of the ids of the events at which
it first did, so that engines that agree agree on the first moment of every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.detection.matching import Matcher
from aupkeep.detection.rule import RuleSet
from aupkeep.flow.trial.clock import Clock
from aupkeep.flow.trial.file import PROVIDER, fields_by_kind, read_batches, read_kind

Hits = dict[str, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one run found, and what it took."""

    hits: Hits
    #: CPU seconds and seconds of the clock, reading included.
    cpu: float
    wall: float
    #: CPU and clock seconds of each batch, reading it included.
    each: tuple[tuple[float, float], ...] = ()


def run_stateless(path: Path, rules: RuleSet) -> Trial:
    """Count the events that each rule about single events means."""
    clock = Clock()
    found: dict[str, int] = {}
    for kind, fields in fields_by_kind(rules).items():
        wanted = [one for one in rules.selections.values() if one.kind == kind]
        frame = read_kind(path, kind, fields)
        found |= {
            rule: int(mask.sum())
            for rule, mask in Matcher(wanted, frame.schema).masks(frame).items()
        }
    cpu, wall = clock.read()
    hits = {rules.selections[rule].name: [count] for rule, count in found.items()}
    return Trial(hits=hits, cpu=cpu, wall=wall)


def run_windowed(path: Path, rules: RuleSet, *, size: int, workers: int = 1) -> Trial:
    """Feed the events to an engine, `size` at a time, and gather what it finds."""
    engine = _engine(rules, workers)
    clock = Clock()
    first: dict[tuple[str, ...], int] = {}
    each: list[tuple[float, float]] = []
    one = Clock()
    for found in engine.stream(read_batches(path, fields_by_kind(rules), size)):
        for finding in found:
            first.setdefault(_who(finding), _where(finding))
        each.append(one.read())
        one = Clock()
    cpu, wall = clock.read()
    return Trial(hits=_hits(rules, first), cpu=cpu, wall=wall, each=tuple(each))


def _engine(rules: RuleSet, workers: int) -> Engine:
    ruled = {PROVIDER: (rules, "1")}
    return Engine(ruled) if workers == 1 else Engine(ruled, workers=workers)


def _who(finding: Finding) -> tuple[str, ...]:
    return (finding.rule, *(str(value) for value in finding.key.values()))


def _where(finding: Finding) -> int:
    """Return the id of the event that opened a finding: its position."""
    return int(finding.events[0].partition(":")[2])


def _hits(rules: RuleSet, first: Mapping[tuple[str, ...], int]) -> Hits:
    hits = {rule.name: [0, 0] for rule in rules.rules.values()}
    for (rule, *_), where in first.items():
        one = hits[rules.rules[rule].name]
        one[0] += 1
        one[1] += where
    return hits
