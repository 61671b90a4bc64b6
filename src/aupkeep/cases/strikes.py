"""The ledger of strikes: which breaches still count against a customer, or against a reseller.

In: cases, what the policy says, an instant. Out: `Strikes`. The ledger is worked out from the cases
each time, one strike at most for each case that was ever opened, merged ones among them: so merging
neither loses a strike nor doubles one, and a corrected disposition corrects the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aupkeep.cases.case import Case
from aupkeep.cases.disposition import WHOLE, halves


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One breach that counts, or did."""

    #: The case that was opened for it; its id is the strike's.
    case: str
    customer: str
    #: The reseller whose customer it was then; empty where there was none.
    reseller: str
    clause: str
    #: When the breach began.
    at: int
    #: First instant at which it counts no more.
    until: int
    #: In half strikes: 1 or 2.
    halves: int
    disposition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """Strikes by (instant, case)."""

    all: tuple[Strike, ...] = ()

    def at(self, now: int) -> Strikes:
        """Return those that count at `now`."""
        return Strikes(all=tuple(item for item in self.all if item.at <= now < item.until))

    def of(self, clause: str) -> Strikes:
        """Return those for breaches of `clause`."""
        return Strikes(all=tuple(item for item in self.all if item.clause == clause))

    @property
    def halves(self) -> int:
        """What they weigh together, in half strikes."""
        return sum(item.halves for item in self.all)


def strikes(
    cases: Iterable[Case], *, decay: int, compromised: int, cleared: Collection[str] = ()
) -> Strikes:
    """Return the strikes of `cases`, which the caller chose by customer or by reseller.

    `decay` is how long one counts, in microseconds; `compromised` is what a victim's breach weighs,
    in half strikes. A case without a customer strikes nobody, and so does one of `cleared`: an
    appeal found that it is no breach.
    """
    found = {}
    for case in cases:
        weight = halves(case.disposition, told=case.told_at is not None, compromised=compromised)
        if case.customer and weight and case.id not in cleared:
            found[case.id] = Strike(
                case=case.id,
                customer=case.customer,
                reseller=case.reseller,
                clause=case.clause,
                at=case.opened_at,
                until=case.opened_at + decay,
                halves=weight,
                disposition=case.disposition,
            )
    return Strikes(all=tuple(sorted(found.values(), key=lambda item: (item.at, item.case))))


def said(count: int) -> str:
    """Return half strikes in words: `no strike`, `half a strike`, `1 strike`, `2.5 strikes`."""
    if count in (0, 1):
        return ("no strike", "half a strike")[count]
    number = f"{count / WHOLE:g}"
    return f"{number} strike{'' if count == WHOLE else 's'}"
