"""The packet filter beyond the contract: directions, families, counts, time-outs, other tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packet_room import CUSTOMER, CUSTOMER_6, NEIGHBOUR, OUTSIDE, OUTSIDE_6, Room, missing, room
from power_worlds.packets import opened
from power_worlds.world import UNTIL
from pydantic import ValidationError

from aupkeep.base.clock import HOUR, SECOND
from aupkeep.outlets.nftables.shape import NftablesShape
from aupkeep.outlets.nftables.target import parse
from aupkeep.sanctions.power import Order, PowerFault

if missing():
    pytest.skip(missing(), allow_module_level=True)

TABLE = ("inet", "aupkeep_block_traffic")


@pytest.fixture
def own() -> Iterator[Room]:
    with room() as made:
        yield made


def order(target: str = CUSTOMER, sanction: str = "s1", until: int | None = UNTIL) -> Order:
    return Order(
        sanction=sanction, provider="jasmo", case="c1", measure="block_traffic", scope="address",
        target=target, until=until, before="",
    )  # fmt: skip


def test_both_ways_and_both_versions_are_stopped_and_counted(own: Room) -> None:
    power = opened(own)
    power.prepare()
    for source, to in ((CUSTOMER, OUTSIDE), (CUSTOMER_6, OUTSIDE_6)):
        told = order(source)
        assert own.passes(source, (to, 9))
        power.apply(told)
        assert "0 packets (0 bytes)" in power.look(told).how
        assert not own.passes(source, (to, 9))
        assert not own.passes(source, (to, 9), inward=True)
        # Two datagrams of 5 bytes, one each way.
        size = 33 if ":" not in source else 53
        assert f"2 packets ({2 * size} bytes) of {source} met it" in power.look(told).how
        power.undo(told)
        assert own.passes(source, (to, 9), inward=True)


def test_one_way_alone(own: Room) -> None:
    power = opened(own, direction="out")
    power.apply(order())
    assert not own.passes(CUSTOMER, (OUTSIDE, 9))
    assert own.passes(CUSTOMER, (OUTSIDE, 9), inward=True)


def test_a_port_is_stopped_and_the_rest_passes(own: Room) -> None:
    power = opened(own)
    told = order(f"{CUSTOMER}:53/udp")
    power.apply(told)
    power.apply(order(sanction="s2"))
    power.undo(order(sanction="s2"))
    assert not own.passes(CUSTOMER, (OUTSIDE, 53))
    assert own.passes(CUSTOMER, (OUTSIDE, 54))
    assert own.passes(NEIGHBOUR, (OUTSIDE, 53))
    assert power.look(told).in_force
    assert [mark.target for mark in power.marks()] == [f"{CUSTOMER}:53/udp"]


def test_the_kernel_ends_it_an_hour_after_its_end(own: Room) -> None:
    now = 1_800_000_000 * SECOND
    power = replace(opened(own), clock=lambda: now)
    told = order(until=now + 10 * HOUR)
    power.apply(told)
    assert "until 2027-01-15T18:59:5" in power.look(told).how or "19:00" in power.look(told).how
    # A sanction that is made longer, and a second one that ends earlier.
    power.apply(replace(told, until=now + 20 * HOUR))
    power.apply(order(sanction="s2", until=now + HOUR))
    listed = own.nft("list", "set", *TABLE, "on4")
    assert "timeout 21h" in listed or "timeout 20h59m" in listed
    power.undo(replace(told, until=now + 20 * HOUR))
    listed = own.nft("list", "set", *TABLE, "on4")
    assert "timeout 2h" in listed or "timeout 1h59m" in listed
    power.apply(order(sanction="s3", until=None))
    assert "timeout" not in own.nft("list", "set", *TABLE, "on4").partition("elements")[2]


def test_what_ended_early_is_told(own: Room) -> None:
    power = opened(own)
    power.apply(order())
    own.nft("flush", "set", *TABLE, "on4")
    seen = power.look(order())
    assert not seen.in_force
    assert "its time-out in the kernel, or a person, ended it early" in seen.how
    power.apply(order())
    assert power.look(order()).in_force
    # A clock that was set back: the kernel's time-out comes before the end date.
    short = replace(power, clock=lambda: UNTIL + HOUR)
    short.apply(order(sanction="s2"))
    assert (
        "which is before its end date"
        in replace(power, clock=lambda: 0).look(order(sanction="s2")).how
    )


@pytest.mark.parametrize(
    "harm",
    [
        ("flush", "chain", *TABLE, "forward"),
        ("add", "table", *TABLE, "{ flags dormant; }"),
        ("insert", "rule", *TABLE, "forward", "accept"),
    ],
    ids=lambda words: words[0],
)
def test_rules_that_do_not_stand_are_seen_and_mended(own: Room, harm: tuple[str, ...]) -> None:
    power = opened(own)
    power.apply(order())
    own.nft(*harm)
    assert own.passes(CUSTOMER, (OUTSIDE, 9))
    assert not power.look(order()).in_force
    assert power.troubles()
    assert [mark.sanction for mark in power.marks()] == ["s1"]
    power.undo(order())
    assert power.marks() == []
    power.apply(order())
    assert power.look(order()).in_force
    assert not own.passes(CUSTOMER, (OUTSIDE, 9))


def test_after_a_start_of_the_machine_it_says_so_and_comes_back(own: Room) -> None:
    power = opened(own)
    power.apply(order())
    own.nft("flush", "ruleset")
    assert "is not there" in power.look(order()).how
    power.undo(order())
    power.apply(order())
    assert not own.passes(CUSTOMER, (OUTSIDE, 9))


def test_an_element_of_a_person_is_refused_and_stays(own: Room) -> None:
    power = opened(own)
    power.prepare()
    own.nft("add", "element", *TABLE, "on4", f"{{ {CUSTOMER} }}")
    for act in (power.plan, power.apply):
        with pytest.raises(PowerFault, match="by a person, which stays") as fault:
            act(order())
        assert not fault.value.retry
    power.undo(order())
    assert CUSTOMER in own.nft("list", "set", *TABLE, "on4")


def test_settings_that_make_no_sense_are_refused() -> None:
    table = {"provider": "jasmo", "by": "nftables", "networks": ["198.51.100.0/24"]}
    for wrong in (
        {"measure": "throttle"},
        {"measure": "block_traffic", "rate": 5},
        {"measure": "block_traffic", "networks": []},
        {"measure": "block_traffic", "networks": ["198.51.100.1/24"]},
        {"measure": "block_traffic", "table": "a b"},
        {"measure": "block_traffic", "netns": "../x"},
        {"measure": "block_traffic", "netns": "-x"},
    ):
        with pytest.raises(ValidationError):
            NftablesShape.model_validate({**table, **wrong})
    right = NftablesShape.model_validate({**table, "measure": "throttle", "rate": 5})
    assert right.opened(Path()).layout.name == "aupkeep_throttle"


def test_targets_have_one_spelling() -> None:
    for text in ("198.51.100.7", "198.51.100.7:25/tcp", "2001:db8::7", "[2001:db8::7]:53/udp"):
        assert parse(text).text == text
    assert parse("2001:DB8:0::7").text == "2001:db8::7"
