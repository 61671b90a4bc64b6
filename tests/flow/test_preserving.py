"""The power that keeps evidence: a hold a sanction, placed once, released by itself alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from handwork import NOW, Place, acts, put, state_of, waiting

from aupkeep.base.clock import DAY
from aupkeep.flow import holding
from aupkeep.flow.approving import lift
from aupkeep.flow.hand import Hand
from aupkeep.flow.preserving import Preserver
from aupkeep.policy.model import Measure
from aupkeep.sanctions.power import Order, PowerFault
from aupkeep.sanctions.sanction import State
from aupkeep.store import arming
from aupkeep.store.archive import catalog, locks
from aupkeep.store.archive.standing import Hold
from aupkeep.store.arming import Armed
from aupkeep.store.database import unit


@dataclass
class PreserveWorld:
    """The power and the archive of an installation."""

    power: Preserver
    here: Place

    def order(self, number: int = 1, **changes: Any) -> Order:
        made = Order(
            sanction=f"{number:032x}",
            provider="jasmo",
            case=f"case-{number}",
            measure="preserve",
            scope="service",
            target="mail-1",
            until=None,
            before="",
            customer=f"c-{number}",
        )
        return replace(made, **changes)

    def standing(self) -> set[str]:
        return {
            hold.reason.split()[2].rstrip(",") for hold in catalog.holds() if hold.by == "aupkeep"
        }


@contextmanager
def world(here: Place) -> Iterator[PreserveWorld]:
    """Return the power of an installation that is open."""
    yield PreserveWorld(Preserver(installation=here.installation, clock=here.clock), here)


@pytest.fixture
def one(here: Place) -> Iterator[PreserveWorld]:
    with world(here) as made:
        yield made


def test_there_and_back(one: PreserveWorld) -> None:
    power, asked = one.power, one.order()
    assert power.plan(asked) == ""
    assert not power.look(asked).in_force
    power.apply(asked)
    power.apply(asked)
    (hold,) = catalog.holds()
    assert (hold.customer, hold.kind, hold.since, hold.until) == ("c-1", "", None, None)
    assert power.look(asked).in_force
    assert [(mark.sanction, mark.target) for mark in power.marks()] == [(asked.sanction, "c-1")]
    power.undo(asked)
    power.undo(asked)
    assert not power.look(asked).in_force
    assert catalog.holds() == []


def test_one_that_was_released_by_hand_can_be_placed_again(one: PreserveWorld) -> None:
    asked = one.order()
    one.power.apply(asked)
    first = catalog.holds()[0].id
    holding.release(one.here.installation, first, now=NOW, by="ann")
    assert not one.power.look(asked).in_force
    one.power.apply(asked)
    assert one.power.look(asked).in_force
    assert [hold.id == first for hold in catalog.holds(every=True)] == [True, False]


def test_only_its_own_is_lifted(one: PreserveWorld) -> None:
    theirs = Hold(id="", provider="jasmo", customer="c-1", reason="a court", by="ann", at=NOW)
    theirs = holding.place(one.here.installation, theirs)
    first, second = one.order(1), one.order(2, customer="c-1")
    one.power.apply(first)
    one.power.apply(second)
    one.power.undo(first)
    assert one.standing() == {second.sanction}
    assert theirs.id in {hold.id for hold in catalog.holds()}
    assert [mark.sanction for mark in one.power.marks()] == [second.sanction]


def test_nobody_to_keep_anything_of(one: PreserveWorld) -> None:
    for act in (one.power.plan, one.power.apply):
        with pytest.raises(PowerFault, match="no customer is named"):
            act(one.order(customer=""))
    assert catalog.holds() == []


def test_an_archive_that_is_rewritten_is_asked_again(one: PreserveWorld) -> None:
    with (
        locks.rewriting(one.here.installation.archive, patience=1),
        pytest.raises(PowerFault, match="another process rewrites the archive") as fault,
    ):
        one.power.apply(one.order())
    assert fault.value.retry
    one.power.apply(one.order())
    assert one.power.look(one.order()).in_force


def test_the_hand_keeps_tells_and_lets_go(here: Place) -> None:
    with unit():
        arming.arm(Armed(provider="jasmo", kind="power", name="preserve", since=NOW - DAY))
    asked = put(measure=Measure.PRESERVE)

    def hand() -> Hand:
        made = here.hand()
        powers = {**made.enforcer.powers, ("jasmo", "preserve"): world_power}
        made.enforcer = replace(made.enforcer, powers=powers)
        return made

    world_power = Preserver(installation=here.installation, clock=here.clock)
    made = hand()
    for _ in range(3):
        made.turn()
    assert state_of(asked) is State.ANNOUNCED, waiting(asked).trouble
    assert [hold.customer for hold in catalog.holds()] == ["c-1"]
    assert len(here.letters()) == 1
    lift(asked.id, "ann", "the case is over", release=False, now=here.now)
    made = hand()
    for _ in range(3):
        made.turn()
    assert state_of(asked) is State.LIFTED, waiting(asked).trouble
    assert catalog.holds() == []
    assert acts(asked.id)[-2:] == ["lifting", "lifted"]
