"""Proofs in the tree: every one that is made is believed, and no other one is.

The published vectors are those of the Certificate Transparency reference implementation: eight
inputs whose roots and paths are known from elsewhere.
"""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.record.proofs import consistency, goes_on, inclusion, levels, root_above
from aupkeep.record.tree import EMPTY, add, root

#: The eight inputs of the reference implementation's tests.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
SIZES = st.integers(1, 70)


def lines(size: int) -> list[bytes]:
    return [str(number).encode() for number in range(size)]


def root_of(size: int) -> bytes:
    return root(add(EMPTY, lines(size)))


def test_the_published_root_and_paths() -> None:
    tree = levels(INPUTS)
    published = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tree.rows[-1][0].hex() == published == root(add(EMPTY, INPUTS)).hex()
    assert [one.hex() for one in inclusion(tree, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [one.hex() for one in consistency(tree, 1)] == [one.hex() for one in inclusion(tree, 0)]
    assert [one.hex() for one in consistency(tree, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(SIZES, st.data())
def test_every_entry_is_proven_and_no_other_line_in_its_place(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(levels(lines(size)), index)
    whole = root_of(size)
    assert root_above(str(index).encode(), index, size, path) == whole
    assert len(path) <= (size - 1).bit_length()
    assert root_above(b"another", index, size, path) != whole
    other = data.draw(
        st.integers(0, size - 1).filter(lambda one: one != index) if size > 1 else st.just(-1)
    )
    assert root_above(str(index).encode(), other, size, path) != whole


@given(SIZES, SIZES)
def test_a_longer_chain_goes_on_from_each_shorter_one(one: int, other: int) -> None:
    first, second = sorted((one, other))
    path = consistency(levels(lines(second)), first)
    assert goes_on(first, root_of(first), second, root_of(second), path)
    forged = hashlib.sha256(b"forged").digest()
    assert not goes_on(first, forged, second, root_of(second), path)
    assert not goes_on(first, root_of(first), second, forged, path)


@given(SIZES, SIZES, st.data())
def test_a_path_that_was_changed_proves_nothing(one: int, other: int, data: st.DataObject) -> None:
    first, second = sorted((one, other))
    path = list(consistency(levels(lines(second)), first))
    proves = inclusion(levels(lines(second)), first - 1)
    for way in (path, list(proves)):
        changed = list(way)
        at = data.draw(st.integers(0, len(way)))
        change = data.draw(st.sampled_from(["more", "less", "flip"]))
        if change == "more" or not way:
            changed.insert(at, hashlib.sha256(b"more").digest())
        elif change == "less":
            del changed[at - 1]
        else:
            changed[at - 1] = bytes([changed[at - 1][0] ^ 1]) + changed[at - 1][1:]
        if way is path:
            assert not goes_on(first, root_of(first), second, root_of(second), changed)
        else:
            line = str(first - 1).encode()
            assert root_above(line, first - 1, second, changed) != root_of(second)


@pytest.mark.parametrize("first", [0, 6])
def test_what_cannot_be_proven_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="does not go on"):
        consistency(levels(lines(5)), first)
    assert not goes_on(0, root_of(1), 5, root_of(5), ())
    assert not goes_on(6, root_of(6), 5, root_of(5), ())
    with pytest.raises(ValueError, match="no leaf"):
        inclusion(levels(lines(5)), 5)
    assert root_above(b"0", 5, 5, ()) is None
