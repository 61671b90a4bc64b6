"""Canonical JSON: one spelling, no floats, text keys only."""

from __future__ import annotations

import json
from enum import IntEnum, StrEnum
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.canonical import canonical, digest, sha256

TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | TEXTS
PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


class Word(StrEnum):
    SPAM = "spam"


class Number(IntEnum):
    TWO = 2


def listed(value: object) -> object:
    """Return `value` with tuples as lists, as JSON reads them back."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value


def shuffled(value: object, dice: Random) -> object:
    """Return `value` with the members of every object in another order."""
    if isinstance(value, dict):
        members = [(key, shuffled(item, dice)) for key, item in value.items()]
        dice.shuffle(members)
        return dict(members)
    if isinstance(value, list | tuple):
        return [shuffled(item, dice) for item in value]
    return value


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_canonical_text_reads_back_and_is_its_own_form(value: object) -> None:
    data = canonical(value)
    back = json.loads(data.decode("utf-8", "surrogatepass"))
    assert back == listed(value)
    assert canonical(back) == data


@settings(max_examples=100, deadline=None)
@given(PLAIN, st.randoms())
def test_the_order_of_members_does_not_matter(value: object, dice: Random) -> None:
    assert canonical(shuffled(value, dice)) == canonical(value)


@settings(max_examples=200, deadline=None)
@given(PLAIN, PLAIN)
def test_the_same_bytes_mean_the_same_value(one: object, two: object) -> None:
    assert (canonical(one) == canonical(two)) == (
        json.dumps(listed(one), sort_keys=True) == json.dumps(listed(two), sort_keys=True)
    )


HOLES = st.sampled_from([0.5, 1.0, float("nan"), float("inf"), b"x", {1}, object(), 1j])


@settings(max_examples=100, deadline=None)
@given(PLAIN, HOLES, st.lists(st.sampled_from(["list", "tuple", "dict"]), max_size=4), PLAIN)
def test_what_is_not_plain_is_refused_however_deep(
    beside: object, hole: object, path: list[str], more: object
) -> None:
    value = hole
    for step in path:
        match step:
            case "list":
                value = [beside, value, more]
            case "tuple":
                value = (beside, value)
            case _:
                value = {"a": beside, "b": value}
    with pytest.raises(TypeError, match="canonical JSON takes no"):
        canonical(value)


@pytest.mark.parametrize("key", [1, 1.5, True, None, ("a",)])
def test_keys_that_are_no_text_are_refused(key: object) -> None:
    for value in ({key: 1}, [{"a": ({key: 1},)}]):
        with pytest.raises(TypeError, match="takes no key of type"):
            canonical(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    knot: list[object] = []
    knot.append(knot)
    with pytest.raises((ValueError, RecursionError)):
        canonical(knot)


def test_words_and_numbers_with_names_are_their_values() -> None:
    assert canonical([Word.SPAM, Number.TWO, {Word.SPAM: True}]) == b'["spam",2,{"spam":true}]'


def test_the_form_itself() -> None:
    value = {"b": [1, True, None], "a": 'é"\\\n\x00\u2028/', "A": {}, "": ()}
    assert canonical(value) == (
        b'{"":[],"A":{},"a":"\xc3\xa9\\"\\\\\\n\\u0000\xe2\x80\xa8/","b":[1,true,null]}'
    )


def test_hashes_are_those_of_the_bytes() -> None:
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest({"a": 1}) == sha256(b'{"a":1}')
