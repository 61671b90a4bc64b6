from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.errors import AupkeepError
from aupkeep.policy.marks import DEEPEST, load, load_all
from aupkeep.policy.nodes import Marks, Node, Path

LETTERS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["C"]))
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 3))
    | LETTERS
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=12,
)


def paths(value: object, path: Path = ()) -> list[tuple[Path, object]]:
    found = [(path, value)]
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += paths(item, (*path, index))
    return found


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_json_is_read_as_it_is_and_each_value_knows_its_place(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    got, marks = load(text, "a.yml")
    assert got == value
    for path, item in paths(value):
        place = marks.value(path)
        assert place.text == text.splitlines()[place.line - 1]
        first = json.dumps(item, ensure_ascii=False, indent=1)[0]
        assert place.text[place.column - 1] == first
        if path and isinstance(path[-1], str):
            key = marks.key(path)
            assert key.text[key.column - 1 :].startswith(json.dumps(path[-1], ensure_ascii=False))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("2026-11-01", "2026-11-01"),
        ("12:30:45", "12:30:45"),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("+3", 3),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        (".inf", ".inf"),
        ("1_000", "1_000"),
        ("9" * 30, "9" * 30),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"7"', "7"),
        ("|\n  7\n", "7\n"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert load(f"key: {text}", "a.yml")[0] == {"key": value}


def test_one_document_is_wanted() -> None:
    with pytest.raises(AupkeepError, match="one YAML document is wanted here, not 2"):
        load("a: 1\n---\nb: 2\n", "a.yml")
    with pytest.raises(AupkeepError, match="not 0"):
        load("# nothing\n", "a.yml")


def test_every_fault_of_a_text_is_raised_at_once() -> None:
    with pytest.raises(AupkeepError) as caught:
        load("a: &x 1\na: 2\nb: !y 3\n", "a.yml")
    assert [fault.code for fault in caught.value.faults] == [
        "yaml-anchor",
        "duplicate-key",
        "yaml-tag",
    ]


def test_what_stands_before_a_fault_is_kept() -> None:
    loaded = load_all("a: 1\n---\nb: 2\n---\nc: d: 3\n", "a.yml")
    assert [node.value for node in loaded.documents] == [{"a": 1}, {"b": 2}]
    assert [fault.code for fault in loaded.faults] == ["yaml-syntax"]


def test_the_first_of_two_equal_keys_keeps_value_and_place() -> None:
    loaded = load_all("a: {b: 1}\na: {b: 2, c: 3}\n", "a.yml")
    (node,) = loaded.documents
    assert node.value == {"a": {"b": 1}}
    assert node.at("a").at("b").place.line == 1


def test_a_billion_laughs_are_refused_without_being_built() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    names = "abcdefghi"
    for before, name in itertools.pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 9)}]")
    loaded = load_all("\n".join(lines), "a.yml")
    assert {fault.code for fault in loaded.faults} == {"yaml-anchor"}
    assert len(json.dumps(loaded.documents[0].value)) < 2000


def test_deep_nesting_is_refused_and_the_rest_is_read() -> None:
    loaded = load_all("a: " + "[" * 120 + "]" * 120 + "\nb: 1\n", "a.yml")
    assert [fault.code for fault in loaded.faults] == ["too-deep"]
    assert loaded.documents[0].at("b").value == 1
    fits = DEEPEST - 1
    assert not load_all("a: " + "[" * fits + "]" * fits, "a.yml").faults


def test_a_missing_value_points_at_what_should_hold_it() -> None:
    node = load_all("top:\n  inner: {x: 1}\n", "a.yml").documents[0]
    missing = node.at("top").at("inner").at("y").at(0)
    assert missing.value is None
    assert (missing.place.line, missing.place.column) == (2, 3)
    assert list(missing.items()) == []
    assert list(missing.entries()) == []


def test_a_node_of_nothing_has_the_file_as_its_place() -> None:
    node = Node(value=None, marks=Marks(file="a.yml", lines=(), keys={}, values={}))
    assert (node.place.file, node.place.line) == ("a.yml", 0)
