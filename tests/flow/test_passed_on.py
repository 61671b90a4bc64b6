"""A mailbox that has passed on: nobody is held for what another customer did there before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handwork import Place, put, state_of, waiting

from aupkeep.attribution.holdings import Holding
from aupkeep.base.clock import DAY
from aupkeep.sanctions.sanction import State
from aupkeep.store import ground
from aupkeep.store.database import unit


def held(here: Place, kind: str, value: str, customer: str) -> None:
    since = here.now - DAY
    item = Holding(
        provider="jasmo",
        kind=kind,
        value=value,
        customer=customer,
        since=since,
        source="billing",
        recorded_at=since,
    )
    with unit():
        ground.put_holdings((*ground.holdings(), item))


@pytest.mark.parametrize("kind", ["login", "mailbox", "domain"])
def test_what_is_another_customers_now_is_not_held(here: Place, kind: str) -> None:
    one = put(state=State.APPROVED)
    value = one.target.partition("@")[2] if kind == "domain" else one.target.upper()
    held(here, kind, value, "somebody-else")
    here.work()
    assert state_of(one) is State.APPROVED
    assert waiting(one).trouble == "what it falls on is another customer's now"


def test_an_exact_holding_says_more_than_the_domain(here: Place) -> None:
    one = put(state=State.APPROVED)
    held(here, "domain", one.target.partition("@")[2], "somebody-else")
    held(here, "login", one.target, one.customer)
    here.work()
    assert state_of(one) is State.ANNOUNCED


def test_what_ended_says_nothing(here: Place) -> None:
    one = put(state=State.APPROVED)
    held(here, "login", one.target, "somebody-else")
    (*others, last) = ground.holdings()
    with unit():
        ground.put_holdings((*others, replace(last, until=here.now - 1)))
    here.work()
    assert state_of(one) is State.ANNOUNCED
