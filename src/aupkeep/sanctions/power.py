"""What a power is: an outlet that can carry a measure out, verify it, undo it and list its marks.

In: orders, each about one sanction. Out: what was seen in force. Only the protocol and its values
are here; the doors that keep it are in `outlets`, and only the `hand` may call them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aupkeep.base.errors import AupkeepError, Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a power is told: one sanction, and what is known of it."""

    #: Id of the sanction; a power keeps it beside what it does and does everything once by it.
    sanction: str
    provider: str
    case: str
    measure: str
    scope: str
    target: str
    #: When it ends by itself (µs UTC), for people who read the mark; None: a person lifts it.
    until: int | None
    #: What `plan` returned when it was first applied; empty before.
    before: str
    #: At `undo`: send on what was held.
    release: bool = False
    #: Of a fee: whole minor units of a currency of ISO 4217.
    amount: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that a power finds in force."""

    #: Id of the sanction that it belongs to; empty: it is not ours.
    sanction: str
    target: str
    #: What stands there, for people.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The answer of looking."""

    in_force: bool
    #: What was looked at and what was found, in plain words.
    how: str


class PowerFault(AupkeepError):  # noqa: N818  # a fault that a power met, as its field names it
    """A power could not do what it was told; nothing may be announced of it."""

    def __init__(self, fault: Fault, *, retry: bool) -> None:
        """Keep why; `retry` says that time alone may heal it (full disk, busy, not reachable)."""
        super().__init__(fault)
        self.retry = retry


class Power(Protocol):
    """An outlet that carries one measure out. All of it may raise `PowerFault` but `troubles`."""

    @property
    def measure(self) -> str:
        """The measure it can carry out, by the policy's word."""
        ...

    @property
    def reversible(self) -> bool:
        """Whether `undo` leaves the target as it was before."""
        ...

    def prepare(self) -> None:
        """Make what must be there before anything is asked of it; changes nothing for anybody."""
        ...

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot carry the measure out on `target`, or an empty string."""
        ...

    def plan(self, order: Order) -> str:
        """Return the state before as JSON text, kept by the caller for `undo`; changes nothing."""
        ...

    def apply(self, order: Order) -> None:
        """Carry it out; called again for the same sanction it changes nothing."""
        ...

    def look(self, order: Order) -> Seen:
        """Look whether it is in force now; after `undo` the answer is that it is not."""
        ...

    def undo(self, order: Order) -> None:
        """Take it back; called again, or before `apply`, it changes nothing."""
        ...

    def marks(self) -> list[Mark]:
        """Return everything that is in force at this door, ours and foreign."""
        ...

    def troubles(self) -> list[str]:
        """Return why it could not work now, in plain words; empty: it could."""
        ...
