"""The tests inside rules: how long they last, and what runs them."""

from __future__ import annotations

import pytest
from sound_rules import ABSENCE, BASES, text_of

from aupkeep.base.clock import HOUR, MINUTE
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import Sample
from aupkeep.detection.samples import run_tests
from aupkeep.detection.testing import START, frames_of
from aupkeep.policy.model import RuleFile

MAIL = {"kind": "mail", "stage": "result", "login": "a", "client_ip": "192.0.2.1"}


def test_time_goes_on_after_the_last_event() -> None:
    sample = Sample(name="a", events=({**MAIL, "at": "5m"},), expect=0)
    assert frames_of(sample)[1] == START + 5 * MINUTE
    longer = Sample(name="a", events=({**MAIL, "at": "5m"},), expect=0, until=2 * HOUR)
    assert frames_of(longer)[1] == START + 2 * HOUR
    assert frames_of(Sample(name="a", events=(), expect=0, until=HOUR)) == ({}, START + HOUR)


@pytest.mark.parametrize(("until", "found"), [("58m", 0), ("1h", 1), ("31d", 1)])
def test_an_absence_opens_within_a_test_that_lasts_long_enough(until: str, found: int) -> None:
    tests = [
        {
            "name": "tried",
            "events": [{"kind": "login", "outcome": "failed"}],
            "until": until,
            "expect": found,
        },
        {"name": "other", "events": [], "until": until, "expect": 1 - found},
    ]
    rule = {**ABSENCE, "aup": {**ABSENCE["aup"], "tests": tests}}
    file = RuleFile(path="a.yml", text=text_of(*BASES, rule), documents=())
    results = run_tests(read_rules([file], clauses=("spam",), plans=None))
    assert results[0].passed
    assert results[0].found == found
