"""Every YAML block of the reference page is read and its tests are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aupkeep.detection.clauses import STATUSES
from aupkeep.detection.correlating import TYPES
from aupkeep.detection.metrics import METRICS, metric_keys
from aupkeep.detection.reading import read_rules
from aupkeep.detection.samples import run_tests
from aupkeep.detection.sampling import EVENT_KEYS
from aupkeep.detection.selecting import ABOUT, MODIFIERS
from aupkeep.events.schema import KINDS
from aupkeep.policy.model import RuleFile, Tier

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rules.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CLAUSES = ("outbound-surge", "spam", "port-scan", "denial-of-service", "reseller-reports")


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_block_is_sound_and_its_tests_pass(block: str) -> None:
    file = RuleFile(path="rules.md", text=block, documents=())
    results = run_tests(read_rules([file], clauses=CLAUSES, plans=None))
    assert len(results) > 1
    assert [one for one in results if not one.passed] == []


def test_page_names_every_key_and_word() -> None:
    tiers = {tier.word for tier in Tier}
    own = {"clause", "threshold", "cooldown", "evidence", "most", "tests", "expect", "until"}
    correlation = {"rules", "group-by", "timespan", "condition", "type", "aup_metric"}
    keys = {key for kind in (*METRICS, "") for key in metric_keys(kind)[0]}
    words = {
        *ABOUT,
        *MODIFIERS,
        *EVENT_KEYS,
        *STATUSES,
        *KINDS,
        *tiers,
        *own,
        *correlation,
        *("aliases", "generate"),
        *keys,
        *METRICS,
        *TYPES,
    }
    assert [word for word in sorted(words) if f"`{word}" not in PAGE] == []
