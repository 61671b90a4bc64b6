"""What a power that acts through somebody else's door may be asked, whatever the door is.

In: a measure, the scopes that the door understands, a delay. Out: why an order is refused, before
anything is called. Targets are strangers' text: what could be read as an option, a second line or
nothing at all is refused here, once for all doors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault
from aupkeep.policy.model import Measure
from aupkeep.sanctions.power import Order, PowerFault

#: Measures that somebody else's door may carry out, by the policy's word.
Word = Literal[
    "lock_site",
    "block_traffic",
    "throttle",
    "suspend_service",
    "suspend_account",
    "deny_service",
    "terminate",
]
#: Measure -> the scopes that such doors understand where the settings do not say.
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "lock_site": ("site", "path"),
    "block_traffic": ("address",),
    "throttle": ("address", "mailbox", "user", "service", "account"),
    "suspend_service": ("mailbox", "user", "site", "service"),
    "suspend_account": ("account",),
    "deny_service": ("service", "account"),
    "terminate": ("service", "account"),
}
_LONGEST_TARGET = 1024


def present() -> int:
    """Return the present in microseconds UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remit:
    """What one door may be asked to do."""

    measure: str
    #: Empty: the usual ones of the measure.
    scopes: tuple[str, ...] = ()
    #: Between the last agreement and the call, in microseconds.
    delay: int = 0
    clock: Callable[[], int] = present

    @property
    def reversible(self) -> bool:
        """Whether it can be taken back: everything but the end of a contract."""
        return self.measure != Measure.TERMINATE

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot be asked about `target`, or an empty string."""
        known = self.scopes or SCOPES[self.measure]
        if scope not in known:
            return f"this power acts on: {', '.join(known)}; not on: {scope}"
        if not target.strip():
            return "no target is named"
        if len(target) > _LONGEST_TARGET:
            return f"a target has at most {_LONGEST_TARGET} characters"
        if any(not sign.isprintable() or sign.isspace() for sign in target):
            return "a target with white space or control characters is not handed on"
        if target.startswith("-"):
            return "a target that begins with - could be read as an option and is not handed on"
        return ""

    def check(self, order: Order) -> None:
        """Raise `PowerFault` for an order that this door may not be asked."""
        if order.measure != self.measure:
            what = f"this power carries out `{self.measure}`, not `{order.measure}`"
            raise PowerFault(Fault(code="measure", what=what), retry=False)
        if why := self.carries(order.scope, order.target):
            raise PowerFault(Fault(code="target", what=why), retry=False)

    def check_due(self, order: Order) -> None:
        """Raise `PowerFault` as `check`, and where the delay has not passed."""
        self.check(order)
        if not self.delay:
            return
        if order.agreed_at is None:
            what = "when people agreed is not known, so its delay cannot have passed"
            raise PowerFault(Fault(code="too-early", what=what), retry=False)
        due = order.agreed_at + self.delay
        if self.clock() < due:
            what = f"it may not be done before {format_instant(due)}"
            raise PowerFault(Fault(code="too-early", what=what), retry=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDoor:
    """What powers with a remit have in common: the door's owner keeps what stood there before."""

    provider: str
    remit: Remit

    @property
    def measure(self) -> str:
        """The measure it carries out."""
        return self.remit.measure

    @property
    def reversible(self) -> bool:
        """Whether `undo` takes it back."""
        return self.remit.reversible

    @property
    def delay(self) -> int:
        """Microseconds between the last agreement and the call."""
        return self.remit.delay

    def prepare(self) -> None:
        """Need nothing: what must be there is the other side's."""

    def carries(self, scope: str, target: str) -> str:
        """Return why the other side is not asked about `target`, or an empty string."""
        return self.remit.carries(scope, target)

    def plan(self, order: Order) -> str:
        """Return an empty string: what stood there before, the other side keeps."""
        self.remit.check(order)
        return ""
