"""The compiled engine against the oracle: random rules, random rows, any cuts, any restarts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aupkeep.detection import rule as ir
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.events.schema import ATTRIBUTED, ORDER, columns
from aupkeep.policy.model import Tier

sys.path.insert(0, str(Path(__file__).parent))
from oracle import Found, Oracle, Row

PROVIDER = "p"
SECOND = 1_000_000
SPANS = (SECOND, 60 * SECOND, 90 * SECOND, 7 * SECOND)
NUMBERS = (1, 2, 3, 5, 0.5, 2.5)

TEXTS = st.sampled_from(["a", "A", "ab", "Abc", "b.c", "", "é", "É"])
LEAVES = st.one_of(
    st.just(ir.All(parts=())),
    st.builds(ir.OneOf, field=st.just("status"), values=st.tuples(TEXTS), cased=st.booleans()),
    st.builds(
        ir.OneOf, field=st.just("size"), values=st.sampled_from([(1,), (2, 3), (2.5,), (-1, 2.0)])
    ),
    st.builds(
        ir.Glob,
        field=st.just("status"),
        pieces=st.lists(st.sampled_from(["a", "B", ".", ir.Wild.ANY, ir.Wild.ONE]), min_size=1).map(
            tuple
        ),
        cased=st.booleans(),
    ),
    st.just(ir.Regex(field="status", pattern="^a.*[cb]$", flags="i")),
    st.just(ir.Cidr(field="client_ip", network="10.0.0.0/8")),
    st.just(ir.Cidr(field="client_ip", network="2001:db8::/32")),
    st.builds(
        ir.Compare,
        field=st.sampled_from(["size", "delay"]),
        op=st.sampled_from(["gt", "gte", "lt", "lte"]),
        number=st.sampled_from(NUMBERS),
    ),
    st.builds(ir.Flag, field=st.just("final"), value=st.booleans()),
    st.builds(
        ir.Present, field=st.sampled_from(["status", "size", "delay"]), present=st.booleans()
    ),
    st.builds(
        ir.Same,
        field=st.just("status"),
        other=st.just("login"),
        how=st.sampled_from(["equals", "startswith", "endswith"]),
    ),
    st.just(ir.Same(field="size", other="recipients")),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(ir.Not, part=inner),
        st.builds(ir.All, parts=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(ir.Some, parts=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [("customer", "login"), ("customer",), ("login",), ("size", "final"), ("delay", "customer")]
)


def aups() -> st.SearchStrategy[ir.Aup]:
    return st.builds(
        ir.Aup,
        clause=st.just("c"),
        tier=st.sampled_from([Tier.FACT, Tier.SCORE]),
        status=st.just("review"),
        cooldown=st.sampled_from([0, 0, 1, SECOND, 100 * SECOND]),
        most=st.sampled_from([1, 2, 20]),
    )


@st.composite
def windows(draw: st.DrawFn, number: int) -> ir.Window:
    measure: ir.Measured = draw(st.sampled_from(get_args(ir.Measured)))
    fields = {"value_count": ["status", "size", "delay"], "value_sum": ["size", "delay"]}
    plans = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(NUMBERS))
    return ir.Window(
        id=f"w{number}",
        name=f"w{number}",
        title="",
        version="1",
        measure=measure,
        kind="mail",
        rules=draw(st.sampled_from([("s0",), ("s1",), ("s0", "s1")])),
        numerator="s2" if measure == "ratio" else "",
        group_by=draw(KEYS),
        timespan=draw(st.sampled_from(SPANS)),
        op=draw(st.sampled_from(["gte", "gte", "gt", "lt", "lte", "eq", "neq"])),
        threshold=ir.Threshold(default=draw(st.sampled_from(NUMBERS)), plans=draw(plans)),
        least=draw(st.integers(1, 3)) if measure == "ratio" else 0,
        field=draw(st.sampled_from(fields[measure])) if measure in fields else "",
        aup=draw(st.one_of(st.none(), aups(), aups())),
        detection=f"w{number}",
    )


@st.composite
def rulesets(draw: st.DrawFn) -> ir.RuleSet:
    selections = [
        ir.Selection(id=f"s{i}", name=f"s{i}", title="", kind="mail", predicate=draw(PREDICATES))
        for i in range(3)
    ]
    selections.append(
        ir.Selection(id="f", name="f", title="", kind="login", predicate=ir.All(parts=()))
    )
    rules: list[ir.Rule] = [draw(windows(i)) for i in range(draw(st.integers(1, 3)))]
    for i in range(draw(st.integers(0, 2))):
        known = [one.id for one in (*selections, *rules)]
        joined = draw(st.lists(st.sampled_from(known), min_size=2, max_size=3, unique=True))
        rules.append(
            ir.Conjunction(
                id=f"t{i}",
                name=f"t{i}",
                title="",
                version="1",
                rules=tuple(joined),
                kinds=("login", "mail"),
                group_by=draw(st.sampled_from([("customer",), ("customer", "client_ip")])),
                timespan=draw(st.sampled_from(SPANS)),
                aup=draw(aups()),
                detection=f"t{i}",
            )
        )
    return ir.RuleSet(
        selections={one.id: one for one in selections}, rules={one.id: one for one in rules}
    )


@st.composite
def row_lists(draw: st.DrawFn) -> list[Row]:
    pane = ir.pane_length(draw(st.sampled_from(SPANS)))
    step = st.sampled_from([0, 0, 1, pane // 2, pane - 1, pane, pane + 1, 20 * pane, 59 * pane])
    far = st.sampled_from([60 * pane, 61 * pane, 60 * pane - 1, 300 * pane])
    time = draw(st.sampled_from([0, -5 * pane, -61 * pane - 1, 1_767_571_200_000_000]))
    rows: list[Row] = []
    for i in range(draw(st.integers(1, 40))):
        time += draw(st.one_of(step, step, step, far))
        rows.append(draw(one_row(time, i)))
    return rows


@st.composite
def one_row(draw: st.DrawFn, time: int, number: int) -> Row:
    plan = draw(st.sampled_from([None, "x", "y", "z"]))
    customer = draw(st.sampled_from(["c1", "c1", "c2", None]))
    mostly = st.sampled_from([True] * 7 + [False])
    return {
        "kind": draw(st.sampled_from(["mail", "mail", "mail", "login"])),
        "event_time": time,
        "observed_at": time,
        "stream": draw(st.integers(0, 2)),
        "position": number,
        "part": draw(st.integers(0, 1)),
        "provider": PROVIDER if draw(mostly) else "other",
        "authenticated": draw(mostly),
        "late": not draw(mostly),
        "customer": customer,
        "plan": plan,
        "plans": draw(st.sampled_from([plan, "x|y", "y|z"])),
        "attribution": draw(st.sampled_from(["attributed"] * 6 + ["outsider"])),
        "actor": draw(st.sampled_from(["ip:1", "ip:2", None])),
        "forgeable": not draw(mostly),
        "client_ip": draw(st.sampled_from([None, "10.1.2.3", "192.0.2.1", "2001:db8::1"])),
        "login": draw(st.sampled_from([None, "a", "b"])),
        "status": draw(st.one_of(st.none(), TEXTS)),
        "size": draw(st.sampled_from([None, 1, 2, 3, -1, 2**40])),
        "recipients": draw(st.sampled_from([None, 1, 2])),
        "delay": draw(st.sampled_from([None, 0.1, 0.2, 0.3, 1e16, -1e16, float("nan")])),
        "final": draw(st.sampled_from([None, True, False])),
    }


def frames(rows: list[Row]) -> dict[str, pl.DataFrame]:
    made = {}
    for kind in ("mail", "login"):
        schema = columns(kind) | ATTRIBUTED
        listed = [{name: row.get(name) for name in schema} for row in rows if row["kind"] == kind]
        made[kind] = pl.DataFrame(listed, schema=schema).sort(ORDER)
    return made


def plain(finding: Finding) -> Found:
    return Found(
        state=finding.state,
        rule=finding.rule,
        key=tuple(finding.key.values()),
        customer=finding.customer,
        first=finding.first,
        last=finding.last,
        value=finding.value,
        threshold=finding.threshold,
        events=finding.events,
        tier=finding.tier,
        forgeable=finding.forgeable,
    )


def by_text(found: list[Found]) -> list[str]:
    return sorted(map(repr, found))


def replay(
    rules: ir.RuleSet, rows: list[Row], cuts: list[tuple[int, bool]], end: int
) -> tuple[list[Finding], list[Finding]]:
    """Feed `rows` in pieces; after a cut marked so, go on from the saved state."""
    engine = Engine({PROVIDER: (rules, "1")})
    changes: list[Finding] = []
    start = 0
    for stop, again in [*cuts, (len(rows), False)]:
        piece = rows[start:stop]
        if piece:
            changes += engine.feed(frames(piece), piece[-1]["event_time"])
        start = max(start, stop)
        if again:
            saved = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.save()))
            engine = Engine({PROVIDER: (rules, "1")})
            assert engine.restore(saved) == []
    changes += engine.feed({}, end)
    return changes, engine.finish()


QUIET: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


@given(rules=rulesets(), rows=row_lists(), data=st.data())
@settings(max_examples=60, **QUIET)
def test_engine_means_what_the_oracle_says(
    rules: ir.RuleSet, rows: list[Row], data: st.DataObject
) -> None:
    rows = sorted(rows, key=lambda row: tuple(row[name] for name in ORDER))
    end = rows[-1]["event_time"] + data.draw(st.sampled_from([0, SECOND, 100 * SECOND]))
    expected, still = Oracle(rules, PROVIDER).run(rows, end)
    whole, present = replay(rules, rows, [], end)
    assert by_text([plain(one) for one in whole]) == by_text(expected)
    opened = {one.id for one in whole if one.state == "growing"}
    assert by_text([plain(one) for one in present if one.id not in opened]) == by_text(
        [one for one in still if not _grew(one, expected)]
    )
    assert [one.last for one in whole] == sorted(one.last for one in whole)
    cuts = sorted(data.draw(st.lists(st.tuples(st.integers(0, len(rows)), st.booleans()))))
    assert replay(rules, rows, cuts, end) == (whole, present)


def _grew(now: Found, changes: list[Found]) -> bool:
    return any(
        one.state == "growing" and (one.rule, one.key, one.first) == (now.rule, now.key, now.first)
        for one in changes
    )
