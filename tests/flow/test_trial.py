"""What `aupkeep bench` measures finds what plain Python finds, whatever the batch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aupkeep.demo.hosting.events import hosting_events
from aupkeep.demo.hosting.known import known_hits
from aupkeep.detection.rule import RuleSet
from aupkeep.detection.samples import run_tests
from aupkeep.flow.trial.catalogue import trial_rules
from aupkeep.flow.trial.file import write_events
from aupkeep.flow.trial.running import run_stateless, run_windowed

COUNT = 20_000
Holds = Callable[[dict[str, Any]], object]
SUBJECT = re.compile(r"(?i)(verify|suspend|urgent).*(account|password)")
PAGE = re.compile(r"(?i)(paypal|office365|chase|dhl)[^/]*/(login|signin|verify)[.]php$")
BRANDS = ("@paypal.com", "@apple.com", "@microsoft.com")
MINERS = ("xmrig", "minerd", "stratum+tcp", "kdevtmpfsi")
SMALL = ("free", "trial")
LARGE = (".iso", ".mkv", ".mp4", ".rar")
PLAIN: dict[str, tuple[str, Holds]] = {
    "R01": ("mail", lambda e: e["rcpt_count"] > 100),
    "R02": ("mail", lambda e: e["account_age_days"] < 1.0 and e["rcpt_count"] > 20),
    "R03": ("mail", lambda e: SUBJECT.search(e["subject"])),
    "R04": ("mail", lambda e: e["spam_score"] >= 8.0),
    "R05": ("mail", lambda e: e["result"] == "bounce" and e["plan"] == "free"),
    "R06": ("mail", lambda e: e["mail_from"].endswith(BRANDS)),
    "R07": ("flow", lambda e: e["dst_port"] == 25 and e["plan"] in SMALL),
    "R08": ("flow", lambda e: e["dst_port"] in (22, 23, 3389, 445, 5900) and e["pkts_out"] <= 3),
    "R09": (
        "flow",
        lambda e: (
            e["proto"] == "udp"
            and e["src_port"] in (53, 123, 1900, 11211)
            and e["bytes_out"] > 1_000_000
        ),
    ),
    "R10": ("flow", lambda e: e["dst_port"] in (3333, 4444, 5555, 14444)),
    "R11": ("flow", lambda e: e["bytes_out"] > 500_000_000),
    "R12": ("proc", lambda e: any(name in e["cmdline"] for name in MINERS)),
    "R13": ("proc", lambda e: e["cpu_pct"] > 95.0 and e["plan"] == "shared"),
    "R14": ("proc", lambda e: e["exe"].endswith("/tor")),
    "R15": ("file", lambda e: PAGE.search(e["path"])),
    "R16": ("file", lambda e: e["mime"] == "text/x-php" and "webshell" in e["yara"]),
    "R17": (
        "file",
        lambda e: (
            e["file_size"] > 1_000_000_000
            and e["plan"] in ("shared", "free")
            and e["path"].endswith(LARGE)
        ),
    ),
    "R18": ("login", lambda e: e["login_country"] != e["country"] and e["account_age_days"] < 7.0),
    "R19": ("login", lambda e: e["user"] == "root" and e["login_result"] == "fail"),
    "R20": (
        "report",
        lambda e: e["report_type"] in ("phishing", "malware", "csam") and e["trusted"],
    ),
}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return trial_rules(windows=True)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trial") / "day.parquet"
    write_events(path, COUNT)
    return path


def test_the_twenty_rules_hit_what_plain_python_hits(day: Path) -> None:
    plain = dict.fromkeys(PLAIN, 0)
    for event in hosting_events(COUNT):
        for name, (kind, holds) in PLAIN.items():
            if kind == event["kind"]:
                plain[name] += bool(holds(event))
    assert plain == known_hits(COUNT)
    hits = run_stateless(day, trial_rules(windows=False)).hits
    assert hits == {name: [count] for name, count in plain.items()}


def test_the_twenty_rules_hit_the_published_counts(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    write_events(path, 1_000_000)
    hits = run_stateless(path, trial_rules(windows=False)).hits
    assert {name: found[0] for name, found in hits.items()} == known_hits(1_000_000)


def test_the_windowed_rules_pass_their_own_tests(rules: RuleSet) -> None:
    results = run_tests(rules)
    assert len(results) == 40
    assert not [result for result in results if not result.passed]


def test_windows_find_the_same_in_any_batches(day: Path, rules: RuleSet) -> None:
    whole = run_windowed(day, rules, size=COUNT)
    parts = run_windowed(day, rules, size=777)
    assert whole.hits == parts.hits
    assert sum(keys for keys, _ in whole.hits.values()) > 50
    assert (len(whole.each), len(parts.each)) == (1, -(-COUNT // 777))
