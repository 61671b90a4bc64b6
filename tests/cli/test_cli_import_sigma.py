"""`aupkeep policy import-sigma` from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aupkeep.cli.policy import app
from aupkeep.flow.folders import shipped_policies

RULE = """title: Something listens
id: 0a1b2c3d-0000-4000-8000-000000000001
author: A. Maker
status: test
level: high
logsource: {product: linux, category: process_creation}
detection:
  selection: {Image|endswith: /nc, CommandLine|contains: ' -l'}
  filter: {User: root}
  condition: selection and not filter
"""
OTHER = """title: Of another world
id: 0a1b2c3d-0000-4000-8000-000000000002
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 1}
  condition: selection
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    (folder / "linux").mkdir(parents=True)
    (folder / "linux" / "listens.yml").write_text(RULE)
    (folder / "other.yaml").write_text(OTHER)
    (folder / "broken.yml").write_text("a: [")
    (folder / "bytes.yml").write_bytes(b"\xff\xfe")
    (folder / "notes.txt").write_text("no rule")
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    folder = tmp_path / "policy"
    shutil.copytree(shipped_policies()["jasmo"], folder)
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_dry_run_says_what_would_be_taken(rules: Path) -> None:
    result = run("import-sigma", rules, "--dry-run", "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [(one["file"], one["status"]) for one in found] == [
        ("broken.yml", "refused"),
        ("bytes.yml", "refused"),
        ("linux/listens.yml", "taken"),
        ("other.yaml", "refused"),
    ]
    assert found[2]["id"] == "0a1b2c3d-0000-4000-8000-000000000001"
    assert all(set(one) == {"file", "id", "status", "reason"} for one in found)
    assert all(one["reason"] for one in found)


def test_taken_rules_pass_the_check_and_their_tests(rules: Path, policy: Path) -> None:
    result = run("import-sigma", rules, "--clause", "unauthorised-access", "--into", policy)
    assert result.exit_code == 1
    assert "taken   linux/listens.yml: tier strong" in result.stdout
    assert "1 of 4 rules were taken" in result.stdout
    text = (policy / "rules" / "sigma_listens.yml").read_text()
    assert "A. Maker" in text
    assert "Detection Rule License 1.1" in text
    assert run("check", policy).exit_code == 0
    assert run("test", policy).exit_code == 0


def test_only_rules_that_can_be_taken_give_nothing_to_complain_of(
    rules: Path, policy: Path
) -> None:
    args = ("--clause", "unauthorised-access", "--into", policy)
    assert run("import-sigma", rules / "linux", *args).exit_code == 0
    before = (policy / "rules" / "sigma_listens.yml").read_text()
    again = run("import-sigma", rules / "linux" / "listens.yml", *args, "--json")
    assert again.exit_code == 0
    assert "there already, with the same detection" in again.stdout
    after = (policy / "rules" / "sigma_listens.yml").read_text()
    assert after == before.replace("linux/listens.yml", "listens.yml")


def test_a_dry_run_writes_nothing(rules: Path, policy: Path) -> None:
    before = sorted(policy.rglob("*"))
    args = ("--clause", "unauthorised-access", "--into", policy, "--dry-run")
    assert "1 of 4 rules can be taken" in run("import-sigma", rules, *args).stdout
    assert sorted(policy.rglob("*")) == before


def test_another_clause_is_told_where_the_rule_is(rules: Path, policy: Path) -> None:
    args = (rules / "linux", "--into", policy, "--clause")
    run("import-sigma", *args, "unauthorised-access")
    result = run("import-sigma", *args, "sabotage", "--json")
    assert result.exit_code == 1
    assert "under the clause `unauthorised-access`" in json.loads(result.stdout)["reason"]


def test_a_clause_that_only_reports_notice_is_not_given_rules(rules: Path, policy: Path) -> None:
    before = sorted(policy.rglob("*"))
    result = run("import-sigma", rules / "linux", "--into", policy, "--clause", "defamation")
    assert result.exit_code == 1
    assert result.stderr.startswith("nothing was written")
    assert "clause `defamation` is `reported`" in result.stderr
    assert sorted(policy.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("nowhere", "--dry-run"), "is not there"),
        (("{rules}",), "by --clause"),
        (("{rules}", "--clause", "x"), "by --into"),
        (("{rules}", "--clause", "nosuch", "--into", "{policy}"), "not a clause of this policy"),
        (("{rules}", "--clause", "spam", "--into", "{rules}"), "not the folder of a policy"),
        (("{rules}", "--clause", "spam", "--into", "jasmo"), "comes with the program"),
        (("{policy}/notices", "--dry-run"), "no file that ends in .yml"),
    ],
)
def test_misuse_is_named(
    words: tuple[str, ...], part: str, rules: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rules)
    filled = [word.format(rules=rules, policy=policy) for word in words]
    result = run("import-sigma", *filled)
    assert result.exit_code == 2
    assert part in result.stderr
