"""What an exception covers opens no case; what outlives it does, at the instant it ends."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from handwork import NOW, Place
from handwork import finding as made

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.base.errors import MisuseError
from aupkeep.cases.excepting import PolicyException
from aupkeep.decisions.decision import Profile
from aupkeep.detection.finding import Finding
from aupkeep.flow.excepting import Wanted, end_exception, make_exception
from aupkeep.flow.handle_findings import FindingActs
from aupkeep.flow.installation import PolicyBook
from aupkeep.flow.signing_in import add_person
from aupkeep.store import chain, evidence, exceptions
from aupkeep.store.database import unit
from aupkeep.store.exceptions import counts, covered
from aupkeep.store.stored import kept

OPENED = NOW - HOUR
WANTED = Wanted(
    customer="c-1",
    clause="spam",
    since=OPENED - MINUTE,
    until=NOW + DAY,
    reason="a campaign was announced",
    by="ann",
)


@pytest.fixture
def staffed(here: Place) -> Place:
    add_person("ann", ("jasmo",), now=NOW - DAY)
    return here


def make(place: Place, **changes: Any) -> PolicyException:
    return make_exception(place.installation, replace(WANTED, **changes), now=NOW)


def handle(place: Place, *findings: Finding, until: int) -> FindingActs:
    with unit():
        acts = FindingActs(
            PolicyBook(place.installation.policies()).at,
            lambda *_: Profile(),
            clock=None,
            exceptions=exceptions.exceptions(),
        )
        acts.handle(findings, until)
    return acts


def opened(**changes: Any) -> Finding:
    return replace(made(), **{"state": "open", "last": OPENED} | changes)


def test_what_it_covers_is_history_and_opens_no_case(staffed: Place) -> None:
    item = make(staffed)
    handle(staffed, opened(), until=NOW)
    handle(staffed, opened(state="ended", last=NOW), until=NOW + MINUTE)
    assert evidence.all_cases() == []
    stored = evidence.get_finding("f1")
    assert stored is not None
    assert (stored.suppressed, stored.exception, stored.state) == (True, item.id, "ended")
    assert covered() == []
    assert counts() == {item.id: 1}
    handle(staffed, until=NOW + 5 * DAY)
    assert evidence.all_cases() == []


def test_what_still_holds_when_it_ends_opens_its_case_then(staffed: Place) -> None:
    end = NOW - 10 * MINUTE
    make(staffed, until=NOW + MINUTE)
    with unit():
        exceptions.put_exception(replace(exceptions.exceptions()[0], until=end))
    handle(staffed, opened(), opened(state="growing", last=OPENED + MINUTE, value=30), until=end)
    assert evidence.all_cases() == []
    handle(staffed, until=end + 1)
    (case,) = evidence.all_cases()
    assert (case.opened_at, case.aware_at) == (end, end)
    stored = evidence.get_finding("f1")
    assert stored is not None
    assert (stored.suppressed, stored.excepted_until, stored.value) == (False, end, 30)
    (line, *_) = chain.entries_about(case.id)
    assert json.loads(line)["at"].startswith("2026-03-02T07:50:00")
    handle(staffed, opened(state="ended", last=NOW, value=30), until=NOW)
    stored = evidence.get_finding("f1")
    assert stored is not None
    assert (stored.state, stored.excepted_until) == ("ended", end)
    again = evidence.get_case(case.id)
    assert again is not None
    # It holds no more, so its cause is looked at when it may be gone.
    assert again.look_at == NOW + DAY
    assert replace(again, look_at=None) == case


def test_ended_before_its_time_it_covers_no_longer(staffed: Place) -> None:
    item = make(staffed)
    handle(staffed, opened(), until=NOW)
    ended = end_exception(item.id[:12], by="ann", reason="the campaign is over", now=NOW + MINUTE)
    assert (ended.end, ended.ended_why) == (NOW + MINUTE, "the campaign is over")
    handle(staffed, until=NOW + MINUTE)
    assert evidence.all_cases() == []
    handle(staffed, until=NOW + 2 * MINUTE)
    (case,) = evidence.all_cases()
    assert case.opened_at == NOW + MINUTE
    with pytest.raises(MisuseError, match="has been over since"):
        end_exception(item.id, by="ann", reason="again", now=NOW + HOUR)


def test_what_had_begun_to_count_goes_on_counting(staffed: Place) -> None:
    handle(staffed, opened(), until=NOW)
    (case,) = evidence.all_cases()
    make(staffed)
    handle(staffed, opened(state="ended", last=NOW), until=NOW)
    assert [item.id for item in evidence.all_cases()] == [case.id]
    assert evidence.findings_of(case.id)["f1"].state == "ended"


def test_the_time_under_an_exception_makes_no_breach_longer(staffed: Place) -> None:
    make(staffed)
    handle(staffed, opened(first=OPENED, last=OPENED), until=NOW)
    with unit():
        exceptions.put_exception(replace(exceptions.exceptions()[0], until=NOW + DAY - 1))
    handle(staffed, until=NOW + DAY)
    (case,) = evidence.all_cases()
    decision = evidence.decision_of(case.id)
    assert decision is not None
    assert "lasted 0s" in str(decision.reasons) or "lasted" not in str(decision.reasons)


def test_however_it_is_cut_into_batches_the_record_is_the_same(
    placed: Callable[[Path], AbstractContextManager[Place]], tmp_path: Path
) -> None:
    told = []
    for turn in range(4):
        with placed(tmp_path / f"place-{turn}") as here:
            add_person("ann", ("jasmo",), now=NOW - DAY)
            make_exception(here.installation, WANTED, now=OPENED)
            with unit():
                (item,) = exceptions.exceptions()
                exceptions.put_exception(replace(item, until=OPENED + 30 * MINUTE))
            before = chain.head("jasmo").seq
            ours = [
                opened(),
                opened(id="f2", first=OPENED + MINUTE, last=OPENED + MINUTE),
                opened(id="f2", first=OPENED + MINUTE, state="ended", last=OPENED + 5 * MINUTE),
                opened(id="f3", first=OPENED + 40 * MINUTE, last=OPENED + 40 * MINUTE),
                opened(state="growing", last=OPENED + 50 * MINUTE, value=50),
                opened(state="ended", last=OPENED + 55 * MINUTE, value=50),
            ]
            cuts = random.Random(turn)
            while ours:
                count = cuts.randint(1, len(ours)) if turn else len(ours)
                batch, ours = ours[:count], ours[count:]
                last = max(max(item.last, item.first) for item in batch)
                until = NOW if not ours else min(ours[0].last, last + cuts.randint(0, 5) * MINUTE)
                handle(here, *batch, until=max(last, until))
            lines = [line for line in chain.lines("jasmo") if json.loads(line)["seq"] >= before]
            told.append([(json.loads(line)["act"], json.loads(line)["at"]) for line in lines])
    assert told[1:] == told[:1] * 3
    assert told[0][0] == ("case_opened", "2026-03-02T07:30:00Z")


def test_making_and_ending_are_entered_without_the_customer(staffed: Place) -> None:
    item = make(staffed)
    end_exception(item.id, by="ann", reason="over", now=NOW + MINUTE)
    entries = [json.loads(line) for line in chain.entries_about(item.id)]
    assert [entry["act"] for entry in entries] == ["exception_made", "exception_ended"]
    assert all("c-1" not in json.dumps(entry) for entry in entries)
    assert entries[0]["body"]["by"] == "ann"
    (stored,) = [one for one in kept() if one.kind == "exception"]
    assert stored.content == entries[1]["body"]["content"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"customer": ""}, "one customer or one service"),
        ({"service": "s"}, "one customer or one service"),
        ({"rule": "x"}, "one rule or one clause"),
        ({"clause": ""}, "one rule or one clause"),
        ({"clause": "spma"}, "`spma` is not a clause of the policy in force"),
        ({"clause": "", "rule": "no-such"}, "`no-such` is not a rule"),
        ({"clause": "csam"}, "a duty from which nobody is excepted"),
        ({"clause": "copyright"}, "a duty from which nobody is excepted"),
        ({"until": OPENED - MINUTE}, "must end after it begins"),
        ({"until": NOW}, "would be over already"),
        ({"until": NOW + 367 * DAY}, "366 days at most"),
        ({"reason": " "}, "a reason is needed"),
        ({"reason": "x" * 1001}, "1000 characters at most"),
        ({"by": "anna"}, "`anna` is not a person of this installation"),
        ({"provider": "jasmi"}, "not a provider of these settings"),
    ],
)
def test_what_cannot_be_is_refused(staffed: Place, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(MisuseError, match=why):
        make(staffed, **changes)
    assert exceptions.exceptions() == []


def test_all_that_is_wrong_is_said_at_once(staffed: Place) -> None:
    with pytest.raises(MisuseError) as refused:
        make(staffed, customer="", until=NOW, reason="", by="nobody", clause="spma")
    assert len(refused.value.faults) == 5
