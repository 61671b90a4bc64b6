"""Findings into cases: idempotent, and the same cases in whatever order findings come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.cases.case import Case, CaseKey, key_of
from aupkeep.cases.grouping import Change, take
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Tier
from finding_samples import FINDING as SAMPLE

FINDING = replace(SAMPLE, state="open", tier=Tier.STRONG, last=100)


class Book:
    """Cases and the findings in them, as a store would keep them."""

    def __init__(self) -> None:
        self.cases: dict[CaseKey, Case] = {}
        self.findings: dict[CaseKey, dict[str, Finding]] = {}
        self.changes: list[Change] = []

    def take(self, findings: Iterable[Finding]) -> Book:
        for finding in findings:
            key = key_of(finding)
            known = self.findings.get(key, {})
            result = take(finding, self.cases.get(key), known)
            self.changes.append(result.change)
            if result.change is not Change.NONE and result.case is not None:
                self.cases[key] = result.case
                self.findings.setdefault(key, {})[finding.id] = finding
        return self

    def unnamed(self) -> dict[CaseKey, Case]:
        """Return the cases without their ids, which name the finding that came first."""
        return {key: replace(case, id="") for key, case in self.cases.items()}


@st.composite
def lives(draw: st.DrawFn) -> list[Finding]:
    """Draw the states of some findings, each finding's in its own order."""
    states = []
    for number in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, 50))
        named = draw(st.booleans())
        finding = replace(
            FINDING,
            id=f"f{number}",
            clause=draw(st.sampled_from(["spam", "port-scan"])),
            customer=draw(st.sampled_from(["c-1", "c-2"])) if named else None,
            attribution="attributed" if named else draw(st.sampled_from(["unknown", "ambiguous"])),
            actor=draw(st.sampled_from(["ip:192.0.2.1", "ip:192.0.2.2"])),
            rule_status=draw(st.sampled_from(["draft", "shadow", "review", "automatic"])),
            tier=draw(st.sampled_from(Tier)),
            degraded=draw(st.booleans()),
            first=first,
            last=first,
            observed_at=first + draw(st.integers(0, 9)),
        )
        states.append(finding)
        for size in range(draw(st.integers(0, 2))):
            finding = replace(
                finding, state="growing", last=finding.last + 1, value=100**size * 100
            )
            states.append(finding)
        if draw(st.booleans()):
            states.append(replace(finding, state="ended", last=finding.last + 3))
    return states


@settings(max_examples=200, deadline=None)
@given(lives(), st.randoms())
def test_the_order_of_findings_makes_no_other_cases(states: list[Finding], dice: Random) -> None:
    shuffled = list(states)
    dice.shuffle(shuffled)
    assert Book().take(shuffled).unnamed() == Book().take(states).unnamed()


@settings(max_examples=100, deadline=None)
@given(lives())
def test_taking_all_again_changes_nothing(states: list[Finding]) -> None:
    book = Book().take(states)
    before, changes = dict(book.cases), len(book.changes)
    book.take(states)
    assert book.cases == before
    assert set(book.changes[changes:]) <= {Change.NONE}


@settings(max_examples=100, deadline=None)
@given(lives())
def test_a_case_holds_its_own_live_findings_and_no_others(states: list[Finding]) -> None:
    book = Book().take(states)
    latest = {item.id: item for item in states}
    live = {item.id for item in states if item.rule_status in ("review", "automatic")}
    held = [name for case in book.cases.values() for name in case.findings]
    assert sorted(held) == sorted(live)
    for key, case in book.cases.items():
        members = [latest[name] for name in case.findings]
        assert {key_of(item) for item in members} == {key}
        assert (case.customer is None) == (members[0].attribution != "attributed")
        assert case.aware_at == min(item.observed_at for item in members)
        assert case.opened_at == members[0].first == min(item.first for item in members)
        full = [item.tier for item in members if not item.degraded]
        assert case.tier == max(full, default=Tier.JUDGEMENT)


@pytest.mark.parametrize("status", ["draft", "shadow"])
def test_a_rule_that_is_not_live_makes_no_case(status: str) -> None:
    opened = take(FINDING, None, {}).case
    tried = replace(FINDING, id="f2", rule_status=status)
    for case, known in ((None, {}), (opened, {"f1": FINDING})):
        result = take(tried, case, known)
        assert result.change is Change.NONE
        assert result.case is None


def test_a_finding_opens_joins_and_updates() -> None:
    book = Book()
    later = replace(FINDING, id="f2", first=90, last=90, observed_at=95, tier=Tier.FACT)
    ended = replace(FINDING, state="ended", last=130)
    book.take([FINDING, later, ended])
    assert book.changes == [Change.OPENED, Change.JOINED, Change.UPDATED]
    (case,) = book.cases.values()
    assert case.id == take(FINDING, None, {}).case.id  # type: ignore[union-attr]  # it opened one
    assert case.findings == ("f2", "f1")
    assert (case.opened_at, case.aware_at, case.tier) == (90, 95, Tier.FACT)


def test_an_end_is_final() -> None:
    ended = replace(FINDING, state="ended", last=130)
    book = Book().take([ended, FINDING, replace(FINDING, state="growing", last=150, value=999)])
    assert book.changes == [Change.OPENED, Change.NONE, Change.NONE]


def test_what_turns_out_degraded_lends_its_tier_no_longer() -> None:
    book = Book().take([FINDING, replace(FINDING, degraded=True)])
    assert book.changes == [Change.OPENED, Change.UPDATED]
    assert [case.tier for case in book.cases.values()] == [Tier.JUDGEMENT]


def test_the_wrong_case_is_refused() -> None:
    case = take(FINDING, None, {}).case
    with pytest.raises(ValueError, match="does not belong to case"):
        take(replace(FINDING, id="f2", customer="c-2"), case, {"f1": FINDING})
    with pytest.raises(ValueError, match="not the findings of case"):
        take(replace(FINDING, id="f2"), case, {})
