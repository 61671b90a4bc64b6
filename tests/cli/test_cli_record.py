from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aupkeep.cli.record import app
from aupkeep.record.entry import Head, append


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "record.jsonl"
    head, lines = Head("jasmo"), []
    for number in range(3):
        entry = append(head, at=number, act="case_opened", subject="c", body={})
        lines.append(entry.line + "\n")
        head = entry.head
    path.write_text("".join(lines))
    return path


def verify(*words: object) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def test_an_export_in_order(export: Path) -> None:
    result = verify(export)
    assert result.exit_code == 0
    assert result.stdout.startswith("jasmo: 3 entries, all in order; head ")
    assert "not proven" in result.stdout


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_an_empty_export_proves_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"")
    result = verify(path, *words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "the export has no entry" in result.stderr


def test_line_ends_of_another_system_are_an_alteration(export: Path) -> None:
    export.write_bytes(export.read_bytes().replace(b"\n", b"\r\n"))
    result = verify(export)
    assert result.exit_code == 1
    assert result.stdout == "jasmo: entry 0 is wrong: white space stands before or after it\n"


def test_an_altered_export_as_json(export: Path) -> None:
    data = bytearray(export.read_bytes())
    data[-20] ^= 0x80
    export.write_bytes(data)
    result = verify(export, "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["provider"], said["ok"], said["first_bad"]) == ("jasmo", False, 2)
