"""Whose case a finding belongs to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aupkeep.cases.case import accused, case_id, key_of
from finding_samples import FINDING as SAMPLE

FINDING = replace(SAMPLE, state="open", last=100)


def test_the_actor_does_not_part_what_one_customer_did() -> None:
    other = replace(FINDING, id="f2", actor="ip:192.0.2.7", service="s-2")
    assert key_of(other) == key_of(FINDING)


@pytest.mark.parametrize("attribution", ["ambiguous", "unknown"])
@pytest.mark.parametrize("customer", [None, "", "c-1"])
def test_only_attribution_accuses(attribution: str, customer: str | None) -> None:
    nobody = replace(FINDING, attribution=attribution, customer=customer)
    assert accused(nobody) == ""
    assert key_of(nobody).customer == ""
    assert key_of(nobody).actor == "login:ann@shop.example"


def test_strangers_never_share_a_case() -> None:
    one = replace(FINDING, attribution="unknown", customer=None, actor="ip:192.0.2.1")
    two = replace(one, actor="ip:192.0.2.2")
    assert len({key_of(FINDING), key_of(one), key_of(two)}) == 3


@pytest.mark.parametrize(
    "change", [{"provider": "injazat"}, {"clause": "port-scan"}, {"customer": "c-2"}]
)
def test_what_parts_cases_parts_their_ids(change: dict[str, str]) -> None:
    mine, theirs = key_of(FINDING), key_of(replace(FINDING, **change))
    assert mine != theirs
    assert case_id(mine, "f1") != case_id(theirs, "f1")


def test_an_actor_is_not_a_customer_of_the_same_name() -> None:
    stranger = replace(FINDING, attribution="unknown", customer=None, actor="c-1")
    assert case_id(key_of(stranger), "f1") != case_id(key_of(FINDING), "f1")
