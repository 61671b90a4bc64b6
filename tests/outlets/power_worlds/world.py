"""What the contract of all powers needs to know of one of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aupkeep.sanctions.power import Order, Power

#: 2100-01-01: no clock of a machine is there yet.
UNTIL = 4_102_444_800_000_000


@dataclass(kw_only=True)
class World:
    """A fresh world with one real power in it, which has been prepared."""

    power: Power
    scope: str
    #: Two things that it can act on.
    target: str
    neighbour: str
    #: Everything that undoing must give back: the target, its neighbours, what people wrote.
    state: Callable[[], object]
    #: Asks the world itself, not the power: whether the target is stopped and the neighbour not.
    stopped: Callable[[], bool]
    #: Puts a mark of a person at the same door; None: it cannot be told from a state before.
    person: Callable[[], None] | None = None
    #: Takes the target away for good; None: a target is only a name at this door.
    vanish: Callable[[], None] | None = None
    #: Powers that cannot work, and whether time alone may heal it.
    broken: list[tuple[Power, bool]] = field(default_factory=list)
    #: Texts that are no targets here, besides the usual ones.
    hostile: tuple[str, ...] = ()

    def order(self, sanction: str = "s1", target: str | None = None) -> Order:
        return Order(
            sanction=sanction,
            provider="jasmo",
            case="c1",
            measure=self.power.measure,
            scope=self.scope,
            target=self.target if target is None else target,
            until=UNTIL,
            before="",
        )


class Shared:
    """Servers that are started once for all worlds."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._there: dict[str, Any] = {}

    def once(self, name: str, start: Callable[[], AbstractContextManager[Any]]) -> Any:
        if name not in self._there:
            self._there[name] = self._stack.enter_context(start())
        return self._there[name]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to set a power up."""

    #: Why it cannot be tried here, or an empty string.
    missing: Callable[[], str]
    #: Makes the world in a folder of its own.
    make: Callable[[Shared, Path], AbstractContextManager[World]]
