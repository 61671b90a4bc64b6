"""The tree against the definition of RFC 6962, word for word, and its published roots."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.record.tree import EMPTY, Peaks, add, root

#: Leaves and roots of the reference implementation of certificate transparency.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

lines = st.lists(st.binary(max_size=5), max_size=40)


def defined(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + defined(leaves[:half]) + defined(leaves[half:])).digest()


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_published_roots(size: int) -> None:
    assert root(add(EMPTY, LEAVES[:size])).hex() == ROOTS[size]


@given(lines)
def test_the_root_is_the_defined_one(leaves: list[bytes]) -> None:
    peaks = add(EMPTY, leaves)
    assert peaks.size == len(leaves)
    assert root(peaks) == defined(leaves)


@given(lines, st.lists(st.integers(0, 40), max_size=6))
def test_however_the_adding_is_split_the_peaks_are_the_same(
    leaves: list[bytes], cuts: list[int]
) -> None:
    peaks, start = EMPTY, 0
    for end in (*sorted(cuts), len(leaves)):
        peaks = add(peaks, iter(leaves[start:end]))
        start = min(end, len(leaves))
    assert peaks == add(EMPTY, leaves)


@given(lines, lines)
def test_going_on_from_stored_peaks(first: list[bytes], then: list[bytes]) -> None:
    kept = add(EMPTY, first)
    again = Peaks(size=kept.size, hashes=tuple(bytes.fromhex(one.hex()) for one in kept.hashes))
    assert root(add(again, then)) == defined(first + then)


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (-1, ()),
        (0, (b"x" * 32,)),
        (3, (b"x" * 32,)),
        (4, (b"x" * 32, b"y" * 32)),
        (1, (b"x" * 31,)),
    ],
)
def test_peaks_that_no_tree_has(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match=r"peaks|bytes"):
        Peaks(size=size, hashes=hashes)
