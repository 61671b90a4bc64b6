"""WHMCS, services and money, against a fake that was written from notes alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fake_whmcs import IDENTIFIER, SECRET, Whmcs, whmcs
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import MINUTE
from aupkeep.outlets.panel.power import Panel
from aupkeep.outlets.whmcs import billing
from aupkeep.outlets.whmcs.api import Whmcs as Api
from aupkeep.outlets.whmcs.fee import Fees
from aupkeep.outlets.whmcs.shape import WhmcsShape
from aupkeep.sanctions.power import Order, PowerFault
from moody import ACTED, MOODS, Moody
from orders import Clock, order


@dataclass
class WhmcsWorld:
    """A power and the WHMCS that it asks."""

    power: Any
    server: Moody
    panel: Whmcs
    clock: Clock

    def order(self, number: int = 1, **changes: Any) -> Order:
        asked = {"measure": self.power.measure, "scope": "service", "target": str(10 + number)}
        money = {"amount": 2500, "currency": "USD"} if self.power.measure == "fee" else {}
        return order(number, **(asked | money | changes))

    def standing(self) -> set[str]:
        if self.power.measure == "fee":
            texts = [f"{number:032x}" for number in range(1, 4)]
            back = [item["description"] for item in self.panel.clients["7"].credits]
            charged = {text for text in texts if self.panel.charged(text)}
            return {text for text in charged if not any(text in one for one in back)}
        reasons = [one["suspensionreason"] for one in self.panel.services.values()]
        return {reason.partition(" ")[2] for reason in reasons if reason}


@contextmanager
def world(folder: Path, *, measure: str = "suspend_service") -> Iterator[WhmcsWorld]:
    """Begin a WHMCS and a power that asks it."""
    clock = Clock()
    with whmcs() as (server, panel):
        (folder / "key").write_text(f"{IDENTIFIER}:{SECRET}\n")
        table = {"provider": "jasmo", "by": "whmcs", "measure": measure, "url": server.url}
        names = {"c-1": "7", "c-2": "8"}
        shape = WhmcsShape.model_validate({**table, "key_file": "key", "names": names})
        power = shape.opened(folder)
        if isinstance(power, Fees):
            asked = hasty(power.billing.whmcs)
            power = replace(power, billing=replace(power.billing, clock=clock, whmcs=asked))
        elif isinstance(power.door, Api):
            power = replace(power, door=hasty(power.door))
        power.prepare()
        yield WhmcsWorld(power, server, panel, clock)


def hasty(asked: Api) -> Api:
    """The same with less patience than the settings allow."""
    caller = replace(asked.access.caller, patience=0.4)
    return replace(asked, access=replace(asked.access, caller=caller))


@pytest.fixture
def one(tmp_path: Path) -> Iterator[WhmcsWorld]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def fees(tmp_path: Path) -> Iterator[WhmcsWorld]:
    with world(tmp_path, measure="fee") as made:
        yield made


def test_a_service_there_and_back(one: WhmcsWorld) -> None:
    power, asked = one.power, one.order()
    assert power.plan(asked) == '{"name": "11", "held_by": []}'
    assert not power.look(asked).in_force
    power.apply(asked)
    power.apply(asked)
    assert power.look(asked).in_force
    assert one.standing() == {asked.sanction}
    assert [(mark.sanction, mark.target) for mark in power.marks()] == [(asked.sanction, "11")]
    power.undo(asked)
    power.undo(asked)
    assert not power.look(asked).in_force
    assert one.panel.done == ["suspend", "unsuspend"]
    assert power.troubles() == []


def test_two_sanctions_hold_one_service(one: WhmcsWorld) -> None:
    first, second = one.order(1, target="11"), one.order(2, target="11")
    for asked in (first, second):
        one.power.plan(asked)
        one.power.apply(asked)
    one.power.undo(first)
    assert (one.power.look(first).in_force, one.power.look(second).in_force) == (False, True)
    one.power.undo(second)
    assert one.panel.done == ["suspend", "unsuspend"]


def test_what_somebody_else_suspended_stays(one: WhmcsWorld) -> None:
    asked = one.order()
    service = one.panel.services["11"]
    service |= {"status": "Suspended", "suspensionreason": "Overdue on Payment"}
    for act in (one.power.plan, one.power.apply):
        with pytest.raises(PowerFault, match="suspended by somebody else already") as fault:
            act(asked)
        assert not fault.value.retry
    assert not one.power.look(asked).in_force
    one.power.undo(asked)
    assert service["status"] == "Suspended"
    # Lifted by hand and suspended for another reason while we held it.
    service |= {"status": "Active", "suspensionreason": ""}
    one.power.apply(asked)
    service["suspensionreason"] = "Overdue on Payment"
    assert not one.power.look(asked).in_force
    assert one.power.marks() == []
    one.power.undo(asked)
    assert service["status"] == "Suspended"
    assert not one.power.look(asked).in_force


def test_a_service_that_is_gone(one: WhmcsWorld) -> None:
    asked = one.order()
    one.power.apply(asked)
    del one.panel.services["11"]
    assert not one.power.look(asked).in_force
    assert one.power.marks() == []
    with pytest.raises(PowerFault, match="knows no service 11") as fault:
        one.power.apply(one.order(2, target="11"))
    assert not fault.value.retry
    one.power.undo(asked)


#: Which of the calls that an act makes has the mood.
@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("act", ["apply", "undo"])
def test_services_in_every_mood(one: WhmcsWorld, act: str, mood: str, at: int) -> None:
    asked = one.order()
    if act == "undo":
        one.power.apply(asked)
    one.server.moods = [""] * at + [mood]
    if mood == "twice":
        getattr(one.power, act)(asked)
    else:
        with pytest.raises(PowerFault, match="WHMCS"):
            getattr(one.power, act)(asked)
    changed = (act == "apply") == bool(one.standing())
    assert changed == (mood == "twice" or (at == 1 and mood in ACTED))
    getattr(one.power, act)(asked)
    assert one.power.look(asked).in_force == (act == "apply")
    assert bool(one.standing()) == (act == "apply")
    assert one.server.elsewhere == []


@pytest.mark.parametrize("mood", [*MOODS, "lie", "empty"])
@pytest.mark.parametrize("call", ["look", "marks"])
def test_a_look_believes_nothing_but_a_status(one: WhmcsWorld, call: str, mood: str) -> None:
    asked = one.order()
    one.power.apply(asked)
    one.server.moods = [mood]
    look = (lambda: one.power.look(asked)) if call == "look" else one.power.marks
    if mood == "twice":
        assert look()
        return
    with pytest.raises(PowerFault):
        look()


def test_lies_are_seen(one: WhmcsWorld) -> None:
    asked = one.order()
    one.server.moods = ["", "lie"]
    one.power.apply(asked)
    assert not one.power.look(asked).in_force
    one.power.apply(asked)
    assert one.power.look(asked).in_force
    one.server.moods = ["", "lie"]
    with pytest.raises(PowerFault, match="asked to lift the suspension, but"):
        one.power.undo(asked)
    assert one.power.look(asked).in_force
    one.power.undo(asked)
    assert not one.power.look(asked).in_force


def test_what_is_no_service(one: WhmcsWorld) -> None:
    assert "no id of WHMCS" in one.power.carries("service", "mail-1")
    assert "not on: account" in one.power.carries("account", "11")
    with pytest.raises(PowerFault, match="no id of WHMCS"):
        one.power.apply(one.order(target="mail-1"))


def test_a_wrong_key_is_named_and_not_shown(one: WhmcsWorld, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("name:wrong")
    assert one.power.troubles() == [
        "WHMCS at 127.0.0.1 refuses GetClientsProducts: Authentication Failed"
    ]
    for text in ("", "name", "näme:x"):
        (tmp_path / "key").write_text(text)
        assert "`NAME:SECRET`" in one.power.troubles()[0]
    (tmp_path / "key").unlink()
    assert "cannot be read" in one.power.troubles()[0]


def test_a_fee_is_charged_and_credited_once(fees: WhmcsWorld) -> None:
    power, asked = fees.power, fees.order()
    assert power.plan(asked) == ""
    assert not power.look(asked).in_force
    power.undo(asked)
    power.apply(asked)
    power.apply(asked)
    assert fees.panel.charged(asked.sanction) == ["25.00"]
    seen = power.look(asked)
    assert (seen.in_force, seen.how) == (True, "invoice 1000 has it")
    power.undo(asked)
    power.undo(asked)
    assert power.look(asked).how == "invoice 1000 has it, credited"
    assert not power.look(asked).in_force
    assert [item["amount"] for item in fees.panel.clients["7"].credits] == ["25.00"]
    assert fees.panel.done == ["charge", "credit"]
    assert power.troubles() == []
    assert power.marks() == []


#: In both acts the calls before the one that changes something, that one, and those after it.
@pytest.mark.parametrize("at", range(7))
@pytest.mark.parametrize("mood", [mood for mood in MOODS if mood != "twice"])
@pytest.mark.parametrize("act", ["apply", "undo"])
def test_money_in_every_mood_is_never_lost_or_doubled(
    fees: WhmcsWorld, act: str, mood: str, at: int
) -> None:
    asked = fees.order()
    if act == "undo":
        fees.power.apply(asked)
    fees.server.moods = [""] * at + [mood]
    for _ in range(6):
        try:
            getattr(fees.power, act)(asked)
            break
        except PowerFault as fault:
            if not fault.retry:
                assert mood == "redirect"
            fees.clock.now += 4 * MINUTE
    else:
        pytest.fail("it never came to an end")
    assert fees.panel.charged(asked.sanction) == ["25.00"]
    assert len(fees.panel.clients["7"].credits) == (act == "undo")
    assert fees.power.look(asked).in_force == (act == "apply")


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("act", ["apply", "undo"])
def test_lies_about_money_double_nothing_and_end_in_a_failure_that_is_seen(
    fees: WhmcsWorld, act: str, at: int
) -> None:
    asked = fees.order()
    if act == "undo":
        fees.power.apply(asked)
    fees.server.moods = [""] * at + ["lie"]
    said = ""
    for _ in range(6):
        try:
            getattr(fees.power, act)(asked)
            said = ""
            break
        except PowerFault as fault:
            said = str(fault)
            fees.clock.now += 10 * MINUTE
    moved = fees.panel.done.count("charge" if act == "apply" else "credit")
    assert moved == (0 if said else 1)
    assert not said or "shows it nowhere" in said


def test_a_call_that_is_carried_out_late_is_waited_for(fees: WhmcsWorld) -> None:
    asked = fees.order()
    # The sixth call adds the item, and its reply is lost before it is carried out.
    with pytest.raises(PowerFault):
        lose_the_charge(fees, asked)
    assert fees.panel.charged(asked.sanction) == []
    with pytest.raises(PowerFault, match="an earlier charge may still be carried out") as fault:
        fees.power.apply(asked)
    assert fault.value.retry
    with pytest.raises(PowerFault, match="an earlier charge may still be carried out"):
        fees.power.undo(asked)
    fees.panel.AddBillableItem(
        "7", f"late [aupkeep {asked.sanction}]", "25.00", "quantity", "1", "nextcron"
    )
    fees.power.apply(asked)
    assert fees.panel.charged(asked.sanction) == ["25.00"]


def lose_the_charge(fees: WhmcsWorld, asked: Order) -> None:
    before = fees.panel.do

    def do(request: Any) -> bytes:
        if b"AddBillableItem" in request.body:
            fees.server.moods = ["hang"]
            return b'{"result": "error", "message": "gateway time-out"}'
        return before(request)

    fees.server.do = do
    try:
        fees.power.apply(asked)
    finally:
        fees.server.do = before
        fees.server.moods = []


def test_a_void_invoice_is_not_charged_again(fees: WhmcsWorld) -> None:
    asked = fees.order()
    fees.power.apply(asked)
    fees.panel.invoices["1000"]["status"] = "Cancelled"
    assert not fees.power.look(asked).in_force
    fees.power.apply(asked)
    assert fees.panel.charged(asked.sanction) == ["25.00"]


def test_what_people_changed_is_named(fees: WhmcsWorld) -> None:
    asked = fees.order()
    fees.power.apply(asked)
    line = fees.panel.invoices["1000"]["items"][0]
    line["amount"] = "1.00"
    with pytest.raises(PowerFault, match="another amount"):
        fees.power.apply(asked)
    line["amount"] = "none"
    with pytest.raises(PowerFault, match="has no amount"):
        fees.power.apply(asked)
    fees.panel.invoices["1000"]["items"].append(dict(line))
    with pytest.raises(PowerFault, match="charged more than once: invoices 1000"):
        fees.power.look(asked)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": 0}, "states no amount"),
        ({"amount": -5}, "states no amount"),
        ({"currency": ""}, "states no amount"),
        ({"currency": "EUR"}, "is invoiced in USD, not in EUR"),
        ({"customer": "c-9"}, "no id of a client"),
        ({"customer": "c-2"}, "is invoiced in SAR, not in USD"),
        ({"sanction": "x y"}, "cannot be a reference"),
    ],
)
def test_bills_that_are_not_written(fees: WhmcsWorld, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PowerFault, match=said) as fault:
        fees.power.apply(fees.order(**changes))
    assert not fault.value.retry
    assert fees.panel.done == []


def test_many_invoices(fees: WhmcsWorld) -> None:
    def old(count: int) -> dict[str, dict[str, Any]]:
        items = [{"description": "Hosting", "amount": "9.00"}]
        return {str(n): {"userid": "7", "status": "Paid", "items": items} for n in range(1, count)}

    asked = fees.order()
    fees.panel.invoices = old(61)
    fees.power.apply(asked)
    assert fees.power.look(asked).in_force
    fees.panel.invoices = old(402)
    with pytest.raises(PowerFault, match="more than 200 invoices"):
        fees.power.look(asked)


@given(st.integers(1, 10**9), st.sampled_from(["USD", "SAR", "JPY", "KRW", "EUR"]))
def test_amounts_come_back_as_they_went(units: int, currency: str) -> None:
    assert billing.as_units(billing.as_whmcs(units, currency), currency) == units


def test_amounts_that_whmcs_cannot_hold() -> None:
    assert billing.as_whmcs(10, "KWD") == "0.01"
    with pytest.raises(PowerFault, match="no amount that WHMCS takes"):
        billing.as_whmcs(15, "KWD")


def test_both_kinds_open(tmp_path: Path) -> None:
    with world(tmp_path) as services:
        assert isinstance(services.power, Panel)
