"""Codes are exact, whatever the hashes do, and are given out again when nobody holds them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.detection.codes import Codes, Column, hashed, swept
from aupkeep.detection.tables import Ints

TEXTS = st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.text(max_size=20)))


def bad(column: pl.Series) -> Ints:
    """Nearly every value has the hash of another."""
    return hashed(column) % 2


@pytest.mark.parametrize("hashes", [hashed, bad])
@given(batches=st.lists(TEXTS, max_size=4))
def test_the_same_value_has_the_same_id_and_no_other_has_it(
    hashes: object, batches: list[list[str | None]]
) -> None:
    column = Column(pl.String(), hashed if hashes is hashed else bad)
    known: dict[str | None, int] = {}
    for texts in batches:
        ids = column.ids(pl.Series(texts, dtype=pl.String)).tolist()
        for text, number in zip(texts, ids, strict=True):
            assert known.setdefault(text, number) == number
            assert column.value(number) == text
    assert len(set(known.values())) == len(known) == len(column)


@given(rows=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(-3, 3))))
def test_tuples_have_codes_of_their_own(rows: list[tuple[str | None, int]]) -> None:
    codes = Codes([Column(pl.String()), Column(pl.Int64())])
    given_codes = codes.of_lists([[a for a, _ in rows], [b for _, b in rows]], len(rows))
    for row, code in zip(rows, given_codes.tolist(), strict=True):
        assert codes.values(code) == row
        assert codes.code(row) == code
    assert len(codes) == len(set(rows))


@pytest.mark.parametrize("hashes", [hashed, bad])
def test_freed_codes_and_values_make_room(hashes: object) -> None:
    column = Column(pl.String(), hashed if hashes is hashed else bad)
    codes = Codes([column, Column(pl.Int64())])
    size = 3000 if hashes is hashed else 300
    for turn in range(20):
        texts = [f"t{turn}-{i}" for i in range(size)]
        found = codes.of_lists([texts, list(range(size))], size)
        alive = np.zeros(codes.bound, dtype=np.bool_)
        alive[found[:10]] = True
        codes.keep(alive)
        swept(column, [codes])
        for i in range(10):
            assert codes.values(int(found[i])) == (texts[i], i)
            assert codes.code((texts[i], i)) == found[i]
        assert len(codes) == 10
        assert codes.bound <= size + 10
    assert len(column) <= 3 * 4096
