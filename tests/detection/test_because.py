"""Trees with actual values: their roots are the engine's answers, and their size is bounded."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.detection import rule as ir
from aupkeep.detection.because import MOST_DEPTH, MOST_NODES, MOST_PARTS, cut, trees
from aupkeep.detection.predicates import masks

SCHEMA = {
    "status": pl.String(),
    "login": pl.String(),
    "client_ip": pl.String(),
    "size": pl.Int64(),
    "recipients": pl.Int64(),
    "delay": pl.Float64(),
    "final": pl.Boolean(),
}
TEXTS = st.sampled_from(["a", "A", "ab", "Abc", "b.c", "", "é", "É"])
ROWS = st.fixed_dictionaries(
    {
        "status": st.none() | TEXTS,
        "login": st.none() | TEXTS,
        "client_ip": st.sampled_from([None, "10.1.2.3", "11.0.0.1", "2001:db8::1", "no address"]),
        "size": st.none() | st.integers(-2, 5),
        "recipients": st.none() | st.integers(0, 3),
        "delay": st.sampled_from([None, 0.5, 2.0, 2.5, 1e300]),
        "final": st.none() | st.booleans(),
    }
)
LEAVES = st.one_of(
    st.builds(
        ir.OneOf,
        field=st.just("status"),
        values=st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
        cased=st.booleans(),
    ),
    st.builds(ir.OneOf, field=st.just("size"), values=st.sampled_from([(1,), (2.5, 3), (-1,)])),
    st.builds(
        ir.Glob,
        field=st.just("status"),
        pieces=st.lists(st.sampled_from(["a", "B", ".", ir.Wild.ANY, ir.Wild.ONE]), min_size=1).map(
            tuple
        ),
        cased=st.booleans(),
    ),
    st.just(ir.Regex(field="status", pattern="^a.*[cb]$", flags="i")),
    st.sampled_from(["10.0.0.0/8", "2001:db8::/32"]).map(
        lambda network: ir.Cidr(field="client_ip", network=network)
    ),
    st.builds(
        ir.Compare,
        field=st.sampled_from(["size", "delay"]),
        op=st.sampled_from(["gt", "gte", "lt", "lte"]),
        number=st.sampled_from([1, 2, 0.5, 2.5]),
    ),
    st.builds(ir.Flag, field=st.just("final"), value=st.booleans()),
    st.builds(ir.Present, field=st.sampled_from(["status", "delay"]), present=st.booleans()),
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
        st.builds(ir.All, parts=st.lists(inner, max_size=3).map(tuple)),
        st.builds(ir.Some, parts=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def selected(predicate: ir.Predicate) -> ir.Selection:
    return ir.Selection(id="s", name="s", title="", kind="mail", predicate=predicate)


def leaves_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [*node.get("all", []), *node.get("some", [])]
    parts += [node["not"]] if "not" in node else []
    return [leaf for part in parts for leaf in leaves_of(part)] if parts else [node]


@given(PREDICATES, st.lists(ROWS, min_size=1, max_size=5))
def test_the_root_is_what_the_engine_says_of_the_row(
    predicate: ir.Predicate, rows: list[dict[str, object]]
) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    selection = selected(predicate)
    engine = masks(frame, [selection])["s"].tolist()
    made = trees(selection, frame)
    assert [tree["holds"] for tree in made] == engine
    assert json.loads(json.dumps(made)) == made


@given(PREDICATES, ROWS)
def test_a_leaf_shows_what_the_row_has(predicate: ir.Predicate, row: dict[str, object]) -> None:
    (tree,) = trees(selected(predicate), pl.DataFrame([row], schema=SCHEMA))
    for leaf in leaves_of(tree):
        if "field" in leaf:
            assert leaf["actual"] == row[leaf["field"]]
            assert leaf["text"].startswith(leaf["field"])


def test_a_list_of_many_values_is_cut_and_counted() -> None:
    leaf = ir.OneOf(field="status", values=tuple(f"v{i}" for i in range(10_000)))
    (tree,) = trees(selected(leaf), pl.DataFrame([{"status": "v7"}], schema=SCHEMA))
    assert tree["holds"]
    assert tree["more"] == 10_000 - len(tree["wanted"])
    assert "and 9995 more" in tree["text"]


def test_of_many_parts_those_that_decide_are_shown() -> None:
    parts = tuple(ir.Glob(field="status", pieces=(ir.Wild.ANY, f"{i}z")) for i in range(500))
    rows = pl.DataFrame([{"status": "x499z"}], schema=SCHEMA)
    (tree,) = trees(selected(ir.Some(parts=parts)), rows)
    assert tree["holds"]
    assert tree["some"][0]["wanted"] == "*9z"
    assert [part["holds"] for part in tree["some"][:3]] == [True, True, True]
    assert len(tree["some"]) == MOST_PARTS
    assert tree["more"] == 500 - MOST_PARTS


def test_a_deep_and_wide_tree_is_bounded() -> None:
    predicate: ir.Predicate = ir.Compare(field="size", op="gt", number=1)
    for _ in range(3):
        predicate = ir.All(parts=(predicate,) * 12)
    for _ in range(2 * MOST_DEPTH):
        predicate = ir.Not(part=predicate)
    rows = pl.DataFrame([{"size": 2}], schema=SCHEMA)
    (deep,) = trees(selected(predicate), rows)
    assert deep["holds"]
    assert "nested too deep" in json.dumps(deep)
    wide = predicate
    while isinstance(wide, ir.Not):
        wide = wide.part
    (shown,) = trees(selected(wide), rows)
    assert json.dumps(shown).count('"holds"') <= MOST_NODES + 2 * MOST_PARTS


def test_long_texts_are_cut_with_a_count() -> None:
    assert cut("a" * 300) == "a" * 200 + "... (100 characters more)"
    assert cut("\ud800") == "?"
