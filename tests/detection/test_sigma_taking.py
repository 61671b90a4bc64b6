"""What becomes of a public rule: what is kept of it, its tests, and where it is put."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigma_rules import ASK, means, refused, rule, selection, taken

from aupkeep.detection.importing.placing import Shelf
from aupkeep.detection.importing.taking import Ask, Outcome, slug, take
from aupkeep.detection.importing.writing import text_of
from aupkeep.detection.reading import read_rules
from aupkeep.detection.samples import run_tests
from aupkeep.policy.marks import load_all
from aupkeep.policy.model import RuleFile, Tier

LINUX = "{product: linux, category: process_creation}"
ABOUT = """status: test
level: high
description: |
  Two lines: the first,
  and the second.
references: ['https://a.test/x']
date: 2024-01-02
modified: 2024-03-04
tags: [attack.t1059]
falsepositives: [nobody]
fields: [User]
simulation: {kept: not}
"""


def simple(**more: str) -> str:
    return rule(LINUX, "s: {Image|endswith: /nc}\ncondition: s", **more)


def file_of(outcome: Outcome) -> RuleFile:
    return RuleFile(path="rules/a.yml", text=outcome.text, documents=outcome.documents)


def test_what_a_rule_says_of_itself_is_kept() -> None:
    outcome = taken(simple().replace("logsource:", ABOUT + "logsource:"), "a/proc_x.yml")
    base, counted = outcome.documents
    assert base["author"] == counted["author"] == "A. Maker"
    assert base["id"] == "0a1b2c3d-0000-4000-8000-000000000001"
    assert (base["date"], base["modified"], base["level"], base["status"]) == (
        "2024-01-02",
        "2024-03-04",
        "high",
        "test",
    )
    assert base["description"] == "Two lines: the first,\nand the second.\n"
    assert base["references"] == counted["references"] == ["https://a.test/x"]
    assert base["custom"] == {
        "imported_from": "a/proc_x.yml",
        "logsource": {"product": "linux", "category": "process_creation"},
    }
    assert counted["version"] == "2024-03-04"
    assert not {"fields", "simulation"} & {*base}
    # Whoever reads of a match reads who wrote the rule.
    assert "A. Maker" in str(counted["title"])
    assert outcome.text.startswith("# A public Sigma rule by A. Maker")


def test_the_licence_is_the_rules_own_or_the_one_that_was_named() -> None:
    assert taken(simple()).documents[0]["license"] == ASK.licence
    assert taken(simple(license="MIT")).documents[1]["license"] == "MIT"
    (named,) = take(simple(), "a.yml", Ask(clause="x", licence="CC0"))
    assert [one["license"] for one in named.documents] == ["CC0", "CC0"]
    assert "# Licence: CC0." in named.text


@pytest.mark.parametrize(
    ("level", "status", "limit", "tier"),
    [
        ("high", "test", Tier.FACT, "strong"),
        ("critical", "stable", Tier.FACT, "strong"),
        ("high", "experimental", Tier.FACT, "score"),
        ("medium", "stable", Tier.FACT, "score"),
        ("critical", "stable", Tier.SCORE, "score"),
        ("low", "test", Tier.JUDGEMENT, "judgement"),
    ],
)
def test_the_tier_follows_from_level_and_status(
    level: str, status: str, limit: Tier, tier: str
) -> None:
    ask = Ask(clause="x", limit=limit)
    (outcome,) = take(simple(level=level, status=status), "a.yml", ask)
    aup = outcome.documents[1]["aup"]
    assert isinstance(aup, dict)
    assert (aup["tier"], aup["status"], aup["clause"]) == (tier, "shadow", "x")
    assert tier in outcome.reason
    assert level in outcome.reason


def test_a_taken_rule_passes_its_own_tests() -> None:
    outcome = taken(simple())
    rules = read_rules([file_of(outcome)], clauses=["misuse"], plans=None)
    results = run_tests(rules)
    assert [(one.expect, one.found) for one in results] == [(1, 1), (0, 0)]
    (counted,) = rules.rules.values()
    assert counted.group_by == ("customer",)


def test_a_rule_without_an_id_gets_one_that_stays() -> None:
    text = simple().replace("id: 0a1b2c3d-0000-4000-8000-000000000001\n", "")
    assert taken(text).id == taken(text).id != ""
    assert taken(text).id != taken(text.replace("/nc", "/ncat")).id


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "holds no rule"),
        ("- a\n", "is no mapping"),
        ("a: [", "line 1: this is not YAML"),
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: 1\na: 2\n", "`a` is given twice"),
        ("a: " + "[" * 99, "nested deeper"),
        ("title: x\ncorrelation: {type: event_count}\n", "a correlation"),
        ("title: x\nfilter: {rules: any}\n", "changes other rules"),
        ("action: global\ntitle: x\n", "changes other rules"),
        ("title: x\n", "has no detection"),
        ("x" * 300_000, "longer than"),
    ],
)
def test_what_is_no_rule_is_refused_and_says_why(text: str, part: str) -> None:
    assert part in refused(text)


def test_one_bad_document_does_not_stop_the_next() -> None:
    text = simple() + "---\ntitle: y\ncorrelation: {type: event_count}\n---\n- z\n"
    assert [one.taken for one in take(text, "a.yml", ASK)] == [True, False, False]


def test_values_keep_their_type_and_sign_by_sign_when_written() -> None:
    odd = ["yes", "null", "0x1f", "1e3", "~", " a ", "#x", "a: b", "'", '"\\', "\x07\u2028\x7f", ""]
    detection = {"s": {"command_line": odd, "pid": [1, 2], "initiated": True}, "condition": "s"}
    (found,) = load_all(text_of([{"detection": detection}], ["a\nb"]), "a.yml").documents
    assert found.value == {"detection": detection}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_word_is_found_again_after_writing(word: str) -> None:
    escaped = word.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
    document = rule(LINUX, "s: {CommandLine|contains: [WORD]}\ncondition: s")
    (outcome,) = take(document.replace("WORD", _json(escaped)), "rule.yml", ASK)
    if outcome.taken:
        assert means(selection(outcome), {"command_line": f"a {word} b"}) == [True]


def _json(text: str) -> str:
    return '"' + "".join(f"\\U{ord(sign):08X}" for sign in text) + '"'


def shelf(*outcomes: Outcome, clause: str = "misuse") -> Shelf:
    files = [
        RuleFile(path=f"rules/sigma_{one.name}.yml", text=one.text, documents=one.documents)
        for one in outcomes
    ]
    return Shelf(files, Ask(clause=clause))


def test_a_rule_gets_a_file_of_its_own() -> None:
    placed = shelf().place(taken(simple(), "linux/Proc Creation-x.yml"))
    assert placed.path == "rules/sigma_proc_creation_x.yml"
    assert slug("a/..yml") == "rule"


def test_two_rules_of_one_name_stand_side_by_side() -> None:
    other = taken(simple().replace("0a1b2c3d", "ffffffff"))
    placed = shelf(taken(simple())).place(other)
    assert placed.path == "rules/sigma_rule_ffffffff.yml"
    base, counted = placed.outcome.documents
    assert (base["name"], counted["name"]) == ("rule_ffffffff_rows", "rule_ffffffff")
    assert "rule_ffffffff_rows" in placed.outcome.text


def test_a_rule_that_is_there_is_replaced_and_its_state_goes_on() -> None:
    first = taken(simple())
    promoted = first.text.replace("status: shadow", "status: review")
    documents = tuple(node.value for node in load_all(promoted, "a.yml").documents)
    there = RuleFile(path="rules/mine.yml", text=promoted, documents=documents)  # type: ignore[arg-type]
    again = Shelf([there], ASK).place(taken(simple(level="low"), "elsewhere/other.yml"))
    assert again.path == "rules/mine.yml"
    assert "status: review" in again.outcome.text
    assert "level: low" in again.outcome.text
    changed = Shelf([there], ASK).place(taken(simple().replace("/nc", "/ncat")))
    assert "status: shadow" in changed.outcome.text
    assert "shadow" in changed.outcome.reason


def test_a_rule_under_another_clause_is_named_and_left() -> None:
    placed = shelf(taken(simple()), clause="other").place(taken(simple()))
    assert not placed.outcome.taken
    assert "under the clause `misuse` in `rules/sigma_rule.yml`" in placed.outcome.reason


def test_a_rule_of_the_policys_own_is_never_replaced() -> None:
    own = RuleFile(path="rules/own.yml", text="", documents=({"id": taken(simple()).id},))
    placed = Shelf([own], ASK).place(taken(simple()))
    assert not placed.outcome.taken
    assert "policy's own, in `rules/own.yml`" in placed.outcome.reason


_WORDS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70_000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "*", "a?b", "\\*", "%x%", "1", "true", "10.0.0.0/8", "(", "a{9}", "null"]),
    st.text(max_size=6),
)
_KEYS = st.sampled_from(
    [
        *(
            "Image",
            "CommandLine|re",
            "ProcessId",
            "Initiated",
            "User|contains|all",
            "|all",
            "",
            "x",
        ),
        *("DestinationIp|cidr", "ProcessId|gte", "User|fieldref", "User|exists", "Image|windash"),
        *(
            "User|neq",
            "CommandLine|base64offset|contains",
            "Image|cidr|all",
            "User|cased|re",
            "|re",
        ),
    ]
)
_SELECTED = st.recursive(
    _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
_CONDITIONS = st.sampled_from(
    ["s", "not s", "s and not 1 of f*", "all of them", "1 of x*", "s or", "(((s", "s|count()", "f"]
)


@given(
    st.dictionaries(st.sampled_from(["s", "f", "f2", "_x", "a b", "condition"]), _SELECTED),
    _CONDITIONS | _SELECTED,
)
def test_whatever_a_detection_holds_it_is_taken_or_refused(
    selections: dict[str, object], condition: object
) -> None:
    detection = {**selections, "condition": condition}
    document = {"title": "x", "logsource": {"product": "linux", "category": "process_creation"}}
    text = json.dumps({**document, "detection": detection})
    (outcome,) = take(text, "rule.yml", ASK)
    assert outcome.reason
    if outcome.taken:
        assert means(selection(outcome), {}) in ([True], [False])


@given(st.dictionaries(st.sampled_from(["title", "id", "author", "level", "logsource"]), _SELECTED))
def test_whatever_else_a_rule_says_it_is_taken_or_refused(stated: dict[str, object]) -> None:
    document = {"logsource": {"product": "linux"}, "detection": {"s": "a", "condition": "s"}}
    (outcome,) = take(json.dumps({**document, **stated}), "rule.yml", ASK)
    assert outcome.reason
