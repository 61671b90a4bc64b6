"""Whatever a rule file holds, it is read or refused with places; nothing else comes out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sound_rules import BASES, RULES, text_of

from aupkeep.base.errors import AupkeepError, Fault, render
from aupkeep.detection.reading import read_rules
from aupkeep.policy.model import RuleFile

SOUND = [*BASES, *RULES]
WORDS = st.sampled_from(
    [
        *("a", "customer", "login_mail", "event_count", "temporal", "baseline", "1h", "-1h"),
        *("9999999w", "{n}", "true", "x" * 300, "a|re", "mail", "\ud800", "\x00", "é", ""),
        *("selection and", "1 of them", "not not selection", "(", "(?=a)", "a{1000}{1000}"),
        *("*", "?", "\\", "%x%", "|", "login|re|i", "and", "gte", "by", "default"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**62, 2**63, 2**64, -(2**63), 10**30, 0.5, -1e99, 1e300]),
    WORDS,
    st.text(max_size=5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside `value`."""
    found = [path]
    if isinstance(value, dict):
        for key, child in value.items():
            found += paths(child, (*path, key))
    if isinstance(value, list):
        for index, child in enumerate(value):
            found += paths(child, (*path, index))
    return found


def change(document: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    """Return `document` with one value replaced, taken away, renamed or put beside."""
    if not path:
        return value if how == "replace" else document
    *way, last = path
    inner = document
    for step in way:
        inner = inner[step]
    if how == "replace":
        inner[last] = value
    elif how == "remove":
        del inner[last]
    elif isinstance(inner, dict):
        inner[str(value)] = inner[last] if how == "beside" else inner.pop(last)
    else:
        inner.append(inner[last])
    return document


def outcome(text: str) -> None:
    """Read `text`; what is refused has a place in the file and words for people."""
    file = RuleFile(path="rules/a.yml", text=text, documents=())
    found: tuple[Fault, ...] = ()
    try:
        read_rules([file], clauses=("spam",), plans=("mail-bulk",))
    except AupkeepError as error:
        found = error.faults or (Fault(code="none", what="nothing"),)
    for fault in found:
        assert fault.place is not None
        assert fault.place.file == "rules/a.yml"
        assert render(fault)


def test_what_is_broken_here_is_sound() -> None:
    file = RuleFile(path="rules/a.yml", text=text_of(*SOUND), documents=())
    rules = read_rules([file], clauses=("spam",), plans=("mail-bulk",))
    assert len(rules.rules) == len(RULES)


@given(st.data())
def test_changed_values_are_read_or_refused(data: st.DataObject) -> None:
    documents = copy.deepcopy(SOUND)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(documents) - 1))
        path = data.draw(st.sampled_from(paths(documents[index])))
        how = data.draw(st.sampled_from(["replace", "remove", "rename", "beside"]))
        documents[index] = change(documents[index], path, how, data.draw(VALUES))
    outcome(text_of(*documents))


@given(st.data())
def test_changed_text_is_read_or_refused(data: st.DataObject) -> None:
    text = text_of(*SOUND)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 40))
        piece = data.draw(
            st.sampled_from(
                ["", "\t", "&a ", "*a", "!!x ", "\n---\n", "\n", "{", "]", '"', "'", ": ", "#", "%"]
            )
            | st.text(max_size=4)
        )
        text = text[:at] + piece + text[at + cut :]
    outcome(text)


@pytest.mark.parametrize("field", ["title", "id", "name", "logsource", "detection", "aup"])
@pytest.mark.parametrize("value", [None, 5, 0.5, True, "x", [], {}, [1], {"a": 1}])
def test_a_value_of_another_type_has_a_place(field: str, value: object) -> None:
    outcome(text_of({**BASES[0], field: value}, *SOUND[1:]))
    outcome(text_of(*SOUND[:-1], {**SOUND[-1], field: value}))
