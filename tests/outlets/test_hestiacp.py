"""HestiaCP against a fake that was written from notes alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fake_hestia import HASH, Hestia, hestia

from aupkeep.outlets.hestiacp.api import Users, WebDomains
from aupkeep.outlets.hestiacp.shape import HestiaShape
from aupkeep.outlets.panel.power import Panel
from aupkeep.sanctions.power import Order, PowerFault
from moody import MOODS, Moody
from orders import order

KINDS = ["suspend_account", "suspend_service", "lock_site"]
NAMES = {"c-1": "ann", "c-2": "bob", "svc-9": "ann/blog.example"}


@dataclass
class HestiaWorld:
    """A power and the HestiaCP that it asks."""

    power: Panel
    server: Moody
    panel: Hestia

    def order(self, number: int = 1, **changes: Any) -> Order:
        measure = self.power.measure
        sites = ["shop.example", "blog.example", "club.example"]
        scope, target = "site", sites[number - 1]
        if measure == "suspend_account":
            scope, target = "account", ["c-1", "c-2", "cyd"][number - 1]
        return order(number, **({"measure": measure, "scope": scope, "target": target} | changes))

    def suspended(self) -> set[str]:
        users = {name for name, suspended in self.panel.users.items() if suspended}
        return users | {name for name, (_, suspended) in self.panel.domains.items() if suspended}

    def standing(self) -> set[str]:
        numbers = range(1, 4)
        named = {self.order(n).target: self.order(n).sanction for n in numbers}
        return {
            sanction
            for target, sanction in named.items()
            if NAMES.get(target, target) in self.suspended()
        }


@contextmanager
def world(folder: Path, *, measure: str = "suspend_account") -> Iterator[HestiaWorld]:
    """Begin a HestiaCP and a power that asks it."""
    with hestia() as (server, panel):
        (folder / "key").write_text(f"{HASH}\n")
        table = {"provider": "jasmo", "by": "hestiacp", "measure": measure, "url": server.url}
        shape = HestiaShape.model_validate({**table, "key_file": "key", "names": NAMES})
        power = shape.opened(folder)
        door = power.door
        assert isinstance(door, Users | WebDomains)
        access = door.hestia.access
        hasty = replace(access, caller=replace(access.caller, patience=0.4))
        power = replace(power, door=replace(door, hestia=replace(door.hestia, access=hasty)))
        power.prepare()
        yield HestiaWorld(power, server, panel)


@pytest.mark.parametrize("measure", KINDS)
def test_there_and_back(tmp_path: Path, measure: str) -> None:
    with world(tmp_path, measure=measure) as one:
        power, asked = one.power, one.order()
        power.plan(asked)
        assert not power.look(asked).in_force
        power.apply(asked)
        power.apply(asked)
        assert power.look(asked).in_force
        assert one.standing() == {asked.sanction}
        # Nobody else is touched: neither the user's other domains nor the user of a domain.
        assert len(one.suspended()) == 1
        assert [mark.sanction for mark in power.marks()] == [asked.sanction]
        power.undo(asked)
        power.undo(asked)
        assert not power.look(asked).in_force
        assert one.panel.done == ["suspend", "unsuspend"]
        assert power.troubles() == []


#: Measure, mood, and which of the calls of an act has it.
EVERY_MOOD = [("suspend_account", mood, at) for mood in (*MOODS, "lie") for at in range(3)] + [
    ("lock_site", mood, at) for mood in ("lost", "lie", "garbage") for at in range(7)
]


@pytest.mark.parametrize(("measure", "mood", "at"), EVERY_MOOD)
@pytest.mark.parametrize("act", ["apply", "undo"])
def test_every_mood_ends_well(tmp_path: Path, measure: str, act: str, mood: str, at: int) -> None:
    with world(tmp_path, measure=measure) as one:
        asked = one.order()
        if act == "undo":
            one.power.apply(asked)
        one.server.moods = [""] * at + [mood]
        for _ in range(4):
            try:
                getattr(one.power, act)(asked)
                # A lie about the act is seen by the look after it.
                if one.power.look(asked).in_force == (act == "apply"):
                    break
            except PowerFault as fault:
                assert fault.retry or mood == "redirect"  # noqa: PT017  # it is tried again
        assert one.power.look(asked).in_force == (act == "apply")
        assert bool(one.standing()) == (act == "apply")
        assert one.panel.done.count("suspend") == 1
        assert one.server.elsewhere == []


@pytest.mark.parametrize("mood", [mood for mood in MOODS if mood != "twice"])
@pytest.mark.parametrize("call", ["look", "marks"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_look_believes_nothing_but_a_state(tmp_path: Path, at: int, call: str, mood: str) -> None:
    with world(tmp_path) as one:
        asked = one.order()
        one.power.apply(asked)
        one.server.moods = [""] * at + [mood]
        look = (lambda: one.power.look(asked)) if call == "look" else one.power.marks
        with pytest.raises(PowerFault):
            look()


def test_two_sanctions_and_somebody_else(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        first, second = one.order(1, target="ann"), one.order(2, target="c-1")
        for asked in (first, second):
            one.power.plan(asked)
            one.power.apply(asked)
        one.power.undo(first)
        assert one.power.look(second).in_force
        one.power.undo(second)
        assert one.panel.done == ["suspend", "unsuspend"]
        one.panel.users["bob"] = True
        for act in (one.power.plan, one.power.apply):
            with pytest.raises(PowerFault, match="suspended by somebody else already"):
                act(one.order(3, target="bob"))
        one.power.undo(one.order(3, target="bob"))
        assert one.panel.users["bob"]
        assert one.power.marks() == []


def test_targets_that_are_gone(tmp_path: Path) -> None:
    with world(tmp_path) as users:
        with pytest.raises(PowerFault, match="knows no zoe") as fault:
            users.power.apply(users.order(target="zoe"))
        assert not fault.value.retry
        asked = users.order()
        users.power.apply(asked)
        del users.panel.users["ann"]
        assert not users.power.look(asked).in_force
        users.power.undo(asked)
    sites = tmp_path / "sites"
    sites.mkdir()
    with (
        world(sites, measure="lock_site") as one,
        pytest.raises(PowerFault, match=r"knows no gone\.example"),
    ):
        one.power.apply(one.order(target="gone.example"))


def test_a_service_by_the_name_of_its_site(tmp_path: Path) -> None:
    with world(tmp_path, measure="suspend_service") as one:
        one.power.apply(one.order(scope="service", target="svc-9"))
        assert one.suspended() == {"blog.example"}


@pytest.mark.parametrize(
    ("measure", "scope", "target"),
    [
        ("suspend_account", "account", "ann&cmd=v-delete-user"),
        ("suspend_account", "account", "ann/shop.example"),
        ("suspend_account", "site", "shop.example"),
        ("lock_site", "site", "shop.example;reboot"),
        ("lock_site", "site", "../shop.example"),
        ("lock_site", "site", "localhost"),
        ("suspend_service", "service", "svc 1"),
    ],
)
def test_targets_that_are_not_handed_on(
    tmp_path: Path, measure: str, scope: str, target: str
) -> None:
    with world(tmp_path, measure=measure) as one:
        assert one.power.carries(scope, target)
        with pytest.raises(PowerFault):
            one.power.apply(one.order(scope=scope, target=target))
        assert one.server.heard == []


def test_a_wrong_key(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        (tmp_path / "key").write_text("ACCESS:other")
        assert one.power.troubles() == ["HestiaCP at 127.0.0.1 ends v-list-user with exit code 9"]


def test_notes_that_are_broken(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.power.holders.file.write_text("{")
        assert "is no JSON" in one.power.troubles()[0]
        with pytest.raises(PowerFault, match="is no JSON"):
            one.power.apply(one.order())
        assert one.panel.done == []
