"""Whether a cause is gone: only what was seen or stayed away for long enough is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from case_samples import case
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR
from aupkeep.cases.cause import (
    Gone,
    Seen,
    Target,
    Verdict,
    cause,
    look,
    looked,
    quiet_time,
    target_of,
    together,
)
from aupkeep.flow.folders import find_folder, load_policy
from finding_samples import FINDING

POLICY = load_policy(find_folder("jasmo")).policy
PAGE = replace(FINDING, id="u", key={"accused_url": "http://a.example/x"}, actor="url:x")
TARGET = Target(kind="url", value="http://a.example/x")
_GONE = st.sampled_from(Gone)


def _seen(gone: Gone) -> dict[Target, Seen]:
    return {TARGET: Seen(gone=gone, how=f"it says {gone}")}


@given(st.lists(st.builds(Verdict, gone=_GONE, how=st.just("x"), next_at=st.none()), max_size=5))
def test_unknown_is_never_gone(verdicts: list[Verdict]) -> None:
    found = together(verdicts)
    if found.gone is Gone.YES:
        assert verdicts
        assert {item.gone for item in verdicts} == {Gone.YES}
    if any(item.gone is Gone.NO for item in verdicts):
        assert found.gone is Gone.NO


@given(st.integers(0, 3 * DAY), st.integers(0, 3 * DAY), st.booleans())
def test_time_alone_never_brings_a_cause_back(one: int, two: int, ended: bool) -> None:  # noqa: FBT001  # drawn
    item = FINDING if ended else replace(FINDING, state="open")
    early, late = sorted((one, two))
    found = [cause(case(), [item], POLICY, now=at).gone for at in (early, late)]
    order = [Gone.NO, Gone.UNKNOWN, Gone.YES]
    assert order.index(found[0]) <= order.index(found[1])
    assert (Gone.YES in found) <= ended


def test_a_count_is_gone_when_it_stayed_away() -> None:
    due = FINDING.last + POLICY.resolve_after
    soon, verdict = looked(case(), [FINDING], POLICY, now=due - 1)
    assert (soon.state, soon.look_at, verdict.gone) == ("open", due, Gone.UNKNOWN)
    there, verdict = looked(case(), [FINDING], POLICY, now=due)
    assert (there.state, there.moved_at, verdict.gone) == ("resolved", due, Gone.YES)
    closes = due + quiet_time(POLICY, "spam")
    assert there.look_at == closes
    assert looked(there, [FINDING], POLICY, now=closes - 1)[0] == there
    over, _ = looked(there, [FINDING], POLICY, now=closes)
    assert (over.state, over.look_at) == ("closed", None)


def test_quiet_is_never_shorter_than_what_the_ladder_counts() -> None:
    within = [step.when.within for step in POLICY.ladders[POLICY.clauses["spam"].ladder].steps]
    assert max(within) > POLICY.close_after
    assert quiet_time(POLICY, "spam") == max(within)


def test_what_a_measure_kept_down_counts_from_its_end() -> None:
    freed = case(moved_at=FINDING.last + 5 * DAY)
    found, verdict = looked(freed, [FINDING], POLICY, now=FINDING.last + 5 * DAY + HOUR)
    assert (found.state, verdict.gone) == ("open", Gone.UNKNOWN)
    assert found.look_at == FINDING.last + 6 * DAY


@pytest.mark.parametrize("state", ["contained", "appealed", "closed"])
def test_these_are_not_looked_at(state: str) -> None:
    found, _ = looked(case(state=state, look_at=1), [FINDING], POLICY, now=99 * DAY)
    assert (found.state, found.look_at) == (state, None)


@pytest.mark.parametrize(
    ("gone", "state"),
    [(Gone.YES, "resolved"), (Gone.NO, "warned"), (Gone.UNKNOWN, "warned")],
)
def test_a_page_is_gone_when_somebody_saw_that(gone: Gone, state: str) -> None:
    found, _ = looked(case(state="warned"), [PAGE], POLICY, now=99 * DAY, seen=_seen(gone))
    assert found.state == state
    assert looked(case(state="warned"), [PAGE], POLICY, now=99 * DAY)[0].state == "warned"


def test_what_is_seen_again_opens_the_case_again() -> None:
    resolved = case(state="resolved", moved_at=DAY)
    found, _ = looked(resolved, [PAGE], POLICY, now=2 * DAY, seen=_seen(Gone.NO))
    assert (found.state, found.look_at) == ("open", 2 * DAY)
    for gone in (Gone.YES, Gone.UNKNOWN):
        found, _ = looked(resolved, [PAGE], POLICY, now=2 * DAY, seen=_seen(gone))
        assert found.state == "resolved"


def test_what_a_person_called_resolved_and_still_holds_is_not_closed() -> None:
    late = DAY + quiet_time(POLICY, "spam")
    item = replace(FINDING, state="open")
    found, _ = looked(case(state="resolved", moved_at=DAY), [item], POLICY, now=late)
    assert found.state == "open"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"key": {"accused_url": "http://a.example/x"}}, TARGET),
        ({"actor": "url:http://a.example/x"}, TARGET),
        ({"evidence": {"accused_url": "http://a.example/x"}}, TARGET),
        (
            {
                "evidence": {
                    "report_type": "open_service",
                    "accused_ip": "192.0.2.1",
                    "accused_port": "53",
                }
            },
            Target(kind="port", value="192.0.2.1:53"),
        ),
        ({"evidence": {"report_type": "open_service", "accused_ip": "192.0.2.1"}}, None),
        (
            {"evidence": {"path": "/srv/a b", "sha256": "AB" * 32}},
            Target(kind="file", value=f"{'ab' * 32} /srv/a b"),
        ),
        (
            {"evidence": {"path": "/srv/a", "hashes": f"MD5=00,SHA256={'CD' * 32}"}},
            Target(kind="file", value=f"{'cd' * 32} /srv/a"),
        ),
        ({"evidence": {"path": "/srv/a"}}, None),
    ],
)
def test_what_can_be_looked_at(changes: dict[str, Any], expected: Target | None) -> None:
    assert target_of(replace(FINDING, **changes)) == expected


def test_a_kind_without_a_probe_is_unknown() -> None:
    assert look([TARGET], {})[TARGET].gone is Gone.UNKNOWN
