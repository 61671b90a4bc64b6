"""Long lists of patterns, asked together, mean what each of them means alone."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.detection.expressions import expression
from aupkeep.detection.lists import FEWEST, together
from aupkeep.detection.predicates import masks
from aupkeep.detection.rule import Cidr, Glob, OneOf, Predicate, Regex, Selection, Some, Wild

TEXTS = st.text(alphabet="aAbßİ.é1", min_size=0, max_size=4)
PATTERNS = st.sampled_from(
    [
        "a",
        "^b",
        "a$",
        "a|b",
        "[ab]1",
        "a.b",
        "(?i:é)",
        "a{2}",
        "(?P<n>a)",
        "^$",
        r"\.",
        "b#",
        "(a|1)b",
    ]
)


@st.composite
def patterns(draw: st.DrawFn) -> Predicate:
    """Draw a pattern of any sort."""
    if draw(st.integers(0, 3)) == 0:
        flags = draw(st.sampled_from(["", "i", "s"]))
        return Regex(field="login", pattern=draw(PATTERNS), flags=flags)
    text, cased = draw(TEXTS), draw(st.booleans())
    pieces = draw(
        st.sampled_from(
            [(Wild.ANY, text, Wild.ANY), (text, Wild.ANY), (Wild.ANY, text), (text, Wild.ONE)]
        )
    )
    return Glob(field="login", pieces=tuple(one for one in pieces if one != ""), cased=cased)


def held(predicate: Predicate, frame: pl.DataFrame) -> list[bool]:
    one = Selection(id="a", name="a", title="a", kind="mail", predicate=predicate)
    return [bool(value) for value in masks(frame, [one])["a"]]


@given(st.lists(patterns(), min_size=FEWEST, max_size=60), st.lists(TEXTS | st.none(), max_size=30))
def test_many_together_are_any_of_them(parts: list[Predicate], texts: list[str | None]) -> None:
    frame = pl.DataFrame({"login": texts}, schema={"login": pl.String})
    alone = [held(part, frame) for part in parts]
    wanted = [any(row) for row in zip(*alone, strict=True)]
    assert held(Some(parts=tuple(parts)), frame) == wanted


def test_ten_thousand_texts_are_one_search() -> None:
    parts = [Glob(field="login", pieces=(Wild.ANY, f"u{i}@", Wild.ANY)) for i in range(10_000)]
    made, rest = together([*parts, OneOf(field="login", values=("x",))])
    assert (len(made), len(rest)) == (1, 1)
    frame = pl.DataFrame({"login": ["U17@x.example", "w@x.example", None]})
    assert held(Some(parts=tuple(parts)), frame) == [True, False, False]


def test_many_classes_are_not_put_together_beyond_what_compiles() -> None:
    parts = [Regex(field="login", pattern=rf"\w\w\w\w\w\w{i}") for i in range(300)]
    frame = pl.DataFrame({"login": ["abcdef7", "x", None]})
    assert held(Some(parts=tuple(parts)), frame) == [True, False, False]


def test_many_networks() -> None:
    parts = [Cidr(field="login", network=f"10.{i}.0.0/17") for i in range(200)]
    frame = pl.DataFrame({"login": ["10.7.127.255", "10.7.128.0", "10.200.0.1", "", None]})
    assert held(Some(parts=tuple(parts)), frame) == [True, False, False, False, False]


def test_a_lazy_frame_is_asked_as_well() -> None:
    parts = tuple(
        Glob(field="login", pieces=(Wild.ANY, f"T{i}x", Wild.ANY), cased=True)
        for i in range(FEWEST)
    )
    frame = pl.LazyFrame({"login": ["aT3xb", "t3x", None]})
    asked = frame.select(a=expression(Some(parts=parts), {"login": pl.String()}))
    assert asked.collect()["a"].to_list() == [True, False, False]
