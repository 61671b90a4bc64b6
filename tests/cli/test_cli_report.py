from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aupkeep.cli.report import app

GOOD = {
    "xarf_version": "4.2.0",
    "report_id": "r1",
    "timestamp": "2026-01-06T12:00:00Z",
    "reporter": {"org": "x", "contact": "desk@brand.example", "domain": "brand.example"},
    "source_identifier": "192.0.2.7",
    "category": "messaging",
    "type": "spam",
}
HOLDINGS = (
    "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
    "jasmo,{},,,c1,s1,vps,2025-01-01T00:00:00Z,,books,2025-01-01T00:00:00Z\n"
)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["parse", *map(str, words)])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    path.write_text(json.dumps(GOOD))
    return path


@pytest.fixture
def unclear(tmp_path: Path) -> Path:
    path = tmp_path / "unclear.eml"
    path.write_text("Subject: \x1b[31mhelp\n\nplease look")
    return path


def test_one_json_object_a_file(good: Path) -> None:
    result = run(good, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "file": str(good),
        "outcome": "report",
        "reports": [
            {
                "kind": "spam",
                "category": "messaging",
                "accused": {"ip": "192.0.2.7", "port": None, "host": None, "url": None},
                "time": "2026-01-06T12:00:00Z",
                "reporter": "desk@brand.example",
                "reference": "r1",
                "confidence": 0.95,
                "reader": "xarf4",
                "feedback_type": None,
                "message_id": None,
            }
        ],
        "warnings": [],
        "reason": "",
        "received": None,
        "unread": 0,
        "sealed": False,
    }


def test_a_report_for_review_ends_with_1(good: Path, unclear: Path) -> None:
    result = run(good, unclear, "--json")
    assert result.exit_code == 1
    outcomes = [json.loads(line)["outcome"] for line in result.stdout.splitlines()]
    assert outcomes == ["report", "review"]


def test_an_unreadable_file_ends_with_3_and_the_others_are_read(
    good: Path, unclear: Path, tmp_path: Path
) -> None:
    result = run(tmp_path / "none.eml", tmp_path, unclear, good, "--json")
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 2
    assert "none.eml: cannot be read: no such file or directory" in result.stderr
    assert f"{tmp_path}: cannot be read: is a directory" in result.stderr


def test_standard_input(good: Path) -> None:
    result = CliRunner().invoke(app, ["parse", "-", "--json"], input=good.read_bytes())
    assert json.loads(result.stdout)["file"] == "-"
    assert json.loads(result.stdout)["outcome"] == "report"


def test_the_table_is_for_people_and_drives_no_terminal(good: Path, unclear: Path) -> None:
    result = run(good, unclear)
    assert result.exit_code == 1
    assert "good.json" in result.stdout
    assert "192.0.2.7" in result.stdout
    assert "review: no reader knows its form" in " ".join(result.stdout.split())
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("held", "confidence"),
    [
        ("prefix,192.0.2.0/24", 0.95),
        ("ip,192.0.2.7", 0.95),
        ("ip,192.0.2.8", 0.475),
        ("domain,brand.example", 0.475),
        ("prefix,2001:db8::/32", 0.475),
    ],
)
def test_addresses_of_others_count_half(
    good: Path, tmp_path: Path, held: str, confidence: float
) -> None:
    books = tmp_path / "holdings.csv"
    books.write_text(HOLDINGS.format(held))
    result = run(good, "--json", "--holdings", books)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["reports"][0]["confidence"] == confidence


def test_faulty_books_are_named_without_a_traceback(good: Path, tmp_path: Path) -> None:
    books = tmp_path / "holdings.csv"
    books.write_text(HOLDINGS.format("ip,192.0.2.999"))
    result = run(good, "--holdings", books)
    assert result.exit_code == 3
    assert "holdings.csv:2:" in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    books.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in run(good, "--holdings", books).stderr
