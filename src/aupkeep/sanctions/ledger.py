"""What customers owe for breaches: a ledger in double entry.

In: bookings about one fee, an instant, a person. Out: the next booking, or a refusal. The laws,
held by property tests: every booking sums to nothing, and so does any set of them; a fee is charged
once and credited once; a fee that was credited leaves nothing on any account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id


class Account(StrEnum):
    """Where an amount stands."""

    #: What the customer owes.
    OWED = "owed"
    #: What the customer disputes: frozen, owed by nobody until that is settled.
    DISPUTED = "disputed"
    #: What the provider earned.
    EARNED = "earned"


class Kind(StrEnum):
    """What happened to a fee."""

    CHARGED = "charged"
    DISPUTED = "disputed"
    UPHELD = "upheld"
    CREDITED = "credited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One side of a booking: minor units, debit above nothing and credit below."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One thing that happened to one fee; it is never changed."""

    #: One of each kind for a sanction, so that none can be made twice.
    id: str
    sanction: str
    provider: str
    customer: str
    currency: str
    kind: Kind
    at: int
    postings: tuple[Posting, ...]
    #: The person who did it, empty for the program; and what they said.
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One fee to charge."""

    sanction: str
    provider: str
    customer: str
    #: Minor units, above nothing.
    amount: int
    currency: str


#: Where a fee stands -> what may happen to it, and from which account to which its amount goes.
_NEXT: Mapping[Kind | None, Mapping[Kind, tuple[Account, Account]]] = {
    None: {Kind.CHARGED: (Account.EARNED, Account.OWED)},
    Kind.CHARGED: {
        Kind.DISPUTED: (Account.OWED, Account.DISPUTED),
        Kind.CREDITED: (Account.OWED, Account.EARNED),
    },
    Kind.DISPUTED: {
        Kind.UPHELD: (Account.DISPUTED, Account.OWED),
        Kind.CREDITED: (Account.DISPUTED, Account.EARNED),
    },
    Kind.UPHELD: {Kind.CREDITED: (Account.OWED, Account.EARNED)},
    Kind.CREDITED: {},
}


def charge(fee: Fee, *, at: int) -> Booking:
    """Return the booking that charges `fee`; raises `ValueError` for no amount."""
    if fee.amount <= 0:
        raise ValueError(f"{fee.amount} is no amount to charge")
    return _booking(fee, None, Kind.CHARGED, at=at, by="", reason="")


def follow(
    bookings: Sequence[Booking], kind: Kind, *, at: int, by: str = "", reason: str = ""
) -> Booking:
    """Return the booking by which `kind` happens to the fee that `bookings` are about.

    Raises `AupkeepError` where that cannot happen to it now, and `ValueError` for no bookings.
    """
    fee, stands = fee_of(bookings), standing(bookings)
    if kind not in _NEXT[stands]:
        raise AupkeepError(
            Fault(
                code="no-such-booking",
                what=f"a fee that is {stands} cannot be {kind}",
                allowed=tuple(word.value for word in _NEXT[stands]),
            )
        )
    return _booking(fee, stands, kind, at=at, by=by, reason=reason)


def standing(bookings: Iterable[Booking]) -> Kind | None:
    """Return what happened last to a fee, in the order in which things can happen to it."""
    there = {item.kind for item in bookings}
    return next((kind for kind in reversed(Kind) if kind in there), None)


def fee_of(bookings: Iterable[Booking]) -> Fee:
    """Return the fee that `bookings` are about; raises `ValueError` where it was never charged."""
    for item in bookings:
        if item.kind is Kind.CHARGED:
            return Fee(
                sanction=item.sanction,
                provider=item.provider,
                customer=item.customer,
                amount=max(one.amount for one in item.postings),
                currency=item.currency,
            )
    raise ValueError("these bookings charge nothing")


def balances(bookings: Iterable[Booking]) -> dict[tuple[Account, str], int]:
    """Return what stands on each account in each currency; their sum is nothing."""
    found: Counter[tuple[Account, str]] = Counter()
    for item in bookings:
        for one in item.postings:
            found[one.account, item.currency] += one.amount
    return dict(found)


def charged_since(bookings: Iterable[Booking], currency: str, since: int) -> int:
    """Return what was charged after `since` and not credited, for the cap."""
    listed = [item for item in bookings if item.currency == currency]
    credited = {item.sanction for item in listed if item.kind is Kind.CREDITED}
    return sum(
        fee_of([item]).amount
        for item in listed
        if item.kind is Kind.CHARGED and item.at > since and item.sanction not in credited
    )


def _booking(
    fee: Fee, stands: Kind | None, kind: Kind, *, at: int, by: str, reason: str
) -> Booking:
    origin, goal = _NEXT[stands][kind]
    return Booking(
        id=make_id("booking", fee.sanction, kind.value),
        sanction=fee.sanction,
        provider=fee.provider,
        customer=fee.customer,
        currency=fee.currency,
        kind=kind,
        at=at,
        postings=(
            Posting(account=goal, amount=fee.amount),
            Posting(account=origin, amount=-fee.amount),
        ),
        by=by,
        reason=reason,
    )
