"""Severity, dispositions and strikes: what a case weighs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from case_samples import case
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY
from aupkeep.cases.case import Case
from aupkeep.cases.disposition import CLEARED, FEE_ALLOWED, WHOLE, Disposition, halves
from aupkeep.cases.severity import longest, severity
from aupkeep.cases.strikes import said, strikes
from aupkeep.policy.model import Severity, Tier
from finding_samples import FINDING

_TIMES = st.integers(0, 10 * DAY)
_WORDS = st.sampled_from(["", *Disposition])


@given(
    st.sampled_from(Severity),
    st.sampled_from(Severity),
    st.sampled_from(Tier),
    st.sampled_from(Tier),
    _TIMES,
    _TIMES,
)
def test_graver_better_longer_is_never_less_severe(
    clause: Severity, graver: Severity, tier: Tier, better: Tier, time: int, longer: int
) -> None:
    low = severity(min(clause, graver), min(tier, better), min(time, longer))
    high = severity(max(clause, graver), max(tier, better), max(time, longer))
    assert low <= high


def test_weak_evidence_takes_a_degree_and_a_day_adds_one() -> None:
    assert severity(Severity.MEDIUM, Tier.FACT, 0) is Severity.MEDIUM
    assert severity(Severity.MEDIUM, Tier.JUDGEMENT, 0) is Severity.LOW
    assert severity(Severity.MEDIUM, Tier.STRONG, DAY) is Severity.HIGH
    assert severity(Severity.LOW, Tier.SCORE, 0) is Severity.LOW
    assert severity(Severity.CRITICAL, Tier.FACT, 30 * DAY) is Severity.CRITICAL


def test_only_what_counts_is_counted() -> None:
    held = replace(FINDING, id="f2", state="open", first=50, excepted_until=900)
    assert longest([FINDING], 10_000) == 100
    assert longest([FINDING, held], 1_100) == 200
    assert longest([], 5) == 0


@st.composite
def ledgers(draw: st.DrawFn) -> list[Case]:
    return [
        case(
            id=f"{number:032x}",
            customer=draw(st.sampled_from(["c-1", "c-2", None])),
            opened_at=draw(st.integers(0, 400)) * DAY,
            told_at=draw(st.none() | st.just(5)),
            disposition=draw(_WORDS),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


@given(ledgers(), st.integers(1, 200), st.integers(0, 1), st.integers(0, 700), st.randoms())
def test_the_ledger_is_of_cases_alone_and_decays(
    cases: list[Case], days: int, compromised: int, now: int, dice: object
) -> None:
    found = strikes(cases, decay=days * DAY, compromised=compromised)
    turned = list(cases)
    dice.shuffle(turned)  # type: ignore[attr-defined]  # a Random
    assert strikes([*turned, *cases], decay=days * DAY, compromised=compromised) == found
    assert len({item.case for item in found.all}) == len(found.all)
    at = now * DAY
    live = found.at(at)
    assert {item.case for item in live.all} == {
        item.case for item in found.all if item.at <= at < item.at + days * DAY
    }
    assert found.at(1_000 * DAY).all == ()
    for item in cases:
        (weight,) = [one.halves for one in found.all if one.case == item.id] or [0]
        wanted = halves(item.disposition, told=item.told_at is not None, compromised=compromised)
        assert weight == (wanted if item.customer else 0)


def test_what_each_disposition_weighs() -> None:
    def weights(compromised: int) -> dict[str, int]:
        return {word: halves(word, told=True, compromised=compromised) for word in Disposition}

    assert weights(1) == {
        "compromised": 1,
        "negligent": WHOLE,
        "deliberate": WHOLE,
        "mistaken": 0,
        "not_ours": 0,
    }
    assert weights(0)["compromised"] == 0
    assert halves("", told=False, compromised=1) == 0
    assert halves("", told=True, compromised=0) == WHOLE
    assert CLEARED.isdisjoint(FEE_ALLOWED)
    assert Disposition.COMPROMISED not in FEE_ALLOWED


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "no strike"), (1, "half a strike"), (2, "1 strike"), (3, "1.5 strikes"), (4, "2 strikes")],
)
def test_strikes_in_words(count: int, text: str) -> None:
    assert said(count) == text


def test_of_one_clause() -> None:
    listed = [
        case(told_at=1),
        case(id="2" * 32, told_at=1, clause="port-scan", reseller="r-1", opened_at=DAY),
    ]
    found = strikes(listed, decay=DAY, compromised=0)
    assert (found.halves, found.of("spam").halves) == (4, 2)
    assert [item.reseller for item in found.of("port-scan").all] == ["r-1"]
