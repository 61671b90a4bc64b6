"""A letter to an authority: sent once, and told of only when its receipt is there.

In: orders. Out: a letter by a mail server or into a folder, and a receipt. What was said was said:
there is no way back. The letter names the case and what it is about, and no content: what an
authority may have, it asks for, and people answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.canonical import sha256
from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault
from aupkeep.outlets.authority import receipt
from aupkeep.outlets.authority.receipt import Receipt
from aupkeep.outlets.mail.channel import Channel
from aupkeep.outlets.mail.letter import Letter, message, message_id
from aupkeep.policy.model import Measure
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityLetter:
    """Carries `notify_authority` out; see the module."""

    #: Opens the way by which it leaves; the password is read there, by the hand alone.
    channel: Callable[[], Channel]
    sender: str
    recipient: str
    #: Under which law and duty it is written, in the provider's own words.
    because: str
    receipts: Path
    clock: Callable[[], int]
    measure: str = Measure.NOTIFY_AUTHORITY.value
    reversible: bool = False

    def prepare(self) -> None:
        """Need nothing: folders are made with the first letter."""

    def carries(self, scope: str, target: str) -> str:  # noqa: ARG002  # an authority can be told of anything
        """Return an empty string: there is nothing a letter could not be about."""
        return ""

    def plan(self, order: Order) -> str:  # noqa: ARG002  # the instant is that of the first step
        """Return the instant that the letter bears, so that it is the same at each try."""
        return json.dumps({"at": self.clock()})

    def apply(self, order: Order) -> None:
        """Send the letter if it has not left, and keep the receipt."""
        letter = self._letter(order)
        if receipt.read(self.receipts, letter.id) is not None:
            return
        outcome = self.channel().send(letter)
        if outcome.doubtful:
            raise PowerFault(Fault(code="doubtful", what=outcome.how), retry=True)
        taken = Receipt(
            letter=letter.id,
            message_id=message_id(letter),
            recipient=letter.recipient,
            sha256=sha256(message(letter)),
            taken_at=format_instant(self.clock()),
            answer=outcome.how,
        )
        receipt.write(self.receipts, taken)

    def look(self, order: Order) -> Seen:
        """Look for the receipt of this very letter."""
        letter = self._letter(order)
        found = receipt.read(self.receipts, letter.id)
        if found is None:
            return Seen(in_force=False, how="there is no receipt")
        same = found.sha256 == sha256(message(letter)) and found.recipient == letter.recipient
        told = f"<{found.message_id}> to {found.recipient} at {found.taken_at}: {found.answer}"
        return Seen(in_force=same, how=told if same else f"the receipt is of another text: {told}")

    def undo(self, order: Order) -> None:
        """Change nothing: what was said was said."""

    def marks(self) -> list[Mark]:
        """Return nothing: a letter leaves no mark in force."""
        return []

    def troubles(self) -> list[str]:
        """Return why no letter could leave now."""
        try:
            return self.channel().troubles()
        except PowerFault as fault:
            return [one.what for one in fault.faults]

    def _letter(self, order: Order) -> Letter:
        try:
            at = int(json.loads(order.before)["at"])
        except (ValueError, KeyError, TypeError):
            what = "when the letter was first planned is not known"
            raise PowerFault(Fault(code="no-plan", what=what), retry=False) from None
        return Letter(
            id=f"authority-{order.sanction}",
            provider=order.provider,
            sender=self.sender,
            recipient=self.recipient,
            subject=f"Notification by {order.provider}, case {order.case[:12]}",
            text=self._text(order, at),
            at=at,
        )

    def _text(self, order: Order, at: int) -> str:
        target = " ".join(order.target.split())
        return (
            f"{self.because}\n\n"
            f"Provider:  {order.provider}\n"
            f"Case:      {order.case}\n"
            f"Concerns:  {order.scope} {target}\n"
            f"Decided:   {format_instant(at)}, by a person\n"
            f"Reference: {order.sanction}\n\n"
            "Nothing of the content is attached. Evidence that we have is kept; please answer to\n"
            f"{self.sender} and name the case.\n"
        )
