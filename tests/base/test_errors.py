"""What a person reads of a fault, word for word; `AUPKEEP_WRITE_GOLDEN=1` writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.errors import (
    AupkeepError,
    Fault,
    MisuseError,
    Place,
    near,
    render,
    unknown_word,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "base"
LINE = Place(file="aup.yml", line=4, column=15, text="    severity: hihg")

FAULTS: dict[str, Fault] = {
    "whole": Fault(
        code="unknown-word",
        what="`hihg` is not a severity",
        place=LINE,
        allowed=("low", "high"),
        hint="did you mean `high`?",
    ),
    "no-place": Fault(code="x", what="nothing is published", hint="aupkeep policy publish"),
    "whole-file": Fault(code="x", what="the file is empty", place=Place(file="aup.yml")),
    "tabs": Fault(
        code="x", what="no tabs", place=Place(file="a", line=1, column=3, text="\t\tbad: 1")
    ),
    "far-down": Fault(
        code="x", what="wrong", place=Place(file="a", line=1_234_567, column=2, text=" x")
    ),
    "past-the-end": Fault(
        code="x", what="something is missing", place=Place(file="a", line=9, column=6, text="a: b")
    ),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_rendered_faults(name: str) -> None:
    text = render(FAULTS[name]) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_each_golden_file_has_a_fault() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(FAULTS)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 10**7),
    st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126) | st.just("\t")),
    st.data(),
)
def test_the_caret_stands_below_its_column(line: int, text: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(text) + 1))
    fault = Fault(code="x", what="w", place=Place(file="f", line=line, column=column, text=text))
    _, shown, caret = render(fault).split("\n")
    assert caret.index("^") == len(shown) - len(text) + column - 1
    for above, below in zip(shown, caret[:-1], strict=False):
        assert (above == "\t") == (below == "\t")


def test_what_could_drive_a_terminal_is_escaped() -> None:
    text = "\ta\x1b[31mb\u202ec\x9b\ud800: 1"
    place = Place(file="f\n", line=1, column=9, text=text)
    fault = Fault(code="x", what="no \x07 here", place=place, allowed=("\r",), hint="\x00")
    first, shown, caret, allowed, hint = render(fault).split("\n")
    assert first == "f\\n:1:9: no \\x07 here"
    assert shown == "    1 | \ta\\x1b[31mb\\u202ec\\x9b\\ud800: 1"
    assert caret.index("^") == shown.index("\\u202e")
    assert (allowed.split()[1], hint.split()[1]) == ("\\r", "\\x00")


PLACES = st.none() | st.builds(
    Place, file=st.sampled_from("ab"), line=st.integers(0, 3), column=st.integers(0, 3)
)
LISTS = st.lists(
    st.builds(Fault, code=st.just("x"), what=st.sampled_from(["m", "n"]), place=PLACES), max_size=6
)


@settings(max_examples=100, deadline=None)
@given(LISTS)
def test_an_error_keeps_every_fault_in_the_order_of_places(faults: list[Fault]) -> None:
    error = AupkeepError(faults)
    assert sorted(map(repr, error.faults)) == sorted(map(repr, faults))
    places = [item.place or Place(file="") for item in error.faults]
    keys = [(item.file, item.line, item.column) for item in places]
    assert keys == sorted(keys)
    assert error.faults == AupkeepError(reversed(error.faults)).faults


def test_one_fault_may_stand_alone() -> None:
    fault = FAULTS["no-place"]
    assert AupkeepError(fault).faults == (fault,)
    assert str(AupkeepError(fault)) == fault.what
    assert (AupkeepError(fault).exit_code, MisuseError(fault).exit_code) == (3, 2)


def test_the_nearest_word_is_the_hint() -> None:
    words = ("low", "medium", "high", "critical")
    assert near("hihg", words) == "high"
    assert near("zzz", words) == ""
    assert near("zzz", ()) == ""
    fault = unknown_word("hihg", words, what="a severity", place=LINE)
    assert fault == Fault(
        code="unknown-word",
        what="`hihg` is not a severity",
        place=LINE,
        allowed=words,
        hint="did you mean `high`?",
    )
    assert unknown_word("zzz", words, what="a severity", place=None).hint == ""
