"""Orders for powers, and what a test of any power may ask of the world behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from aupkeep.base.clock import DAY, parse_instant
from aupkeep.sanctions.power import Order, Power

NOW = parse_instant("2026-03-02T08:00:00Z")


def order(number: int = 1, *, measure: str, scope: str, target: str, **changes: Any) -> Order:
    """Return the order of sanction `number`."""
    made = Order(
        sanction=f"{number:032x}",
        provider="jasmo",
        case=f"case-{number}",
        measure=measure,
        scope=scope,
        target=target,
        until=NOW + DAY,
        before="",
        customer="c-1",
        agreed_at=NOW - 2 * DAY,
    )
    return replace(made, **changes)


class World(Protocol):
    """A power and what is behind its door."""

    power: Power

    def order(self, number: int = 1, **changes: Any) -> Order:
        """Return an order that the power can carry out; another number is another target."""
        ...

    def standing(self) -> set[str]:
        """Return the sanctions that are in force there, whatever the power says."""
        ...


@dataclass
class Clock:
    """A clock that the test alone moves on."""

    now: int = NOW
    asked: int = field(default=0)

    def __call__(self) -> int:
        self.asked += 1
        return self.now
