"""What a case turned out to be, and what it weighs.

In: a disposition's word and what the policy says of a compromised customer. Out: half strikes.
A person disposes; until then a breach of which the customer was told weighs a whole strike.
"""

from __future__ import annotations

from enum import StrEnum

#: A whole strike, in halves.
WHOLE = 2


class Disposition(StrEnum):
    """What it turned out to be."""

    COMPROMISED = "compromised"
    NEGLIGENT = "negligent"
    DELIBERATE = "deliberate"
    MISTAKEN = "mistaken"
    NOT_OURS = "not_ours"


#: Nothing of the case counts, and what is in force because of it is lifted.
CLEARED = frozenset({Disposition.MISTAKEN, Disposition.NOT_OURS})
#: For these a fee may be asked; a victim pays nothing.
FEE_ALLOWED = frozenset({Disposition.NEGLIGENT, Disposition.DELIBERATE})


def halves(disposition: str, *, told: bool, compromised: int) -> int:
    """Return how many half strikes a case weighs.

    `told`: the customer was told of a measure; `compromised`: the policy's half strikes for a
    customer who was a victim first.
    """
    if not disposition:
        return WHOLE if told else 0
    if disposition in CLEARED:
        return 0
    return compromised if disposition == Disposition.COMPROMISED else WHOLE
