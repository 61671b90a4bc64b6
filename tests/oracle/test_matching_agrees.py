"""Rules over large frames, where parts are shared, sifted and judged by distinct values."""

from __future__ import annotations

import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.detection import rule as ir
from aupkeep.detection.matching import Matcher

sys.path.insert(0, str(Path(__file__).parent))
from oracle import Row, matches

#: Rows enough for texts to be looked for first.
HEIGHT = 600
TYPES: dict[str, pl.DataType] = {
    "a": pl.String(),
    "b": pl.String(),
    "whole": pl.Int64(),
    "real": pl.Float64(),
    "flag": pl.Boolean(),
    "ip": pl.String(),
}
WORDS = ["", "x", "Xmrig", "xmrig -o", "/bin/SH", "sh", "é", "É", "ΑΣ", "ς"]
TEXTS = st.lists(st.sampled_from([*WORDS, " ", "\n"]), max_size=4).map("".join)
FIELDS = st.sampled_from(["a", "b"])
NUMBERS = st.sampled_from([0, 1, -3, 1.5, 2**53 + 1, 2**63, -(10**30), 10**400, 1e308])
PIECES = st.lists(st.one_of(st.sampled_from(WORDS[1:]), st.just(ir.Wild.ANY)), min_size=1).map(
    lambda pieces: tuple(
        piece for i, piece in enumerate(pieces) if i == 0 or piece != pieces[i - 1]
    )
)
LEAVES = st.one_of(
    st.builds(ir.Glob, field=FIELDS, pieces=PIECES, cased=st.booleans()),
    st.builds(ir.Glob, field=FIELDS, pieces=PIECES, cased=st.booleans()),
    st.builds(
        ir.OneOf,
        field=FIELDS,
        values=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple),
        cased=st.booleans(),
    ),
    st.builds(
        ir.OneOf,
        field=st.sampled_from(["whole", "real"]),
        values=st.lists(NUMBERS, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        ir.Compare,
        field=st.sampled_from(["whole", "real"]),
        op=st.sampled_from(["gt", "gte", "lt", "lte"]),
        number=NUMBERS,
    ),
    st.builds(ir.Regex, field=FIELDS, pattern=st.sampled_from(["x.*", "sh$", "[0-9]"])),
    st.builds(ir.Cidr, field=st.just("ip"), network=st.sampled_from(["10.0.0.0/8", "10.0.0.4/30"])),
    st.builds(ir.Flag, field=st.just("flag"), value=st.booleans()),
    st.builds(ir.Present, field=st.sampled_from(list(TYPES)), present=st.booleans()),
    st.just(ir.Same(field="a", other="b")),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(ir.Not, part=inner),
        st.builds(ir.All, parts=st.lists(inner, max_size=3).map(tuple)),
        st.builds(ir.Some, parts=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "a": st.none() | TEXTS,
        "b": st.none() | TEXTS,
        "whole": st.none() | st.sampled_from([0, 1, -3, 2**53 + 1, 2**63 - 1, -(2**63)]),
        "real": st.none() | st.sampled_from([0.0, 1.5, 2.0**53, -1e300, float("inf")]),
        "flag": st.none() | st.booleans(),
        "ip": st.sampled_from([None, "10.0.0.7", "10.1.0.9", "192.0.2.1", "2001:db8::1"]),
    }
)


def selections(predicates: list[ir.Predicate]) -> list[ir.Selection]:
    return [
        ir.Selection(id=f"s{i}", name="", title="", kind="k", predicate=predicate)
        for i, predicate in enumerate(predicates)
    ]


def repeated(rows: list[Row], height: int, *, distinct: bool) -> list[Row]:
    """Return so many rows, those given again and again; or none twice, by their text `a`."""
    found = [rows[i % len(rows)] for i in range(height)]
    if not distinct:
        return found
    return [
        {**row, "a": None if row["a"] is None else f"{row['a']}{i}"} for i, row in enumerate(found)
    ]


@settings(max_examples=40, deadline=None)
@given(
    predicates=st.lists(PREDICATES, min_size=1, max_size=10),
    rows=st.lists(ROWS, min_size=1, max_size=12),
    distinct=st.booleans(),
    height=st.sampled_from([3, HEIGHT]),
    small=st.sampled_from([0, 1000]),
)
def test_a_matcher_means_what_the_oracle_says(
    predicates: list[ir.Predicate], rows: list[Row], *, distinct: bool, height: int, small: int
) -> None:
    asked = selections(predicates)
    many = repeated(rows, height, distinct=distinct)
    masks = Matcher(asked, TYPES, small=small).masks(pl.DataFrame(many, schema=TYPES))
    for one in asked:
        if distinct:
            expected = [matches(one.predicate, row) for row in many]
        else:
            once = [matches(one.predicate, row) for row in rows]
            expected = [once[i % len(rows)] for i in range(height)]
        assert masks[one.id].tolist() == expected


@pytest.mark.parametrize("height", [0, 3, HEIGHT])
def test_predicates_without_columns_hold_everywhere_or_nowhere(height: int) -> None:
    asked = selections([ir.All(parts=()), ir.Some(parts=()), ir.Not(part=ir.Some(parts=()))])
    masks = Matcher(asked, TYPES, small=0).masks(
        pl.DataFrame({"a": ["x"] * height}, schema={"a": pl.String})
    )
    held = [sum(mask.tolist()) for mask in masks.values()]
    assert held == [height, 0, height]


def test_texts_that_are_rare_are_found_among_many() -> None:
    words = [f"word{i:02}" for i in range(40)]
    parts = [
        ir.Glob(field="a", pieces=(ir.Wild.ANY, word, ir.Wild.ANY), cased=i % 2 == 0)
        for i, word in enumerate(words)
    ]
    lines = [f"line {i} {words[i // 15] if i % 15 == 0 else ''}" for i in range(HEIGHT)]
    lines[4] = "Word03 in another case"
    asked = selections([*parts, ir.All(parts=(parts[1], parts[2])), ir.Some(parts=tuple(parts))])
    masks = Matcher(asked, TYPES, small=0).masks(pl.DataFrame({"a": lines}))
    for i, word in enumerate(words):
        expected = [word in (line if i % 2 == 0 else line.lower()) for line in lines]
        assert masks[f"s{i}"].tolist() == expected
    assert not masks["s40"].any()
    assert masks["s41"].sum() == 41


@pytest.mark.parametrize("network", ["10.16.0.0/12", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/33"])
@pytest.mark.parametrize(
    "text",
    [
        *("10.16.0.1", "10.32.0.1", "10.16.0.256", "10.016.0.1", "10.16.0.1\n", " 10.16.0.1"),
        *("192.0.2.7", "192.0.2.77", "0.0.0.0", "255.255.255.255", "1.2.3", "1.2.3.4.5", ""),
        *("2001:db8::1", "2001:DB8:7fff::", "2001:db8:8000::", "::ffff:10.16.0.1", "\u0661.2.3.4"),
    ],
)
def test_a_text_is_in_a_network_as_an_address_is(network: str, text: str) -> None:
    cidr = ir.Cidr(field="a", network=network)
    masks = Matcher(selections([cidr]), TYPES).masks(pl.DataFrame({"a": [text]}))
    try:
        address = ip_address(text)
    except ValueError:
        inside = False
    else:
        inside = address in ip_network(network)
    assert masks["s0"].tolist() == [inside]
