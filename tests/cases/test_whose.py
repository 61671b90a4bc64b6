"""Whose a case is: on a person's word, and who is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from case_samples import case
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.base.errors import AupkeepError
from aupkeep.cases.attributing import attribute, attributed, confirmed, kept
from aupkeep.cases.case import accused
from aupkeep.cases.holder import last_stated, stated, told
from aupkeep.policy.model import Tier
from finding_samples import FINDING

NOBODY = replace(FINDING, customer=None, service=None, attribution="unknown", actor="ip:192.0.2.7")


def held(**changes: Any) -> Holding:
    fields: dict[str, Any] = {
        "provider": "jasmo",
        "kind": "ip",
        "value": "192.0.2.7",
        "customer": "c-1",
        "since": 0,
        "recorded_at": 0,
    }
    return Holding(**fields | changes)


@given(st.sampled_from(Tier), st.booleans())
def test_a_word_is_strong_at_most_and_never_makes_evidence_better(tier: Tier, sure: bool) -> None:  # noqa: FBT001  # drawn
    found = attribute(replace(NOBODY, tier=tier), "c-1", "s-1", "ann", confirmed=sure)
    assert found.tier <= tier
    assert (found.tier == tier) if sure else (found.tier <= Tier.STRONG)
    assert (accused(found), found.service, found.attributed_by) == ("c-1", "s-1", "ann")


def test_a_later_state_keeps_what_a_person_said() -> None:
    known = attribute(NOBODY, "c-1", "s-1", "ann", confirmed=False)
    later = replace(NOBODY, state="ended", last=900, value=77)
    found = kept(later, known)
    assert (found.customer, found.tier, found.value, found.state) == (
        "c-1",
        Tier.STRONG,
        77,
        "ended",
    )
    assert kept(later, NOBODY) == kept(later, None) == later


@pytest.mark.parametrize(
    ("books", "sure"),
    [
        ([held()], True),
        ([], False),
        ([held(customer="c-2")], False),
        ([held(), held(customer="c-2")], False),
        ([held(until=50)], False),
        ([held(since=101)], False),
        ([held(kind="prefix", value="192.0.2.0/24")], True),
        ([held(kind="prefix", value="198.51.100.0/24")], False),
        ([held(port_from=1000, port_to=1999)], False),
        ([held(provider="injazat")], False),
        ([held(kind="domain")], False),
    ],
)
def test_what_the_books_confirm(books: list[Holding], *, sure: bool) -> None:
    assert confirmed(NOBODY, "c-1", books) is sure


def test_a_login_is_confirmed_by_the_mailbox_that_it_is() -> None:
    login = replace(NOBODY, actor="login:Ann@shop.example")
    assert confirmed(login, "c-1", [held(kind="mailbox", value="ann@shop.example")])


def test_a_case_is_attributed_once_and_while_it_is_open() -> None:
    nobody = case(customer=None, actor="ip:192.0.2.7", attribution="unknown")
    mine = attributed(nobody, "c-1", "s-1", by_service=True, at=9)
    assert (mine.customer, mine.actor, mine.service) == ("c-1", "", "s-1")
    assert attributed(nobody, "c-1", "s-1", by_service=False, at=9).service == ""
    for other, code in ((mine, "attributed"), (replace(nobody, state="closed"), "closed")):
        with pytest.raises(AupkeepError) as refused:
            attributed(other, "c-2", "", by_service=False, at=9)
        assert [fault.code for fault in refused.value.faults] == [code]


def said(name: str, value: str, since: int = 0, until: int | None = None) -> Profile:
    return Profile(
        provider="jasmo",
        customer="c-1",
        name=name,
        value=value,
        since=since,
        until=until,
        recorded_at=since,
    )


def test_a_former_customer_is_written_to_at_the_last_address() -> None:
    listed = [
        said("contact", "old@a.example", 0, 50),
        said("contact", "new@a.example", 50, 100),
        said("status", "closed", 100),
    ]
    assert stated(listed, "contact", 60) == "new@a.example"
    assert stated(listed, "contact", 200) == ""
    assert last_stated(listed, "contact", 200) == "new@a.example"
    assert last_stated(listed[:2], "contact", 200) == ""
    assert last_stated(listed, "language", 200) == ""


@pytest.mark.parametrize(
    ("tell", "reseller", "who"),
    [
        ("customer", "r-1", ("c-1",)),
        ("reseller", "r-1", ("r-1",)),
        ("both", "r-1", ("c-1", "r-1")),
        ("reseller", "", ("c-1",)),
    ],
)
def test_who_is_told(tell: str, reseller: str, who: tuple[str, ...]) -> None:
    assert told(tell, "c-1", reseller) == who
