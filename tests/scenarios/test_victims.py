"""An attack from outside is counted and said; it accuses no customer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from installed import Command


def test_inbound_attack(
    aupkeep: Command, fortnight: Path, books: Sequence[str], tmp_path: Path
) -> None:
    lines = (fortnight / "jasmo" / "auth.log").read_bytes().splitlines(keepends=True)
    path = tmp_path / "auth.log"
    path.write_bytes(b"".join(line for line in lines if line[:10] < b"2026-03-12"))
    failed = sum(b"Failed " in line for line in path.read_bytes().splitlines())
    assert failed > 500
    findings, summary = aupkeep.detect(path, "--as", "sshd", *books)
    assert findings == []
    assert summary["outside_failures"] >= 500
    assert summary["outside_addresses"] > 10
    assert summary["outsiders"] >= summary["outside_failures"]
    shown = aupkeep("detect", path, "--as", "sshd", *books)
    assert shown.code == 0
    assert re.search(
        rf"{summary['outside_failures']} failed logins from {summary['outside_addresses']} "
        "outside addresses: your customers are the victims, no clause applies",
        shown.out,
    )


def test_no_case_in_an_installation(aupkeep: Command, fortnight: Path, tmp_path: Path) -> None:
    logs = tmp_path / "machine" / "var" / "log"
    logs.mkdir(parents=True)
    lines = (fortnight / "jasmo" / "auth.log").read_bytes().splitlines(keepends=True)
    (logs / "auth.log").write_bytes(b"".join(line for line in lines if line[:10] < b"2026-03-12"))
    folder = tmp_path / "installation"
    machine = tmp_path / "machine"
    assert aupkeep("init", folder, "--policy", "jasmo", "--root", machine).code == 0
    holdings = fortnight / "holdings.csv"
    assert aupkeep("holdings", "import", holdings, "--source", "billing", "--dir", folder).code == 0
    assert aupkeep("run", folder, "--once").code == 0
    assert aupkeep("case", "list", "--dir", folder, "--json").out == ""
    doctor = aupkeep("doctor", "--dir", folder)
    assert "your customers are the victims, no clause applies" in doctor.out
