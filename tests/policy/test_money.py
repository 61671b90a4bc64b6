"""Money is whole minor units, and is written as the currency is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.policy.money import CURRENCIES, written


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (50000, "SAR", "500.00 SAR"),
        (5, "EUR", "0.05 EUR"),
        (12, "JPY", "12 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (-105, "EUR", "-1.05 EUR"),
        (0, "EUR", "0.00 EUR"),
    ],
)
def test_an_amount_is_written_as_people_do(amount: int, currency: str, text: str) -> None:
    assert written(amount, currency) == text


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(CURRENCIES)))
def test_nothing_is_lost_in_writing(amount: int, currency: str) -> None:
    text, code = written(amount, currency).split()
    assert code == currency
    assert int(text.replace(".", "")) == amount
