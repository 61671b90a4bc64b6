"""The power `warn`: a letter that reaches the customer.

In: orders. Out: the notice that was written when the step began, sent once. There is nothing to
take back: what was said was said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aupkeep.flow.announcing import Announcer
from aupkeep.flow.powers import WARN
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.power import Mark, Order, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Carries `warn` out; see the module."""

    announcer: Announcer
    clock: Callable[[], int]
    measure: str = WARN
    reversible: bool = False

    def prepare(self) -> None:
        """Need nothing."""

    def carries(self, scope: str, target: str) -> str:  # noqa: ARG002  # a customer can be written to about anything
        """Return an empty string: there is no target a letter could not be about."""
        return ""

    def plan(self, order: Order) -> str:  # noqa: ARG002  # a letter changes no state
        """Return an empty string: nothing stood there before."""
        return ""

    def apply(self, order: Order) -> None:
        """Send the letter if it has not left."""
        self.announcer.send(notice_id(order.sanction, OF_MEASURE), now=self.clock())

    def look(self, order: Order) -> Seen:
        """Look whether the letter has left."""
        if self.announcer.was_sent(order.sanction, OF_MEASURE):
            return Seen(in_force=True, how="the letter has left")
        return Seen(in_force=False, how="the letter has not left")

    def undo(self, order: Order) -> None:
        """Change nothing."""

    def marks(self) -> list[Mark]:
        """Return nothing: a letter leaves no mark in force."""
        return []

    def troubles(self) -> list[str]:
        """Return why no letter can leave now."""
        channel = self.announcer.channel
        return ["the settings name no way for letters"] if channel is None else channel.troubles()
