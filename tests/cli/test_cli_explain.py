"""What `policy explain` and a failed `policy test` print, word for word.

`AUPKEEP_WRITE_GOLDEN=1` writes the files anew; look at them before keeping them.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from aupkeep.cli.policy import app

CLEAN = Path(__file__).parents[1] / "policy" / "clean"
GOLDEN = Path(__file__).parents[1] / "golden" / "explain"

GUESSES = """
- {kind: flow, repeat: 19, every: 10ms, customer: c1, actor_ip: 198.51.100.20,
   peer_ip: 100.64.3.4, direction: outbound, protocol: tcp, dst_port: 22, initiated: true,
   handshake: true, packets: 15, bytes: 3000}
- {kind: flow, at: 1s, customer: c1, actor_ip: 198.51.100.20,
   peer_ip: 100.64.3.4, direction: outbound, protocol: tcp, dst_port: 80, initiated: true,
   handshake: true, packets: 15, bytes: 3000}
- {kind: flow, at: 2s, customer: c1, actor_ip: 198.51.100.20,
   peer_ip: 100.64.3.4, direction: outbound, protocol: tcp, dst_port: 22, initiated: true,
   handshake: true, packets: 15, bytes: 3000}
- {kind: flow, at: 3s, late: true}
- {kind: mail, at: 4s, status: sent}
"""
EXCEPTION = {
    "id": "e" * 32,
    "customer": "c1",
    "clause": "unauthorised-access",
    "from": "2026-01-01T00:00:00Z",
    "until": "2026-02-01T00:00:00Z",
    "reason": "a scanner they announced",
    "by": "ann",
}
RATIOS = """
events:
  - {kind: mail, repeat: 2, every: 1s, customer: c1, login: a, stage: result, counted: true,
     status: sent}
  - {kind: mail, at: 9s, customer: null, actor: "login:b", login: b, stage: result,
     counted: true, status: bounced, dsn: 5.1.1}
"""


def run(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["explain", *words], input=stdin)


def agrees(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def written(folder: Path, text: str, name: str = "events.yml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_rule_row_by_row(tmp_path: Path) -> None:
    events = written(tmp_path, GUESSES)
    result = run("guesses_one", "--policy", "jasmo", "--event", events, "--until", "1h")
    assert result.exit_code == 0, result.output
    agrees("guesses", result.stdout)


def test_a_finding_that_an_exception_covers(tmp_path: Path) -> None:
    events = written(tmp_path, GUESSES)
    exceptions = written(tmp_path, json.dumps(EXCEPTION), "exceptions.jsonl")
    words = ("guesses_one", "--policy", "jasmo", "--event", events, "--exceptions", exceptions)
    told = [line for line in run(*words).stdout.splitlines() if "=>" in line]
    agrees("excepted", "\n".join(told) + "\n")
    *_, last = [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]
    assert last["summary"]["open"][0]["suppressed"].startswith("suppressed by exception eeee")


def test_a_rule_that_joins_others(tmp_path: Path) -> None:
    events = written(tmp_path, RATIOS)
    result = run("login_spam", "--policy", "jasmo", "--event", events)
    assert result.exit_code == 0, result.output
    agrees("joined", result.stdout)


def test_json_has_an_object_an_event_and_a_summary(tmp_path: Path) -> None:
    events = written(tmp_path, GUESSES)
    result = run("guesses_one", "--policy", "jasmo", "--event", events, "--json")
    *steps, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(steps) == 23
    assert {frozenset(step) for step in steps} == {
        frozenset(("event", "kind", "time", "seen", "why", "rules", "windows", "changes"))
    }
    summary = last["summary"]
    assert (summary["events"], summary["seen"], summary["opened"]) == (23, 21, 1)
    (opened,) = [change for step in steps for change in step["changes"]]
    assert (opened["what"], opened["value"], opened["threshold"]) == ("opened", 20, 20)


EVENT = {"kind": "login", "outcome": "failed", "customer": "c1", "client_ip": "192.0.2.1"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EVENT),
        json.dumps([EVENT]),
        json.dumps({"events": [EVENT]}),
        json.dumps(EVENT) + "\n\n",
        "kind: login\noutcome: failed\ncustomer: c1\nclient_ip: 192.0.2.1\n",
        "- {kind: login, outcome: failed, customer: c1, client_ip: 192.0.2.1}\n",
    ],
)
def test_json_lines_and_yaml_mean_the_same(tmp_path: Path, text: str) -> None:
    said = run("failed_logins", "--event", written(tmp_path, text)).stdout
    assert "events 1, seen 1" in said
    assert said == run("failed_logins", "--event", "-", stdin=text).stdout


def test_a_base_rule_alone_can_be_explained(tmp_path: Path) -> None:
    said = run("failed_login", "--event", written(tmp_path, json.dumps(EVENT)))
    assert "failed_login: holds" in said.stdout


@pytest.mark.parametrize(
    ("words", "text", "code", "why"),
    [
        (("guesses_none",), "{}", 2, "did you mean `guesses_one`?"),
        (("guesses_one", "--policy", "jasmos"), "{}", 2, "did you mean `jasmo`?"),
        (("guesses_one", "--until", "soon"), "{}", 2, "`--until`"),
        (("guesses_one",), "", 3, "holds no event"),
        (("guesses_one",), '{"kind": "flow"}\n{kind', 3, "events.yml:2:1: this is no JSON"),
        (("guesses_one",), '{"kind": "flow", "dst_prt": 1}', 3, "did you mean `dst_port`?"),
        (("guesses_one",), "- {kind: flow, dst_prt: 1}", 3, "events.yml:1:3"),
        (("guesses_one",), "- {kind: flow\n", 3, "events.yml"),
        (("guesses_one",), "[" * 100_000, 3, "events.yml"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, words: tuple[str, ...], text: str, code: int, why: str
) -> None:
    result = run(*words, "--event", written(tmp_path, text))
    assert (result.exit_code, why in result.output) == (code, True), result.output


def test_what_a_stranger_wrote_cannot_drive_a_terminal(tmp_path: Path) -> None:
    event = EVENT | {"user": "\x1b[2J", "client_ip": "\x1b[31m", "customer": "c\x1b1"}
    said = run("failed_logins", "--event", written(tmp_path, json.dumps(event))).stdout
    assert "\x1b" not in said


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a policy folder with a rule that no test of it reaches."""
    folder = Path(shutil.copytree(CLEAN, tmp_path / "rules-of-acme"))
    path = folder / "rules" / "mail.yml"
    path.write_text(path.read_text().replace("condition: {gte: 3}", "condition: {gte: 4}"))
    return folder


def test_a_failed_test_says_how_far_the_rule_came(broken: Path) -> None:
    result = CliRunner().invoke(app, ["test", str(broken)])
    assert result.exit_code == 1
    agrees("test-failed", result.stdout.replace(str(broken), "FOLDER"))


def test_tests_as_json_lines(broken: Path) -> None:
    result = CliRunner().invoke(app, ["test", str(broken), "--json"])
    told: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["passed"], one["expected"], one["found"]) for one in told] == [
        (False, 1, 0),
        (True, 0, 0),
    ]
    assert {one["rule"] for one in told} == {"many_recipients"}
    assert told[0]["explained"]
    assert told[1]["explained"] == []
    assert result.exit_code == 1
