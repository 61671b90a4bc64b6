"""Runs of the compiled engine in every way in which the outcome must be the same.

In: rules and rows. Out: what the engine found, as it says it and as the oracle would say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from hypothesis import strategies as st
from oracle_cases import KINDS, PROVIDER, frames

from aupkeep.detection import rule as ir
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.events.schema import Schema
from oracle import Found, Row

Outcome = tuple[list[Finding], list[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """After `rows` rows the feed ends, with the frontier somewhere up to the next row."""

    rows: int
    #: 0: at the last row; 2: at the next one; 1: between the two.
    frontier: int
    #: Go on from the saved state, with so many threads; 0: go on as it is.
    again: int


CUTS = st.lists(
    st.builds(
        Cut,
        rows=st.integers(0, 50),
        frontier=st.sampled_from([0, 1, 2]),
        again=st.sampled_from([0, 1, 2, 3]),
    ),
    max_size=6,
).map(lambda cuts: sorted(cuts, key=lambda cut: cut.rows))


def begun(rules: ir.RuleSet, *, workers: int = 1, share: tuple[int, int] = (0, 1)) -> Engine:
    return Engine({PROVIDER: (rules, "1")}, workers=workers, share=share)


def again(
    engine: Engine, rules: ir.RuleSet, *, workers: int = 1, share: tuple[int, int] = (0, 1)
) -> Engine:
    """Return another engine that goes on where `engine` stands."""
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.save()))
    fresh = begun(rules, workers=workers, share=share)
    assert fresh.restore(saved) == []
    return fresh


def replay(
    rules: ir.RuleSet,
    rows: list[Row],
    end: int,
    cuts: Sequence[Cut] = (),
    *,
    workers: int = 1,
    share: tuple[int, int] = (0, 1),
    kinds: dict[str, Schema] = KINDS,
) -> Outcome:
    """Feed `rows` in pieces; after a cut marked so, go on from the saved state."""
    engine = begun(rules, workers=workers, share=share)
    changes: list[Finding] = []
    start = 0
    for cut in cuts:
        stop = min(cut.rows, len(rows))
        if stop > start:
            last = rows[stop - 1]["event_time"]
            following = rows[stop]["event_time"] if stop < len(rows) else end
            frontier = last + (following - last) * cut.frontier // 2
            changes += engine.feed(frames(rows[start:stop], kinds), frontier)
            start = stop
        if cut.again:
            engine = again(engine, rules, workers=cut.again, share=share)
    changes += engine.feed(frames(rows[start:], kinds), end)
    return changes, engine.finish()


def plain(finding: Finding) -> Found:
    return Found(
        state=finding.state,
        rule=finding.rule,
        key=tuple(finding.key.values()),
        customer=finding.customer,
        service=finding.service,
        attribution=finding.attribution,
        actor=finding.actor,
        first=finding.first,
        last=finding.last,
        observed_at=finding.observed_at,
        value=finding.value,
        threshold=finding.threshold,
        events=finding.events,
        tier=finding.tier,
        forgeable=finding.forgeable,
    )


def by_text(found: Sequence[Found]) -> list[str]:
    """Return findings as sorted text: 1 and 1.0 are two answers there, and so are 0.0 and -0.0."""
    return sorted(map(repr, found))
