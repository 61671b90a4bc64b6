from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aupkeep.cli.policy import app

CLEAN = Path(__file__).parents[1] / "policy" / "clean"
KEYS = {"policy", "clause", "noticed_by", "tier", "ladder", "measures", "tested", "missing"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CLEAN, tmp_path / "rules-of-acme"))


def damage(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_a_clean_folder_is_said_to_be_clean(folder: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.stdout == f"{folder}: 3 clauses, 1 rule, no fault\n"
    assert result.exit_code == 0


def test_the_shipped_policies_are_clean() -> None:
    result = CliRunner().invoke(app, ["check"])
    assert [line.rpartition(" ")[2] for line in result.stdout.splitlines()] == ["fault", "fault"]
    assert result.stdout.count("no fault") == 2
    assert result.exit_code == 0


def test_faults_of_policy_and_rules_come_in_one_sorted_list(folder: Path) -> None:
    damage(folder / "enforcement.yml", "act_within: 24h", "act_within: 1 day")
    damage(folder / "rules" / "mail.yml", "timespan: 1h", "timspan: 1h")
    damage(folder / "policy.md", "sunday]", "sundy]")
    result = CliRunner().invoke(app, ["check", str(folder)])
    lines = result.stdout.splitlines()
    heads = [line for line in lines if line.startswith(f"{folder}/")]
    assert heads == sorted(heads)
    assert heads[0].startswith(f"{folder}/enforcement.yml:1:13: `1 day` is not a duration")
    assert f"{folder}/policy.md:10:21: `sundy` is not a day of the week" in heads
    assert heads[-1].startswith(f"{folder}/rules/mail.yml:")
    assert any("timspan" in head for head in heads)
    assert lines[-1] == f"{folder}: {len(heads)} faults"
    assert result.exit_code == 1


def test_a_rule_for_an_unknown_clause_is_a_fault(folder: Path) -> None:
    damage(folder / "rules" / "mail.yml", "clause: spam", "clause: spma")
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert "did you mean `spam`?" in result.stdout
    assert result.exit_code == 1


def test_nothing_is_said_twice_about_one_place(folder: Path) -> None:
    (folder / "rules" / "more.yml").write_text("title: x\ntitle: y\nid: [1\n")
    result = CliRunner().invoke(app, ["check", str(folder)])
    heads = [line.split(": ")[0] for line in result.stdout.splitlines() if "more.yml:" in line]
    assert len(heads) == len(set(heads))
    assert result.exit_code == 1


def test_what_is_no_folder_is_misuse() -> None:
    result = CliRunner().invoke(app, ["check", "jasmos"])
    assert result.exit_code == 2
    assert "did you mean `jasmo`?" in result.stderr


def test_show_says_a_clause_in_plain_words(folder: Path) -> None:
    result = CliRunner().invoke(app, ["show", str(folder), "spam"])
    assert result.stdout.startswith("spam: Unwanted mail\n")
    assert result.exit_code == 0


def test_show_of_an_unknown_clause_names_the_known_ones(folder: Path) -> None:
    result = CliRunner().invoke(app, ["show", str(folder), "spma"])
    assert "allowed: spam, csam, opt-out" in result.stderr
    assert result.exit_code == 2


def test_show_of_a_faulty_folder_prints_its_faults(folder: Path) -> None:
    damage(folder / "policy.md", "sunday]", "sundy]")
    result = CliRunner().invoke(app, ["show", str(folder)])
    assert "did you mean `sunday`?" in result.stderr
    assert result.exit_code == 1


def test_samples_are_run(folder: Path) -> None:
    result = CliRunner().invoke(app, ["test", str(folder)])
    assert result.stdout == "2 samples, 0 failures\n"
    assert result.exit_code == 0


def test_a_sample_that_fails_is_named(folder: Path) -> None:
    damage(folder / "rules" / "mail.yml", "condition: {gte: 3}", "condition: {gte: 4}")
    result = CliRunner().invoke(app, ["test", str(folder)])
    what = "`many_recipients` opens 0 findings in the sample `three at once`, not 1"
    assert f"{folder}/rules/mail.yml:9:1: {what}\n" in result.stdout
    assert result.stdout.endswith("2 samples, 1 failure\n")
    assert result.exit_code == 1


def test_coverage_as_json_lines(folder: Path) -> None:
    result = CliRunner().invoke(app, ["coverage", str(folder), "--json"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["clause"] for row in rows} >= {"spam", "csam", "opt-out", "must-notify"}
    assert all(set(row) == KEYS for row in rows)
    assert all(isinstance(row[key], list) for row in rows for key in ("noticed_by", "missing"))
    assert result.exit_code == 0


def test_coverage_as_text_shows_what_is_missing(folder: Path) -> None:
    result = CliRunner().invoke(app, ["coverage", str(folder)])
    assert (
        "acme-rules  spam\n    noticed by many_recipients, tested; at best fact\n" in result.stdout
    )
    assert "    missing  noticed by: traps\n" in result.stdout
    assert "power: hold_mail" not in result.stdout
    assert result.exit_code == 0


PROFILES = """\
provider,customer,service,name,value,from,to,recorded_at
acme,c-1,,plan,basic,2026-01-01T00:00:00Z,,
other,c-1,,plan,bulk,2026-01-01T00:00:00Z,,
"""
HOLDINGS = """\
provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at
acme,ip,192.0.2.1,,,c-1,s-1,bulk,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,billing,
"""


def test_plans_are_checked_where_something_tells_them(folder: Path, tmp_path: Path) -> None:
    rules = folder / "rules" / "mail.yml"
    damage(rules, "  status: review\n", "  threshold: {by: plan, default: 3, bulk: 9}\n")
    profiles, holdings = tmp_path / "profiles.csv", tmp_path / "holdings.csv"
    profiles.write_text(PROFILES)
    holdings.write_text(HOLDINGS)
    ask = CliRunner().invoke
    assert ask(app, ["check", str(folder)]).exit_code == 0
    result = ask(app, ["check", str(folder), "--profiles", str(profiles)])
    assert "`bulk` is not a plan" in result.stdout
    assert result.exit_code == 1
    both = ["--profiles", str(profiles), "--holdings", str(holdings)]
    assert ask(app, ["check", str(folder), *both]).exit_code == 0
