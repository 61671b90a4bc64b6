"""Marks and sanctions are compared while the hand goes on with its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from handwork import NOW, FakePower, put

from aupkeep.flow.reconciling import reconcile
from aupkeep.sanctions.power import Mark
from aupkeep.sanctions.sanction import State

OURS = "ann@shop.example"


@dataclass(slots=True)
class Busy(FakePower):  # type: ignore[misc]  # pytest alone finds what tests share
    """A power at which the hand has just acted, before or after it was asked for its marks."""

    first: list[Mark] = field(default_factory=list)
    second: list[Mark] = field(default_factory=list)
    asked: int = 0

    def marks(self) -> list[Mark]:
        """Return what stood there at the first look, and then what stands there now."""
        self.asked += 1
        return self.first if self.asked == 1 else self.second


def mark(sanction: str) -> Mark:
    return Mark(sanction=sanction, target=OURS, text="line 1: held")


def verified() -> Busy:
    """A hold is applied and verified after the first look at the marks."""
    held = put(state=State.VERIFIED, due=False, applied_at=NOW, target=OURS)
    return Busy(second=[mark(held.id)])


def lifted() -> Busy:
    """A hold is undone after the first look at the marks, and lifted."""
    held = put(state=State.LIFTED, due=False, applied_at=NOW, target=OURS)
    return Busy(first=[mark(held.id)])


def begun() -> Busy:
    """A hold is begun and applied after the sanctions were read."""
    held = put(state=State.APPROVED, due=False, target=OURS)
    return Busy(second=[mark(held.id)])


def undone() -> Busy:
    """A hold that was announced as the sanctions were read is undone right after."""
    held = put(state=State.ANNOUNCED, due=False, applied_at=NOW, target=OURS)
    return Busy(first=[mark(held.id)])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("act", [verified, lifted, begun, undone])
def test_what_the_hand_does_meanwhile_is_no_difference(act: Callable[[], Busy]) -> None:
    power = act()
    found = reconcile({("jasmo", "hold_mail"): power})
    assert power.asked > 1
    assert (found.orphans, found.missing) == ((), ())
