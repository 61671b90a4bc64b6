from __future__ import annotations

import csv
import io

import pytest

from aupkeep.demo.fortnight import Fortnight
from aupkeep.demo.live import BURST, CUSTOMERS, UNKNOWN_OF_TEN, burst, letter, make_live
from aupkeep.demo.registers import holdings_csv, profiles_csv


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_nobody_of_the_fortnight_is_in_the_register(fortnight: Fortnight, seed: int) -> None:
    live = make_live(seed, fortnight.end, fortnight.customers)
    assert len(live.customers) == CUSTOMERS
    before = {customer.id for customer in fortnight.customers}
    domains = {customer.domain for customer in fortnight.customers}
    assert not before & {customer.id for customer in live.customers}
    assert not domains & {customer.domain for customer in live.customers}
    assert len({customer.id for customer in live.customers}) == CUSTOMERS
    assert len({login for customer in live.customers for login in customer.logins}) > CUSTOMERS


def test_a_colleague_uses_another_login_of_the_same_customer(fortnight: Fortnight) -> None:
    live = make_live(1, fortnight.end, fortnight.customers)
    assert len(live.stolen.logins) == 2
    assert len({customer.id for customer in live.acting}) == 3


def test_one_customer_is_protected_and_everybody_has_a_contact(fortnight: Fortnight) -> None:
    live = make_live(1, fortnight.end, fortnight.customers)
    rows = list(csv.DictReader(io.StringIO(profiles_csv(live.customers))))
    protected = [row["customer"] for row in rows if row["name"] == "protected"]
    assert protected == [live.protected.id]
    assert len([row for row in rows if row["name"] == "contact"]) == CUSTOMERS
    held = csv.DictReader(io.StringIO(holdings_csv(live.customers)))
    assert {row["value"] for row in held if row["kind"] == "login"} == {
        login for customer in live.customers for login in customer.logins
    }


def test_the_fortnight_protects_nobody(fortnight: Fortnight) -> None:
    assert ",protected," not in fortnight.files["profiles.csv"].decode()


def test_a_burst_goes_to_many_and_three_of_ten_do_not_exist() -> None:
    sent = burst(1, "ann@shop.example")
    assert len({message.recipient for message in sent}) == len(sent) == BURST
    for begin in range(0, BURST, 10):
        ten = sent[begin : begin + 10]
        assert sum(not message.exists for message in ten) == UNKNOWN_OF_TEN
    assert burst(1, "ann@shop.example") == sent != burst(1, "bob@shop.example")


def test_letters_exist_and_differ() -> None:
    letters = [letter(1, "ann@shop.example", place) for place in range(20)]
    assert all(message.exists for message in letters)
    assert len({message.recipient for message in letters}) == 20
