"""Merging and splitting: findings and strikes are neither lost nor doubled, whatever the order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from case_samples import case
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError
from aupkeep.cases.case import Case, key_of
from aupkeep.cases.grouping import Change, regrouped, take
from aupkeep.cases.joining import merge, split
from aupkeep.cases.strikes import strikes
from aupkeep.detection.finding import Finding
from finding_samples import FINDING


def finding(number: int, **changes: Any) -> Finding:
    return replace(FINDING, id=f"f{number}", first=number, last=number + 9, **changes)


class Shelf:
    """Cases and in which of them each finding is, as a store would keep them."""

    def __init__(self, count: int, told: list[bool]) -> None:
        self.findings: dict[str, tuple[str, Finding]] = {}
        self.cases: dict[str, Case] = {}
        for number in range(count):
            identity = f"{number:032x}"
            own = [finding(10 * number + one) for one in range(3)]
            self.findings |= {item.id: (identity, item) for item in own}
            made = case(id=identity, told_at=5 if told[number % len(told)] else None)
            self.cases[identity] = regrouped(made, own)

    def members(self, identity: str) -> dict[str, Finding]:
        return {name: item for name, (home, item) in self.findings.items() if home == identity}

    def join(self, into: str, other: str, at: int) -> None:
        known = self.members(into) | self.members(other)
        whole, gone = merge(self.cases[into], self.cases[other], known, at=at)
        self.cases |= {into: whole, other: gone}
        self._put(whole)

    def part(self, identity: str, names: set[str], at: int) -> str:
        rest, apart = split(self.cases[identity], self.members(identity), names, at=at)
        self.cases |= {rest.id: rest, apart.id: apart}
        self._put(rest)
        self._put(apart)
        return apart.id

    def standing(self) -> list[str]:
        return [name for name, item in self.cases.items() if not item.merged_into]

    def _put(self, item: Case) -> None:
        for name in item.findings:
            self.findings[name] = (item.id, self.findings[name][1])


@given(st.integers(2, 5), st.lists(st.booleans(), min_size=1, max_size=5), st.data())
def test_every_finding_is_in_one_case_and_every_strike_stays(
    count: int, told: list[bool], data: st.DataObject
) -> None:
    shelf = Shelf(count, told)
    names = set(shelf.findings)
    before = strikes(shelf.cases.values(), decay=DAY, compromised=0)
    for at in range(data.draw(st.integers(1, 8))):
        there = shelf.standing()
        one = data.draw(st.sampled_from(there))
        if len(there) > 1 and data.draw(st.booleans()):
            other = data.draw(st.sampled_from([name for name in there if name != one]))
            shelf.join(one, other, at)
        elif len(own := sorted(shelf.members(one))) > 1:
            size = data.draw(st.integers(1, len(own) - 1))
            shelf.part(one, set(own[:size]), at)
    held = [name for item in shelf.standing() for name in shelf.cases[item].findings]
    assert sorted(held) == sorted(names)
    for identity in shelf.standing():
        assert set(shelf.cases[identity].findings) == set(shelf.members(identity))
    after = strikes(shelf.cases.values(), decay=DAY, compromised=0)
    assert [(item.case, item.halves) for item in sorted(after.all, key=lambda one: one.case)] == [
        (item.case, item.halves) for item in sorted(before.all, key=lambda one: one.case)
    ]


@given(st.sets(st.sampled_from(["f0", "f1", "f2"]), min_size=1, max_size=2), st.booleans())
def test_what_was_parted_and_joined_again_is_what_it_was(names: set[str], told: bool) -> None:  # noqa: FBT001  # drawn
    shelf = Shelf(1, [told])
    (identity,) = shelf.cases
    before = shelf.cases[identity]
    apart = shelf.part(identity, names, 7)
    assert not shelf.cases[apart].takes(before.key)
    shelf.join(identity, apart, 8)
    assert replace(shelf.cases[identity], look_at=None) == before


def test_later_findings_of_what_was_taken_over_join_the_whole() -> None:
    one = regrouped(case(service="s-1"), [FINDING])
    elsewhere = replace(FINDING, id="f2", service="s-2")
    two = regrouped(case(id="2" * 32, service="s-2"), [elsewhere])
    whole, _ = merge(one, two, {"f1": FINDING, "f2": elsewhere}, at=9)
    later = replace(elsewhere, id="f3")
    assert whole.takes(key_of(later, by_service=True))
    known = {"f1": FINDING, "f2": elsewhere}
    change = take(later, whole, known, by_service=True)
    assert change.change is Change.JOINED
    assert change.case is not None
    assert (change.case.id, len(change.case.findings)) == (one.id, 3)


def test_the_graver_state_is_that_of_the_whole() -> None:
    for states, expected in (
        (("open", "warned"), "warned"),
        (("contained", "answered"), "contained"),
        (("resolved", "open"), "open"),
        (("appealed", "contained"), "appealed"),
    ):
        one, two = (case(id=str(n) * 32, state=word) for n, word in enumerate(states))
        whole, gone = merge(one, two, {"f1": FINDING}, at=9)
        assert (whole.state, gone.state, gone.merged_into) == (expected, "closed", one.id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "1" * 32}, "same-case"),
        ({"customer": "c-2"}, "different"),
        ({"clause": "port-scan"}, "different"),
        ({"provider": "injazat"}, "different"),
        ({"state": "closed"}, "closed"),
        ({"merged_into": "3" * 32, "state": "closed"}, "merged"),
    ],
)
def test_what_cannot_be_merged(changes: dict[str, str], code: str) -> None:
    with pytest.raises(AupkeepError) as refused:
        merge(case(), case(**{"id": "2" * 32} | changes), {"f1": FINDING}, at=9)
    assert [fault.code for fault in refused.value.faults] == [code]


@pytest.mark.parametrize(
    ("names", "code"),
    [(set(), "nothing-left"), ({"f1", "f2"}, "nothing-left"), ({"f9"}, "no-such-finding")],
)
def test_what_cannot_be_split(names: set[str], code: str) -> None:
    both = {"f1": FINDING, "f2": finding(2)}
    with pytest.raises(AupkeepError) as refused:
        split(case(findings=("f1", "f2")), both, names, at=9)
    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_clause_that_groups_by_service_parts_services() -> None:
    elsewhere = replace(FINDING, id="f2", service="s-2")
    for by_service, count in ((False, 1), (True, 2)):
        keys = {key_of(item, by_service=by_service) for item in (FINDING, elsewhere)}
        assert len(keys) == count
        opened = take(FINDING, None, {}, by_service=by_service).case
        assert opened is not None
        assert opened.service == ("s-1" if by_service else "")
        assert opened.takes(key_of(elsewhere, by_service=by_service)) is not by_service
    nobody = replace(FINDING, customer=None, attribution="unknown")
    assert key_of(nobody, by_service=True).service == ""
