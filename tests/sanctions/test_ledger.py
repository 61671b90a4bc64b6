"""The ledger balances, whatever happens to fees in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.errors import AupkeepError
from aupkeep.sanctions.ledger import (
    Account,
    Booking,
    Fee,
    Kind,
    balances,
    charge,
    charged_since,
    fee_of,
    follow,
    standing,
)

FEES = st.builds(
    Fee,
    sanction=st.sampled_from(["s-1", "s-2", "s-3"]),
    provider=st.just("p"),
    customer=st.sampled_from(["c-1", "c-2"]),
    amount=st.integers(1, 10**9),
    currency=st.sampled_from(["EUR", "JPY"]),
)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Kind)), max_size=20)


def played(
    fees: Sequence[Fee], steps: Sequence[tuple[int, Kind]]
) -> tuple[list[Booking], dict[str, list[Booking]]]:
    """Try every step; return all bookings, and those of each fee."""
    of: dict[str, list[Booking]] = {
        fee.sanction: [charge(fee, at=at)] for at, fee in enumerate(fees)
    }
    names = list(of)
    for at, (number, kind) in enumerate(steps, start=len(fees)):
        own = of[names[number % len(names)]]
        with suppress(AupkeepError):
            own.append(follow(own, kind, at=at, by="ann", reason="so"))
    return [one for own in of.values() for one in own], of


UNIQUE = st.lists(FEES, min_size=1, max_size=3, unique_by=lambda fee: fee.sanction)


@given(UNIQUE, STEPS)
def test_it_always_balances(fees: list[Fee], steps: list[tuple[int, Kind]]) -> None:
    everything, of = played(fees, steps)
    for booking in everything:
        assert sum(one.amount for one in booking.postings) == 0
    for currency in ("EUR", "JPY"):
        of_currency = [one for (_, code), one in balances(everything).items() if code == currency]
        assert sum(of_currency) == 0
    for own in of.values():
        assert len({one.id for one in own}) == len(own)
        fee, found = fee_of(own), balances(own)
        frozen = found.get((Account.DISPUTED, fee.currency), 0)
        owed = found.get((Account.OWED, fee.currency), 0)
        stands = standing(own)
        assert (owed, frozen) == {
            Kind.CREDITED: (0, 0),
            Kind.DISPUTED: (0, fee.amount),
        }.get(stands or Kind.CHARGED, (fee.amount, 0))


@given(UNIQUE, STEPS, st.integers(-1, 4))
def test_the_cap_counts_what_was_charged_and_not_credited(
    fees: list[Fee], steps: list[tuple[int, Kind]], since: int
) -> None:
    everything, of = played(fees, steps)
    for currency in ("EUR", "JPY"):
        wanted = sum(
            fee.amount
            for at, fee in enumerate(fees)
            if at > since
            and fee.currency == currency
            and standing(of[fee.sanction]) is not Kind.CREDITED
        )
        assert charged_since(everything, currency, since) == wanted


def test_what_is_credited_stays_so() -> None:
    fee = Fee(sanction="s", provider="p", customer="c", amount=1, currency="EUR")
    charged = charge(fee, at=1)
    credited = follow([charged], Kind.CREDITED, at=2)
    for kind in Kind:
        with pytest.raises(AupkeepError, match="a fee that is credited cannot be"):
            follow([charged, credited], kind, at=3)


def test_nothing_costs_nothing() -> None:
    with pytest.raises(ValueError, match="0 is no amount"):
        charge(Fee(sanction="s", provider="p", customer="c", amount=0, currency="EUR"), at=1)
    with pytest.raises(ValueError, match="charge nothing"):
        fee_of([])
    assert standing([]) is None
