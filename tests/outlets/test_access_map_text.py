from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import private_postfix
from aupkeep.outlets.postfix_hold import text
from aupkeep.outlets.postfix_hold.standing import marks_of

ANN, BOB = "ann@shop.example", "bob@shop.example"
FOREIGN = '# ours, do not touch\nold@shop.example  REJECT\tgone\n\n"two words" OK\n'
HELD = f"# aupkeep s1 until -\n{ANN}\tHOLD aupkeep s1\n"


def test_a_login_is_held_and_let_go() -> None:
    held = text.add(FOREIGN, ANN.upper(), "s1", "-")
    assert held == FOREIGN + HELD
    assert text.add(held, ANN, "s1", "-") == held
    assert text.drop(held, ANN, "s1") == FOREIGN
    assert text.drop(FOREIGN, ANN, "s1") == FOREIGN


def test_two_sanctions_hold_one_login_until_the_last_is_lifted() -> None:
    both = text.add(text.add("", ANN, "s1", "-"), ANN, "s2", "2026-12-01T00:00:00Z")
    assert both == (
        "# aupkeep s1 until -\n# aupkeep s2 until 2026-12-01T00:00:00Z\n"
        f"{ANN}\tHOLD aupkeep s1 s2\n"
    )
    assert text.drop(both, ANN, "s2") == HELD
    assert text.drop(text.drop(both, ANN, "s1"), ANN, "s2") == ""


def test_a_new_end_is_written_and_a_lost_comment_comes_back() -> None:
    later = text.add(HELD, ANN, "s1", "2027-01-01T00:00:00Z")
    assert later == HELD.replace("until -", "until 2027-01-01T00:00:00Z")
    assert text.add(f"{ANN} HOLD aupkeep s1\n", ANN, "s1", "-") == HELD
    assert text.add("# aupkeep s1 until -\n", ANN, "s1", "-") == HELD


def test_a_last_line_without_an_end_gets_one() -> None:
    assert text.add("a@b OK", ANN, "s1", "-") == "a@b OK\n" + HELD


@pytest.mark.parametrize(
    "line",
    [
        f"{ANN} REJECT\n",
        f"{ANN.upper()}\tHOLD look\n",
        f"{ANN}\n",
        f"{ANN}\n# a comment\n   HOLD please call\n",
        f"{ANN} HOLD aupkeeper\n",
        f"{ANN} HOLD aupkeep\n",
    ],
)
def test_a_line_of_a_person_is_never_overwritten(line: str) -> None:
    with pytest.raises(ValueError, match="not ours"):
        text.add(line, ANN, "s1", "-")
    assert text.drop(line, ANN, "s1") == line


def test_a_line_of_ours_that_a_person_went_on_with_is_replaced_whole() -> None:
    changed = HELD + "  # note\n\t s2\nz@b OK\n"
    assert text.drop(changed, ANN, "s1") == f"{ANN}\tHOLD aupkeep s2\n  # note\nz@b OK\n"


def test_marks_say_what_stands_there() -> None:
    written = (
        f"{HELD}{BOB} HOLD aupkeep s2\n# aupkeep s3 until -\nold@shop.example REJECT\n{ANN} OK\n"
    )
    found = [(mark.sanction, mark.target, mark.text) for mark in marks_of(written)]
    assert found == [
        ("s1", ANN, "line 2: held, until -"),
        ("s2", BOB, "line 3: held, its comment was removed by hand"),
        ("", "old@shop.example", "line 5, written by a person: old@shop.example REJECT"),
        ("", ANN, "line 6 is never asked, line 2 answers before"),
        ("", "", "line 4 names sanction s3, which holds no login here"),
    ]


LINES = st.lists(
    st.sampled_from(
        [
            "a@b OK\n",
            "c@d\n",
            "  more words\n",
            "# note\n",
            "\n",
            " \t\n",
            "  # inside\n",
            '"q\\r" HOLD\n',
            "é@b REJECT x  y\n",
            "A@B second\n",
            "\x0cform feed\n",
        ]
    ),
    max_size=8,
).map("".join)
STEPS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([ANN, BOB]), st.sampled_from(["s1", "s2", "s3"])),
    max_size=8,
)


@given(foreign=LINES, steps=STEPS)
def test_what_people_wrote_stays_and_each_sanction_stands_once(
    foreign: str, steps: list[tuple[bool, str, str]]
) -> None:
    written, held = foreign, set[tuple[str, str]]()
    for adds, login, sanction in steps:
        # A sanction has one target.
        name = f"{sanction}-{login[0]}"
        written = text.add(written, login, name, "-") if adds else text.drop(written, login, name)
        held = held | {(name, login)} if adds else held - {(name, login)}
    marks = [(mark.sanction, mark.target) for mark in marks_of(written) if mark.sanction]
    assert sorted(marks) == sorted(held)
    for name, login in held:
        written = text.drop(written, login, name)
    assert written == foreign


@given(foreign=LINES)
@settings(max_examples=20)
def test_entries_are_those_that_postfix_makes_of_it(foreign: str) -> None:
    """Against `postmap`, where there is one: same keys, same words."""
    answers = asked(foreign)
    if answers is None:
        return
    ours: dict[str, str] = {}
    for entry in text.entries(foreign):
        if entry.value:
            ours.setdefault(entry.key, entry.value)
    assert answers == ours


def asked(written: str) -> dict[str, str] | None:
    if private_postfix.missing():
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = f"maillog_file = {name}/log\nmaillog_file_prefixes = {name}\n"
        (folder / "main.cf").write_text(f"compatibility_level = 3.6\n{log}")
        (folder / "master.cf").write_text("")
        (folder / "map").write_text(written)
        env = {"PATH": private_postfix.PATH}
        command = ["postmap", "-c", name]
        subprocess.run([*command, f"lmdb:{name}/map"], env=env, capture_output=True, check=True)
        told = subprocess.run(
            [*command, "-s", f"lmdb:{name}/map"], env=env, capture_output=True, check=True
        )
    pairs = (line.split("\t", 1) for line in told.stdout.decode().split("\n") if line)
    return {key: " ".join(value.split()) for key, value in pairs}
