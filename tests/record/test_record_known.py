"""Chains against checkpoints: what links alone cannot tell is told by them, and no more is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.record import known as knowledge
from aupkeep.record.checkpoint import Checkpoint, read, reference, sign, write
from aupkeep.record.entry import GENESIS, Head, append
from aupkeep.record.known import Known, known
from aupkeep.record.signing import PrivateKey, make_pair, read_private
from aupkeep.record.tree import EMPTY, add
from aupkeep.record.verify import Verdict, verify


def key(seed: bytes) -> PrivateKey:
    return read_private(make_pair("aupkeep", seed * 32).private, name="aupkeep")


OURS, THEIRS = key(b"o"), key(b"t")


def chain(provider: str, count: int, *, word: str = "x") -> list[bytes]:
    head, lines = Head(provider), []
    for number in range(count):
        entry = append(head, at=number, act="case_opened", subject=word, body={"n": number})
        lines.append(entry.line.encode())
        head = entry.head
    return lines


def checkpoint(
    lines: Sequence[bytes], size: int, *, by: PrivateKey = OURS, at: int = 0, **other: Any
) -> Checkpoint:
    members = json.loads(lines[size - 1]) if size else {"provider": "jasmo", "hash": GENESIS}
    peaks = add(EMPTY, other.get("leaves", lines[:size]))
    head = other.get("head", members["hash"])
    return read(sign(write(members["provider"], peaks, head=head, at=at), by))


def against(
    lines: Sequence[bytes], *checkpoints: Checkpoint, keys: Sequence[PrivateKey] = (OURS,)
) -> Verdict:
    said = known(checkpoints, [one.public for one in keys])
    return {one.provider: one for one in verify(lines, checkpoints=said)}["jasmo"]


JASMO = chain("jasmo", 6)
ANEW = chain("jasmo", 6, word="y")
MIXED = [*JASMO[:3], *ANEW[3:]]


def grown(lines: Sequence[bytes], start: int, word: str) -> list[bytes]:
    """Return `lines` up to `start`, and others after them that follow as they should."""
    head = Head("jasmo", start, json.loads(lines[start - 1])["hash"])
    found = list(lines[:start])
    for number in range(start, len(lines)):
        entry = append(head, at=number, act="case_opened", subject=word, body={})
        found.append(entry.line.encode())
        head = entry.head
    return found


@pytest.mark.parametrize("size", range(1, 7))
def test_a_chain_that_went_on_fits_its_checkpoint(size: int) -> None:
    one = checkpoint(JASMO, size)
    verdict = against(JASMO, one)
    assert (verdict.ok, verdict.entries, verdict.signed) == (True, 6, True)
    assert verdict.checkpoint == one
    assert f"entries after the checkpoint at {size}" in verdict.why


def test_without_a_key_the_signature_is_not_proven() -> None:
    verdict = against(JASMO, checkpoint(JASMO, 6, by=THEIRS), keys=())
    assert (verdict.ok, verdict.signed) == (True, None)
    assert "no key was given" in verdict.why
    assert not against(ANEW, checkpoint(JASMO, 6, by=THEIRS), keys=()).ok


@pytest.mark.parametrize("size", range(1, 7))
def test_a_whole_chain_written_anew_is_noticed(size: int) -> None:
    assert verify(ANEW)[0].ok
    verdict = against(ANEW, checkpoint(JASMO, size))
    assert (verdict.ok, verdict.first_bad, verdict.entries) == (False, size - 1, size - 1)
    assert verdict.why.startswith("it is not the entry that checkpoint ")


def test_several_checkpoints_say_from_where_a_chain_was_written_anew() -> None:
    late = grown(JASMO, 3, "other")
    assert verify(late)[0].ok
    verdict = against(late, *(checkpoint(JASMO, size) for size in (6, 2, 5)))
    assert (verdict.ok, verdict.first_bad) == (False, 4)
    assert f"the first 2 are as checkpoint {reference(checkpoint(JASMO, 2))} says" in verdict.why


@pytest.mark.parametrize("length", range(6))
def test_an_end_that_was_cut_off_is_named(length: int) -> None:
    one = checkpoint(JASMO, 6)
    verdict = against(JASMO[:length], one)
    assert (verdict.ok, verdict.first_bad) == (False, length)
    assert verdict.why == f"the chain ends here, but checkpoint {reference(one)} has 6 entries"


@pytest.mark.parametrize(
    "lines",
    [
        [*JASMO[:2], JASMO[2].replace(b"case_", b"cave_"), *JASMO[3:]],
        [*JASMO[:2], *JASMO[3:]],
        [*JASMO[:2], ANEW[2], *JASMO[2:]],
        [*JASMO[:2], JASMO[3], JASMO[2], *JASMO[4:]],
        MIXED[:2] + MIXED[3:],
    ],
)
def test_what_links_tell_is_told_as_before(lines: list[bytes]) -> None:
    verdict = against(lines, checkpoint(JASMO, 6), checkpoint(JASMO, 1))
    assert (verdict.ok, verdict.first_bad, verdict.entries) == (False, 2, 2)
    assert verdict.why == verify(lines)[0].why


def test_a_signature_by_another_key_is_a_fault_of_its_own() -> None:
    forged = checkpoint(ANEW, 6, by=THEIRS)
    verdict = against(JASMO, forged)
    assert (verdict.ok, verdict.first_bad, verdict.signed) == (False, None, False)
    assert verdict.checkpoint == forged
    assert verdict.why == f"checkpoint {reference(forged)} is not signed by a key that was given"


def test_a_forged_checkpoint_cannot_accuse_nor_acquit_a_chain() -> None:
    good = checkpoint(JASMO, 4)
    longer = checkpoint([*JASMO, *ANEW], 12, by=THEIRS)
    verdict = against(JASMO, good, longer)
    assert (verdict.ok, verdict.first_bad, verdict.signed) == (False, None, False)
    verdict = against(ANEW, good, checkpoint(ANEW, 6, by=THEIRS))
    assert (verdict.ok, verdict.first_bad, verdict.checkpoint) == (False, 3, good)


def test_any_of_the_pinned_keys_will_do() -> None:
    verdict = against(JASMO, checkpoint(JASMO, 6, by=THEIRS), keys=(OURS, THEIRS))
    assert (verdict.ok, verdict.signed) == (True, True)


def test_a_checkpoint_that_contradicts_itself_is_named() -> None:
    odd = checkpoint(JASMO, 6, leaves=ANEW)
    verdict = against(JASMO, odd)
    assert (verdict.ok, verdict.first_bad) == (False, 5)
    assert verdict.why.endswith("it contradicts itself")
    assert not against(JASMO, checkpoint(JASMO, 6, head="0" * 64)).ok


def test_two_checkpoints_of_one_size_cannot_both_hold() -> None:
    both = checkpoint(JASMO, 4), checkpoint(ANEW, 4)
    assert not against(JASMO, *both).ok
    assert not against(ANEW, *both).ok


def test_of_those_that_say_the_same_the_latest_is_kept() -> None:
    listed = [checkpoint(JASMO, 4, at=at) for at in (5, 9, 7)]
    (item,) = known(listed, [OURS.public])["jasmo"]
    assert item.checkpoint == listed[1]


def test_each_provider_has_its_own() -> None:
    other = chain("injazat", 3)
    said = known([checkpoint(JASMO, 6), checkpoint(other, 2)], [OURS.public])
    whole = verify([*other, *JASMO], checkpoints=said)
    assert [(one.provider, one.ok) for one in whole] == [("injazat", True), ("jasmo", True)]
    lacking = verify(JASMO, checkpoints=said)
    assert [(one.provider, one.ok, one.first_bad) for one in lacking] == [
        ("injazat", False, 0),
        ("jasmo", True, None),
    ]


def test_a_checkpoint_of_no_entry_fits_every_chain() -> None:
    empty = checkpoint([], 0)
    assert against(JASMO, empty).ok
    assert against([], empty).ok
    assert "entries after the checkpoint at 0" in against(JASMO, empty).why


def test_a_head_beside_a_checkpoint() -> None:
    said = known([checkpoint(JASMO, 4)], [OURS.public])
    own = json.loads(JASMO[5])["hash"]
    (verdict,) = verify(JASMO, known_heads={"jasmo": (6, own)}, checkpoints=said)
    assert (verdict.ok, verdict.why) == (True, "")
    (verdict,) = verify(JASMO[:5], known_heads={"jasmo": (6, own)}, checkpoints=said)
    assert (verdict.first_bad, verdict.why[:19]) == (5, "the chain ends here")
    (verdict,) = verify(grown(JASMO, 4, "z"), known_heads={"jasmo": (6, own)}, checkpoints=said)
    assert (verdict.ok, verdict.first_bad) == (False, 5)


@given(st.integers(0, 40), st.sets(st.integers(0, 40), max_size=6), st.integers(1, 7))
def test_roots_at_all_sizes_come_from_one_pass(length: int, sizes: set[int], together: int) -> None:
    """However many lines become leaves at once."""
    lines = chain("jasmo", 40)
    said = [checkpoint(lines, size) for size in sizes]
    comparison = knowledge.Comparison(
        [Known(size=one.size, head=one.head, checkpoint=one) for one in said], together=together
    )
    for number, line in enumerate(lines[:length], 1):
        assert comparison.take(line, number, json.loads(line)["hash"]) == ""
    assert comparison.last is None or comparison.last.size == max(sizes)
