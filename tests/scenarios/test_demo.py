"""The made-up fortnights: what is true is found, and a check that can fail does."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from installed import END, Command

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture(scope="module")
def kept(aupkeep: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has replayed a fortnight without a fault."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    done = aupkeep("demo", "--check", "--seed", 1, "--end", END, "--keep", folder)
    assert done.code == 0, done.out
    assert ", 0 faults" in done.out
    return folder


@pytest.fixture(scope="module")
def cases(aupkeep: Command, kept: Path) -> list[dict[str, Any]]:
    found = aupkeep("case", "list", "--dir", kept, "--json").objects()
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def truths(kept: Path) -> list[dict[str, Any]]:
    text = (kept / "raw" / "truth.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def labelled(truths: list[dict[str, Any]], label: str) -> set[tuple[str, str]]:
    found = {(item["provider"], item["customer"]) for item in truths if item["label"] == label}
    assert found, f"the fortnight has no {label}"
    return found


def about(cases: list[dict[str, Any]], who: set[tuple[str, str]]) -> list[dict[str, Any]]:
    return [case for case in cases if (case["provider"], case["customer"]) in who]


def test_another_seed(aupkeep: Command) -> None:
    done = aupkeep("demo", "--check", "--seed", 4_207)
    assert done.code == 0, done.out
    assert ", 0 faults" in done.out


def test_switched_off_rules_are_missed(aupkeep: Command, tmp_path: Path) -> None:
    """Folders named like the shipped policies, in the present folder, are used instead of them."""
    for name in ("jasmo", "injazat"):
        shutil.copytree(POLICIES / name, tmp_path / name)
    rules = tmp_path / "jasmo" / "rules" / "mail.yml"
    text, count = re.subn(
        r"\bstatus: (automatic|review)\b", "status: draft", rules.read_text(encoding="utf-8")
    )
    assert count
    rules.write_text(text, encoding="utf-8")
    done = aupkeep("demo", "--check", "--seed", 1, "--end", END, cwd=tmp_path)
    assert done.code == 1, done.out
    assert "missed: jas-4009 (jasmo) spam" in done.out
    assert "missed: jas-4046 (jasmo) spam" in done.out
    assert "(injazat)" not in done.out


def test_same_seed_and_end_give_equal_bytes(
    aupkeep: Command, fortnight: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    assert aupkeep("demo", "--write", again, "--end", END).code == 0
    names = [path.relative_to(fortnight) for path in sorted(fortnight.rglob("*"))]
    assert names == [path.relative_to(again) for path in sorted(again.rglob("*"))]
    for name in names:
        if (fortnight / name).is_file():
            assert (fortnight / name).read_bytes() == (again / name).read_bytes(), name


@pytest.mark.parametrize("label", ["forged_source", "former_holder", "victim"])
def test_nobody_is_accused_wrongly(
    cases: list[dict[str, Any]], truths: list[dict[str, Any]], label: str
) -> None:
    assert about(cases, labelled(truths, label)) == []


def test_spoofed_neighbours_reach_no_fact(
    cases: list[dict[str, Any]], truths: list[dict[str, Any]]
) -> None:
    never = {(item["provider"], item["customer"]) for item in truths if item["what"] == "never"}
    for case in about(cases, never):
        assert case["tier"] != "fact"
        assert case["sanctions"] == []


def test_reassigned_address_accuses_its_holder_of_then(
    cases: list[dict[str, Any]], truths: list[dict[str, Any]]
) -> None:
    for item in truths:
        if item["label"] == "reassigned":
            found = about(cases, {(item["provider"], item["customer"])})
            assert item["clause"] in {case["clause"] for case in found}


def test_record_of_the_demo(aupkeep: Command, kept: Path) -> None:
    """One changed byte, and the entry is named."""
    export = kept / "export.jsonl"
    data = aupkeep("record", "export", "--dir", kept).out.encode()
    export.write_bytes(data)
    assert aupkeep("record", "verify", export, "--json").code == 0
    at = data.index(b'"act":"decision_made"') + 8
    export.write_bytes(data[:at] + b"X" + data[at + 1 :])
    done = aupkeep("record", "verify", export, "--json")
    assert done.code == 1
    (bad,) = [item for item in done.objects() if not item["ok"]]
    line = json.loads(data[: data.index(b"\n", at)].splitlines()[-1])
    assert (bad["provider"], bad["first_bad"]) == (line["provider"], line["seq"])
