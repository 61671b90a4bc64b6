"""An export that was tampered with: whatever byte, line or link was touched is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aupkeep.base.canonical import canonical, digest
from aupkeep.record.entry import Head, append
from aupkeep.record.verify import Stored, Verdict, verify, verify_stored

ACTS = ("case_opened", "finding_joined", "decision_made", "sanction_proposed")


def chain(provider: str, count: int, *, word: str = "x") -> list[bytes]:
    head, lines = Head(provider), []
    for number in range(count):
        entry = append(
            head,
            at=1_772_438_400_000_000 + number,
            act=ACTS[number % len(ACTS)],
            subject=f"case-{number}",
            body={"hash": word, "n": number, "inner": {"hash": [True, None, "é\u2028\x7f"]}},
        )
        lines.append(entry.line.encode("utf-8", "surrogatepass") + b"\n")
        head = entry.head
    return lines


def bad(verdicts: Sequence[Verdict]) -> dict[str, int | None]:
    return {item.provider: item.first_bad for item in verdicts if not item.ok}


JASMO = chain("jasmo", 4)
INJAZAT = chain("injazat", 3)
EXPORT = b"".join(INJAZAT + JASMO)


def owner(offset: int) -> tuple[str, int]:
    """Return provider and number of the entry whose line holds the byte at `offset`."""
    number = EXPORT[:offset].count(b"\n")
    return ("injazat", number) if number < 3 else ("jasmo", number - 3)


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines of `data` as a file opened for bytes gives them."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def test_an_untouched_export_verifies() -> None:
    verdicts = verify(lines_of(EXPORT))
    assert [(item.provider, item.entries, item.ok) for item in verdicts] == [
        ("injazat", 3, True),
        ("jasmo", 4, True),
    ]
    assert all("cannot be noticed" in item.why for item in verdicts)
    assert verdicts[1].head == json.loads(JASMO[-1])["hash"]
    assert verify([line.rstrip(b"\n") for line in lines_of(EXPORT)]) == verdicts
    assert verify([]) == []


def test_providers_may_take_turns() -> None:
    mixed = [JASMO[0], INJAZAT[0], JASMO[1], INJAZAT[1], JASMO[2], JASMO[3], INJAZAT[2]]
    assert all(item.ok for item in verify(mixed))


@pytest.mark.parametrize("mask", [0x01, 0x02, 0x20, 0x80, 0xFF])
def test_every_byte_that_flips_names_its_entry(mask: int) -> None:
    for offset in range(len(EXPORT) - 1):
        data = bytearray(EXPORT)
        data[offset] ^= mask
        found = bad(verify(lines_of(bytes(data))))
        provider, number = owner(offset)
        assert found.get(provider) == number, (offset, data[offset], found)


@pytest.mark.parametrize("put", [b" ", b"0", b'"', b"\n", b"\x00", b"\\", b"{"])
def test_every_byte_put_in_names_its_entry(put: bytes) -> None:
    for offset in range(len(EXPORT)):
        found = bad(verify(lines_of(EXPORT[:offset] + put + EXPORT[offset:])))
        provider, number = owner(offset)
        # What stands before a line's first byte may just as well stand after the line before it,
        # and before the first line of all it is nobody's.
        name, last = owner(offset - 1) if offset else ("?", -1)
        assert found.get(provider) == number or found.get(name) == last + 1, offset


def test_every_byte_taken_out_names_its_entry() -> None:
    for offset in range(len(EXPORT) - 1):
        provider, number = owner(offset)
        data = EXPORT[:offset] + EXPORT[offset + 1 :]
        if data == EXPORT[: len(data)]:
            continue
        assert bad(verify(lines_of(data))).get(provider) == number, offset


@pytest.mark.parametrize("number", range(7))
def test_an_altered_entry_is_charged_to_its_own_chain_alone(number: int) -> None:
    lines = lines_of(EXPORT)
    lines[number] = lines[number].replace(b"case-", b"cave-")
    provider, seq = ("injazat", number) if number < 3 else ("jasmo", number - 3)
    assert bad(verify(lines)) == {provider: seq}


def test_the_only_entry_of_a_chain_is_charged_to_it() -> None:
    altered = JASMO[0].replace(b"case-", b"cave-")
    assert bad(verify([*INJAZAT, altered])) == {"jasmo": 0}
    assert bad(verify([altered])) == {"jasmo": 0}


@pytest.mark.parametrize("gone", range(3))
def test_a_missing_entry_is_named(gone: int) -> None:
    verdicts = verify(JASMO[:gone] + JASMO[gone + 1 :])
    assert bad(verdicts) == {"jasmo": gone}
    assert verdicts[0].entries == gone
    assert f"entry {gone} should stand here" in verdicts[0].why


@pytest.mark.parametrize("at", range(4))
def test_an_entry_told_twice_is_named(at: int) -> None:
    assert bad(verify([*JASMO[: at + 1], *JASMO[at:]])) == {"jasmo": at + 1}


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(4)))
def test_entries_in_another_order_are_named(order: list[int]) -> None:
    found = bad(verify([JASMO[number] for number in order]))
    moved = next((at for at, number in enumerate(order) if at != number), None)
    assert found == ({} if moved is None else {"jasmo": moved})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), st.integers(0, 3))
def test_an_entry_of_another_chain_is_named(at: int, taken: int) -> None:
    """The other chain is as long and sound in itself, so only the links tell."""
    other = chain("jasmo", 4, word="y")
    mixed = [*JASMO[:at], other[taken], *JASMO[at + 1 :]]
    first = at if at != taken or at > 0 else 1
    assert bad(verify(mixed)) == {"jasmo": first}


def test_an_entry_that_was_written_anew_breaks_the_link_after_it() -> None:
    members = json.loads(JASMO[1])
    del members["hash"]
    members["subject"] = "case-7"
    forged = canonical({**members, "hash": digest(members)}) + b"\n"
    verdicts = verify([JASMO[0], forged, *JASMO[2:]])
    assert bad(verdicts) == {"jasmo": 2}
    assert verdicts[0].why == "it does not follow the entry before it"


@pytest.mark.parametrize("length", range(4))
def test_a_chain_cut_short_is_noticed_only_with_a_known_head(length: int) -> None:
    whole = verify(JASMO)[0].head
    assert all(item.ok for item in verify(JASMO[:length]))
    (verdict,) = verify(JASMO[:length], known_heads={"jasmo": (4, whole)})
    assert (verdict.ok, verdict.first_bad) == (False, length)
    assert "the known head has 4 entries" in verdict.why


@pytest.mark.parametrize("length", range(1, 5))
def test_a_chain_may_have_grown_since_its_head_was_known(length: int) -> None:
    known = verify(JASMO[:length])[0].head
    (verdict,) = verify(JASMO, known_heads={"jasmo": (length, known)})
    assert verdict.ok
    assert ("cannot be noticed" in verdict.why) == (length < 4)


@pytest.mark.parametrize("length", range(1, 5))
def test_a_whole_chain_written_anew_is_noticed_with_a_known_head(length: int) -> None:
    known = verify(JASMO[:length])[0].head
    anew = chain("jasmo", 4, word="y")
    assert all(item.ok for item in verify(anew))
    (verdict,) = verify(anew, known_heads={"jasmo": (length, known)})
    assert (verdict.ok, verdict.first_bad) == (False, length - 1)
    assert verdict.why == "it is not the entry that the known head names"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'"\\ud800"',
        JASMO[0].replace(b'"seq":0', b'"seq":false'),
        JASMO[0].replace(b'"seq":0', b'"seq":0.0'),
        JASMO[0].replace(b'"seq":0', b'"seq":"0"'),
        JASMO[0].replace(b'"seq":0', b'"extra":1,"seq":0'),
        JASMO[0].replace(b'"seq":0', b'"seq":0,"seq":0'),
        JASMO[0].replace(b'"n":0', b'"n":0.0'),
        JASMO[0].replace(b'"n":0', b'"n":NaN'),
        JASMO[0].replace("é".encode(), b"\\u00e9"),
        JASMO[0].replace(b'"subject"', b' "subject"'),
    ],
)
def test_a_line_that_is_no_entry_is_named(line: bytes) -> None:
    assert line != JASMO[0]
    assert len(bad(verify([line, *JASMO[1:]]))) >= 1
    assert bad(verify([*JASMO, line])) == {"jasmo": 4}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(st.characters(exclude_categories=()), max_size=5), inner, max_size=3),
    max_leaves=8), min_size=1, max_size=4))  # fmt: skip
@example(["\ud800", 2**70, {"\udfff": [-(2**70)]}])
def test_whatever_can_be_entered_verifies(bodies: list[object]) -> None:
    """Half surrogate pairs, great numbers and members called `hash` included."""
    head, lines = Head('"ja\\smo\n'), []
    for number, body in enumerate(bodies):
        members = {"hash": body, "it": body}
        subject = ',"hash":"' + "0" * 64
        entry = append(head, at=number, act="case_opened", subject=subject, body=members)
        lines.append(entry.line.encode("utf-8", "surrogatepass"))
        head = entry.head
    (verdict,) = verify(lines, known_heads={head.provider: (head.seq, head.hash)})
    assert verdict.ok
    assert verdict.why == ""
    assert (verdict.entries, verdict.head) == (len(bodies), head.hash)


def test_line_ends_of_another_system_are_charged_to_the_right_providers() -> None:
    verdicts = verify([line.replace(b"\n", b"\r\n") for line in lines_of(EXPORT)])
    assert bad(verdicts) == {"injazat": 0, "jasmo": 0}
    assert {item.why for item in verdicts} == {"white space stands before or after it"}
    one = [*INJAZAT, *JASMO[:2], JASMO[2].replace(b"\n", b"\r\n"), JASMO[3]]
    assert bad(verify(one)) == {"jasmo": 2}


def stored(lines: Sequence[bytes]) -> list[Stored]:
    """Return rows as they are written: the columns say what the line says."""
    rows = []
    for line in lines:
        said = json.loads(line)
        rows.append(
            Stored(
                line=line.removesuffix(b"\n"),
                provider=said["provider"].encode(),
                number=str(said["seq"]).encode(),
                hash=said["hash"].encode(),
                sound=True,
            )
        )
    return rows


MIXED = [JASMO[0], INJAZAT[0], JASMO[1], INJAZAT[1], JASMO[2], JASMO[3], INJAZAT[2]]


def test_untouched_rows_verify_as_their_lines_do() -> None:
    assert verify_stored(stored(MIXED), expected={"jasmo": "it has cases"}) == verify(MIXED)


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize(
    "change",
    [
        {"provider": b"brand"},
        {"provider": b"injazat\xff"},
        {"number": b"77"},
        {"number": b""},
        {"hash": b"0" * 64},
        {"sound": False},
        {"line": b""},
        {"line": b"\xff\x00"},
    ],
)
def test_every_column_is_compared_with_its_line(number: int, change: dict[str, Any]) -> None:
    rows = stored(MIXED)
    said = json.loads(MIXED[number])
    rows[number] = rows[number]._replace(**change)
    found = bad(verify_stored(rows, expected={"jasmo": "", "injazat": ""}))
    assert found == {said["provider"]: said["seq"]}


@pytest.mark.parametrize("extra", [b"\n", b"\r", b" ", b"\r\n"])
def test_a_row_holds_its_line_and_nothing_more(extra: bytes) -> None:
    rows = stored(MIXED)
    rows[2] = rows[2]._replace(line=rows[2].line + extra)
    assert bad(verify_stored(rows, expected={})) == {"jasmo": 1}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 6), st.data(), st.integers(0, 7))
def test_every_bit_of_a_row_is_charged_to_its_entry(number: int, data: Any, bit: int) -> None:
    rows = stored(MIXED)
    row, said = rows[number], json.loads(MIXED[number])
    name = data.draw(st.sampled_from(["line", "provider", "number", "hash"]))
    value = bytearray(getattr(row, name))
    value[data.draw(st.integers(0, len(value) - 1))] ^= 1 << bit
    change: dict[str, Any] = {name: bytes(value)}
    rows[number] = row._replace(**change)
    found = bad(verify_stored(rows, expected={"jasmo": "", "injazat": ""}))
    assert found == {said["provider"]: said["seq"]}


def test_a_chain_that_must_have_an_entry_and_has_none_is_bad_from_the_first() -> None:
    verdicts = verify_stored(stored(JASMO), expected={"injazat": "it has cases", "brand": ""})
    assert [(item.provider, item.entries, item.ok, item.first_bad) for item in verdicts] == [
        ("brand", 0, True, None),
        ("injazat", 0, False, 0),
        ("jasmo", 4, True, None),
    ]
    assert "it has cases" in verdicts[1].why
