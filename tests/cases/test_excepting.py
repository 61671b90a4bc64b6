"""What an exception covers, and until when: by instants alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.cases.excepting import PolicyException, excuse, excused, said
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Tier

FINDING = Finding(
    id="f",
    state="open",
    provider="p",
    rule="r",
    rule_version="1",
    rule_status="automatic",
    policy_version="1",
    clause="spam",
    tier=Tier.FACT,
    key={},
    customer="c",
    service="s",
    attribution="attributed",
    actor="login:a",
    first=100,
    last=100,
    observed_at=100,
    value=1,
    threshold=1,
    events=("0:0",),
    rule_name="busy",
)


def exception(since: int = 0, until: int = 1000, **more: Any) -> PolicyException:
    given = {"customer": "c", "clause": "spam"} | more
    identity = given.pop("id", f"{since}-{until}")
    return PolicyException(
        id=identity,
        provider=given.pop("provider", "p"),
        since=since,
        until=until,
        reason="a campaign was announced",
        by="ann",
        made_at=0,
        **given,
    )


@pytest.mark.parametrize(
    ("changes", "covers"),
    [
        ({}, True),
        ({"customer": "other"}, False),
        ({"customer": "", "service": "s"}, True),
        ({"customer": "", "service": "t"}, False),
        ({"clause": "", "rule": "r"}, True),
        ({"clause": "", "rule": "busy"}, True),
        ({"clause": "", "rule": "q"}, False),
        ({"clause": "scans"}, False),
        ({"provider": "q"}, False),
        ({"provider": ""}, True),
    ],
)
def test_it_covers_whom_and_what_it_names(changes: dict[str, Any], *, covers: bool) -> None:
    assert (excuse(FINDING, [exception(**changes)]) is not None) == covers


@pytest.mark.parametrize("attribution", ["ambiguous", "unknown"])
def test_it_covers_nobody_who_is_not_named_for_certain(attribution: str) -> None:
    unsure = replace(FINDING, attribution=attribution)
    assert excuse(unsure, [exception()]) is None
    assert excuse(replace(FINDING, customer=None), [exception(customer="", service="s")]) is None


def test_from_and_until_are_half_open() -> None:
    assert excuse(FINDING, [exception(100, 101)]) is not None
    assert excuse(FINDING, [exception(0, 100)]) is None
    assert excuse(FINDING, [exception(101, 200)]) is None


def test_ended_before_its_time_it_covers_no_longer() -> None:
    ended = replace(exception(), ended_at=150)
    found = excuse(FINDING, [ended])
    assert found is not None
    assert found.until == 150
    assert excuse(FINDING, [replace(ended, ended_at=100)]) is None
    assert replace(ended, ended_at=5000).end == 1000


def test_exceptions_that_follow_on_each_other_go_on_covering() -> None:
    listed = [exception(0, 200), exception(200, 300), exception(250, 400), exception(401, 500)]
    found = excuse(FINDING, listed)
    assert found is not None
    assert (found.exception.id, found.until) == ("0-200", 400)


def test_what_still_holds_when_it_ends_goes_on() -> None:
    listed = [exception(0, 200)]
    assert excused(FINDING, listed, 200).suppressed
    on = excused(FINDING, listed, 201)
    assert (on.suppressed, on.exception, on.counts_from) == (False, "0-200", 200)
    ended = replace(FINDING, state="ended", last=200)
    assert excused(ended, listed, 10_000).suppressed
    assert not excused(replace(ended, last=201), listed, 10_000).suppressed
    assert excused(FINDING, [], 300) == FINDING


def test_it_says_so_in_words() -> None:
    line = said(exception(id="0123456789abcdef", until=60_000_000))
    assert line == (
        "suppressed by exception 0123456789ab (a campaign was announced; until"
        " 1970-01-01T00:01:00Z; approved by ann)"
    )


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10)), max_size=6), st.integers(0, 30))
def test_it_covers_just_the_run_of_instants_from_the_opening(
    spans: list[tuple[int, int]], first: int
) -> None:
    listed = [exception(since, since + length) for since, length in spans]
    expected = first
    while any(item.at(expected) for item in listed):
        expected += 1
    found = excuse(replace(FINDING, first=first), listed)
    assert (found.until if found else first) == expected
