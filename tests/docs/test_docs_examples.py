"""Examples in the documentation are valid: policies, rules, settings, CSV files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, Fenced, blocks, pages
from ruamel.yaml import YAML

from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.base.clock import parse_duration
from aupkeep.detection.reading import read_rules
from aupkeep.detection.samples import run_tests
from aupkeep.policy.draft import ENFORCEMENT, open_folder
from aupkeep.policy.reading import draft_faults, read_policy
from aupkeep.settings import InletSettings, ProviderSettings, Settings, read_settings

SAMPLE = ROOT / "policies" / "jasmo"
#: Lines that the excerpt on the first screen of README may have.
SHORT = 12


def _marked(info: str) -> list[Fenced]:
    return [block for page in pages() for block in blocks(page) if block.info == info]


def _files() -> dict[str, str]:
    return {
        path.relative_to(SAMPLE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SAMPLE.rglob("*"))
        if path.suffix in (".md", ".yml")
    }


def _yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def _overlaid(whole: dict[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return `whole` with the entries of each mapping of `part` put over its own."""
    return whole | {key: whole[key] | value for key, value in part.items()}


def _dumped(value: object) -> str:
    """Return a value as YAML: JSON is YAML."""
    return json.dumps(value, indent=1)


def test_there_are_examples() -> None:
    assert _marked("yaml enforcement")
    assert _marked("yaml rule")
    assert _marked("toml")
    assert _marked("csv")


@pytest.mark.parametrize("block", _marked("yaml enforcement"), ids=lambda block: block.page.name)
def test_excerpts_of_enforcement_hold_within_a_policy(block: Fenced) -> None:
    files = _files()
    part = _yaml(block.text)
    files[ENFORCEMENT] = _dumped(_overlaid(_yaml(files[ENFORCEMENT]), part))
    policy = read_policy(files)
    for name, ladder in part.get("ladders", {}).items():
        stated = [step["name"] for step in ladder["steps"]]
        assert [step.name for step in policy.ladders[name].steps] == stated
    for clause, entry in part.get("clauses", {}).items():
        assert policy.clauses[clause].decide_within == parse_duration(entry["decide_within"])


def test_readme_begins_with_a_short_excerpt_of_a_shipped_policy() -> None:
    (block,) = [block for block in blocks(ROOT / "README.md") if block.info.startswith("yaml")]
    assert len(block.text.splitlines()) <= SHORT
    part = _yaml(block.text)
    whole = _yaml(_files()[ENFORCEMENT])
    for clause, entry in part["clauses"].items():
        assert whole["clauses"][clause] == entry
    for name, ladder in part["ladders"].items():
        steps = whole["ladders"][name]["steps"]
        assert ladder["steps"] == steps[: len(ladder["steps"])]


@pytest.mark.parametrize("block", _marked("yaml rule"), ids=lambda block: block.page.name)
def test_example_rules_are_valid_and_pass_their_tests(block: Fenced) -> None:
    files = _files()
    alone = block.text
    files["rules/example-in-the-documentation.yml"] = alone
    draft = open_folder(files)
    assert not draft_faults(draft)
    clauses = tuple(draft.clauses)
    added = [rule for rule in draft.rules if rule.text == alone]
    named = {document.get("name") for rule in added for document in rule.documents}
    results = run_tests(read_rules(draft.rules, clauses=clauses, plans=None))
    own = [result for result in results if result.rule in named]
    assert own
    assert all(result.passed for result in own)


@pytest.mark.parametrize("block", _marked("toml"), ids=lambda block: block.page.name)
def test_example_settings_are_valid(block: Fenced) -> None:
    raw = tomllib.loads(block.text)
    text = block.text
    if "provider" not in raw:
        text += '\n[[provider]]\nname = "jasmo"\npolicy = "policies/jasmo"\n'
    read = read_settings(text, file="example.toml")
    assert isinstance(read, Settings)
    assert all(isinstance(item, ProviderSettings) for item in read.provider)
    assert all(isinstance(item, InletSettings) for item in read.inlet)


@pytest.mark.parametrize("block", _marked("csv"), ids=lambda block: block.text[:40])
def test_example_tables_are_valid(block: Fenced) -> None:
    head = block.text.splitlines()[0]
    count = len(block.text.splitlines()) - 1
    if "name,value" in head:
        assert len(read_profiles(block.text, file="example.csv")) == count
    else:
        assert len(read_holdings(block.text, file="example.csv")) == count


def test_the_sample_policy_is_where_the_pages_say() -> None:
    assert Path(SAMPLE, "policy.md").is_file()
