from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest

from aupkeep.base.clock import DAY, parse_instant
from aupkeep.demo.brand import BRANDS, Brand
from aupkeep.demo.cast import Customer, make_cast
from aupkeep.demo.plot import Role, make_plot
from aupkeep.demo.rhythm import Span

END = parse_instant("2026-07-01T12:34:56Z")
SPAN = Span(start=END - 14 * DAY, end=END)
SEEDS = range(15)
EVERYWHERE = {
    "fast_mail",
    "slow_mail",
    "vertical_scan",
    "horizontal_scan",
    "ssh_flows",
    "ssh_log",
    "spam_complaints",
    "reassigned",
    "former_holder",
    "victim",
    "newsletter",
    "list",
    "uptime",
    "backup",
    "shop",
    "former",
}
OWN = {
    "jasmo": {"own_systems_scan", "copyright", "spoofed_neighbour", "forged_source", "reseller"},
    "injazat": {"surge", "phishing", "malware"},
}


def stage(seed: int, brand: Brand) -> tuple[list[Customer], list[Role]]:
    cast = make_cast(seed, brand, SPAN)
    return cast, make_plot(seed, brand, SPAN, cast)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_customer_has_one_role_and_every_part_is_played(seed: int) -> None:
    count = 0
    for brand in BRANDS:
        cast, plot = stage(seed, brand)
        assert sorted(c.id for c in cast) == [role.customer.id for role in plot]
        assert EVERYWHERE | OWN[brand.name] <= {role.label for role in plot}
        assert all(bool(role.clause) == (role.what == "offender") for role in plot)
        count += len(cast)
    assert count >= 60


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_holds_what_another_holds(seed: int) -> None:
    for brand in BRANDS:
        cast, _ = stage(seed, brand)
        held: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for customer in cast:
            for one in customer.held:
                until = END + DAY if one.until is None else one.until
                held.setdefault((one.kind, one.value), []).append((one.since, until))
        for spans in held.values():
            spans.sort()
            assert all(a[1] <= b[0] for a, b in pairwise(spans))
        addresses = [ip_address(c.address) for c in cast if c.address]
        networks = [ip_network(prefix) for prefix in brand.networks]
        assert all(any(a in network for network in networks) for a in addresses)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reassigned_address_changes_hands_after_the_deed(seed: int) -> None:
    for brand in BRANDS:
        _, plot = stage(seed, brand)
        role = {role.label: role for role in plot}
        old, new = role["reassigned"].customer, role["former_holder"].customer
        assert old.address == new.address
        assert old.closed == new.opened
        assert role["reassigned"].until < new.opened < END - DAY // 2


def test_deeds_lie_inside_the_fortnight() -> None:
    for seed in SEEDS:
        for brand in BRANDS:
            for role in stage(seed, brand)[1]:
                assert SPAN.start <= role.since < role.until <= SPAN.end


def test_seeds_differ_and_repeat() -> None:
    told = [
        tuple((role.label, role.customer.name, role.since) for role in stage(seed, BRANDS[0])[1])
        for seed in (1, 1, 2)
    ]
    assert told[0] == told[1] != told[2]


def test_children_name_the_reseller_as_parent() -> None:
    cast, _ = stage(5, BRANDS[0])
    parents = Counter(customer.parent for customer in cast if customer.parent)
    reseller = next(customer.id for customer in cast if customer.kind == "reseller")
    assert parents == {reseller: 3}
