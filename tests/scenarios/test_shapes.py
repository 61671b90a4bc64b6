"""The keys that other programs rely on (design, section 9): more may be added, none renamed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from installed import Command

FINDING = (
    "id state rule rule_version policy_version clause tier provider customer service attribution "
    "key first last value threshold events"
)
SUMMARY = "lines events rejects late duplicates degraded customers unknown outsiders"
LINE = "file offset outcome kind time fields"
CASE = "id provider customer clause state tier aware_at findings sanctions"
VERIFIED = "provider entries ok first_bad"
REPORT = "file outcome reports warnings"
ACCUSED = "kind category accused time reporter reference confidence reader"
COVERAGE = "policy clause noticed_by tier ladder measures tested missing"


def keys(text: str) -> set[str]:
    return set(text.split())


def test_detect(aupkeep: Command, mail: bytes, books: Sequence[str], tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(mail)
    done = aupkeep("detect", "--json", path, "--as", "postfix", *books)
    assert done.code == 1
    *findings, last = done.objects()
    for item in findings:
        assert keys(FINDING) <= item.keys()
        assert item["state"] in ("open", "ended")
        assert item["attribution"] in ("attributed", "ambiguous", "unknown")
        assert item["tier"] in ("fact", "strong", "score", "judgement")
        assert item["events"]
        assert item["first"].endswith("Z")
    assert keys(SUMMARY) <= last["summary"].keys()


def test_events(aupkeep: Command, mail: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(mail[: mail.index(b"\n", 20_000) + 1] + b"no log line\n")
    done = aupkeep("events", "--lines", "--json", path, "--as", "postfix")
    assert done.code == 0
    items = done.objects()
    assert len(items) == path.read_bytes().count(b"\n")
    assert all(keys(LINE) <= item.keys() for item in items)
    assert {item["outcome"] for item in items} == {"row", "part", "ignored", "reject"}
    assert [item["offset"] for item in items] == sorted(item["offset"] for item in items)


def test_report(aupkeep: Command, fortnight: Path) -> None:
    files = sorted((fortnight / "jasmo" / "reports").iterdir())
    done = aupkeep("report", "parse", "--json", *files)
    assert done.code in (0, 1)
    items = done.objects()
    assert len(items) == len(files)
    for item in items:
        assert keys(REPORT) <= item.keys()
        assert item["outcome"] in ("report", "noise", "review")
        for one in item["reports"]:
            assert keys(ACCUSED) <= one.keys()
            assert keys("ip port host url") <= one["accused"].keys()
    assert any(item["reports"] for item in items)


def test_case_and_record(aupkeep: Command, mail: bytes, tmp_path: Path) -> None:
    logs = tmp_path / "machine" / "var" / "log"
    logs.mkdir(parents=True)
    (logs / "mail.log").write_bytes(mail)
    folder = tmp_path / "installation"
    machine = tmp_path / "machine"
    assert aupkeep("init", folder, "--policy", "jasmo", "--root", machine).code == 0
    assert aupkeep("run", folder, "--once").code == 0
    cases = aupkeep("case", "list", "--dir", folder, "--json").objects()
    assert cases
    for case in cases:
        assert keys(CASE) <= case.keys()
        # Nobody has been imported, so nobody can be named, and nothing is proposed.
        assert case["customer"] is None
        assert case["sanctions"] == []
    verified = aupkeep("record", "verify", "--dir", folder, "--json").objects()
    assert verified
    assert all(keys(VERIFIED) <= item.keys() for item in verified)


@pytest.mark.parametrize("name", ["jasmo", "injazat"])
def test_coverage(aupkeep: Command, name: str) -> None:
    done = aupkeep("policy", "coverage", name, "--json")
    assert done.code in (0, 1)
    items = done.objects()
    assert len(items) > 10
    assert all(keys(COVERAGE) <= item.keys() for item in items)
