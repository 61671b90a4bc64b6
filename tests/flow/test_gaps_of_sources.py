"""What opens while a source of its rule cannot be read is degraded, and stays so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from handwork import finding as made

from aupkeep.flow.folders import load_policy
from aupkeep.flow.gaps import blind, marked
from aupkeep.flow.tally import Tally
from aupkeep.signals.source import Source

JASMO = load_policy(Path(__file__).parents[2] / "policies" / "jasmo")
RULE = next(rule for rule in JASMO.rules.rules.values() if rule.name == "login_spam")
FINDING = replace(made(), rule=RULE.id, state="open")


def source(form: str, provider: str = "jasmo") -> Source:
    return Source(name="x", format=form, provider=provider)


def troubled() -> Tally:
    tally = Tally()
    tally.trouble = "cannot read `x`"
    return tally


def test_a_source_in_trouble_blinds_the_rules_that_read_its_kind() -> None:
    for form, provider, degraded in (
        ("postfix", "jasmo", True),
        ("sshd", "jasmo", False),
        ("postfix", "injazat", False),
    ):
        gaps = blind([source(form, provider)], [troubled()])
        (one,) = marked([FINDING], gaps, {"jasmo": JASMO})
        assert one.degraded == degraded


def test_what_opened_before_is_not_touched() -> None:
    gaps = blind([source("postfix")], [troubled()])
    ended = replace(FINDING, state="ended")
    assert marked([ended], gaps, {"jasmo": JASMO}) == [ended]
    assert marked([FINDING], blind([source("postfix")], [Tally()]), {"jasmo": JASMO}) == [FINDING]
