"""Whom a letter goes to, and whether they can read it there.

In: a measure, its target, how those who are told can be written to. Out: addresses, each with the
copy of the letter that goes there. A mailbox that is held is often in a stranger's hands, so its
owner is told at a second address too, and a notice that went to held mailboxes alone counts as not
delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.policy.model import Measure
from aupkeep.sanctions.sanction import Sanction

#: Measures after which mail at the customer's own addresses may be unread or read by a stranger.
_MAIL = frozenset(
    {Measure.HOLD_MAIL, Measure.SUSPEND_SERVICE, Measure.SUSPEND_ACCOUNT, Measure.TERMINATE}
)
#: What the id of a copy ends with: those to the customer and the reseller, and those to a second
#: address of each. A copy keeps its id, by which it leaves once and is known when it comes back.
FIRSTS, SECONDS = ("", "-1"), ("-2", "-3")
#: What stands between addresses where several are one text.
COMMA = ", "


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How somebody who is told can be written to; an empty address: not by it."""

    first: str
    #: Their profile's `second_contact`.
    second: str = ""
    #: They hold the domain of `first` here: a measure on the service or account takes its mail too.
    own_domain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom a letter goes to."""

    first: tuple[str, ...]
    #: Second addresses that it goes to as well.
    second: tuple[str, ...] = ()
    #: It goes to nothing but what the measure falls on.
    held_only: bool = False

    @property
    def copies(self) -> tuple[tuple[str, str], ...]:
        """Return each address with what the id of its copy ends with, in the order of leaving.

        Second addresses come first: where one cannot be written to, nothing says that all is told.
        """
        second = zip(self.second, SECONDS, strict=False)
        return (*second, *zip(self.first, FIRSTS, strict=False))


def reach(sanction: Sanction, contacts: Sequence[Contact]) -> Reach:
    """Return whom to write to about `sanction`, each address once; `contacts` are two at most."""
    known = [one for one in contacts if one.first]
    held = [one for one in known if _held(sanction, one)]
    first = {one.first.casefold(): one.first for one in reversed(known)}
    second = {one.second.casefold(): one.second for one in reversed(held) if one.second}
    also = tuple(address for key, address in reversed(second.items()) if key not in first)
    return Reach(
        first=tuple(reversed(first.values())),
        second=also,
        held_only=bool(held) and len(held) == len(known) and not also,
    )


def one_text(addresses: Sequence[str]) -> str:
    """Return addresses as a notice keeps them."""
    return COMMA.join(addresses)


def apart(text: str) -> tuple[str, ...]:
    """Return the addresses that `one_text` made one."""
    return tuple(text.split(COMMA)) if text else ()


def _held(sanction: Sanction, contact: Contact) -> bool:
    """Whether the measure falls on the mailbox of `contact`."""
    if sanction.measure not in _MAIL:
        return False
    same = sanction.target.casefold() == contact.first.casefold()
    return same or (sanction.scope in ("service", "account") and contact.own_domain)
