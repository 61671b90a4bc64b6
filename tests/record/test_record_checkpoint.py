"""Checkpoints: written, signed, read back; and every defect named with its line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aupkeep.base.errors import AupkeepError
from aupkeep.record import checkpoint as checkpoints
from aupkeep.record.checkpoint import END, origin, read, read_all, reference, sign, verify, write
from aupkeep.record.entry import GENESIS
from aupkeep.record.signing import make_pair, read_private
from aupkeep.record.tree import EMPTY, add, root

AT = 1_772_438_400_000_000
KEY = read_private(make_pair("aupkeep/jasmo", b"k" * 32).private, name="aupkeep/jasmo")
OTHER = read_private(make_pair("aupkeep/jasmo", b"o" * 32).private, name="aupkeep/jasmo")
PEAKS = add(EMPTY, [b"one", b"two", b"three"])
BODY = write("jasmo", PEAKS, head="ab" * 32, at=AT)
TEXT = sign(BODY, KEY)

#: What the first release writes; a reader must always take it.
GOLDEN = """\
aupkeep/jasmo
3
Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=
head abababababababababababababababababababababababababababababababab
at 2026-03-02T08:00:00Z

\N{EM DASH} aupkeep/jasmo \
XrWTvTfxB8p0Kh75lBl5AqJLyQxYC0JtnODR5yf9UoThjQK6RBOQWLGkQ341nJ/Q\
DaAXURUe3HnPI/gqrzSlIdCyOwo=
"""


def refused(text: str) -> tuple[str, int, str]:
    with pytest.raises(AupkeepError) as error:
        read(text, file="place", first=10)
    (fault,) = error.value.faults
    assert fault.place is not None
    assert fault.place.file == "place"
    return fault.code, fault.place.line - 10, fault.place.text


def test_the_form() -> None:
    assert TEXT == GOLDEN


def test_a_checkpoint_is_read_back() -> None:
    found = verify(TEXT, [KEY.public])
    assert (found.provider, found.size, found.head, found.at) == ("jasmo", 3, "ab" * 32, AT)
    assert found.root == root(PEAKS)
    assert found.text == TEXT
    assert [one.name for one in found.signatures] == ["aupkeep/jasmo"]
    assert reference(found) == f"3-{root(PEAKS).hex()[:16]}"


def test_a_chain_without_an_entry_has_a_checkpoint_too() -> None:
    text = sign(write("jasmo", EMPTY, head=GENESIS, at=AT), KEY)
    assert read(text).size == 0
    assert refused(text.replace("head 0", "head 1"))[0] == "bad-size"
    assert refused(TEXT.replace("\n3\n", "\n0\n"))[0] == "bad-size"


@given(
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=12),
    st.integers(-(10**15), 10**17),
    st.lists(st.binary(max_size=3), min_size=1, max_size=9),
)
@example("a b+c/d\n----\n%41", 0, [b""])
@example("\ud800", 1, [b""])
@example("..", 1, [b""])
def test_whatever_is_written_is_read(provider: str, at: int, lines: list[bytes]) -> None:
    peaks = add(EMPTY, lines)
    text = sign(write(provider, peaks, head="0" * 64, at=at), KEY)
    found = verify(text, [KEY.public])
    assert (found.provider, found.at, found.size) == (provider, at, len(lines))
    assert END not in text.split("\n")


def test_the_origin_is_fit_as_the_name_of_a_key() -> None:
    name = origin("a b+c")
    assert name == "aupkeep/a%20b%2Bc"
    assert make_pair(name, b"k" * 32).public.startswith(f"{name}+")


def test_another_key_or_none_does_not_verify() -> None:
    assert not read(TEXT).is_signed([])
    assert not read(TEXT).is_signed([OTHER.public])
    assert read(TEXT).is_signed([OTHER.public, KEY.public])
    with pytest.raises(AupkeepError, match=r"checkpoint 3-\w{16} is not signed by a known key"):
        verify(TEXT, [OTHER.public])


@pytest.mark.parametrize("line", range(5))
def test_no_line_can_be_changed_under_a_signature(line: int) -> None:
    anew = write("brand", add(PEAKS, [b"x"]), head="cd" * 32, at=AT + 1).split("\n")[line]
    lines = TEXT.split("\n")
    lines[line] = anew
    assert not read("\n".join(lines)).is_signed([KEY.public])


def test_every_flipped_bit_is_malformed_or_unsigned() -> None:
    data = TEXT.encode()
    for offset in range(len(data)):
        for bit in range(8):
            altered = bytearray(data)
            altered[offset] ^= 1 << bit
            text = altered.decode("utf-8", "surrogateescape")
            with pytest.raises(AupkeepError) as error:
                verify(text, [KEY.public])
            assert error.value.faults


def test_every_shorter_text_is_cut_off() -> None:
    for length in range(len(TEXT)):
        with pytest.raises(AupkeepError):
            read(TEXT[:length])


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        ("aupkeep/jasmo\n3", "aupkeep/\n3", "bad-origin", 0),
        ("aupkeep/jasmo\n3", "jasmo\n3", "bad-origin", 0),
        ("aupkeep/jasmo\n3", "aupkeep/%6aasmo\n3", "bad-origin", 0),
        ("aupkeep/jasmo\n3", "aupkeep/%ff\n3", "bad-origin", 0),
        ("\n3\n", "\n03\n", "bad-size", 1),
        ("\n3\n", "\n-3\n", "bad-size", 1),
        ("\n3\n", "\n\u0663\n", "bad-size", 1),
        ("\n3\n", "\n" + "9" * 5000 + "\n", "bad-size", 1),
        ("k=\nhead", "\nhead", "bad-root", 2),
        ("k=\nhead", "l=\nhead", "bad-root", 2),
        ("k=\nhead", "kAA\nhead", "bad-root", 2),
        ("head ab", "head AB", "bad-head", 3),
        ("head ab", "tail ab", "bad-head", 3),
        ("head ab", "head b", "bad-head", 3),
        ("at 2026", "at 2026 ", "bad-instant", 4),
        ("at 2026", "2026", "bad-instant", 4),
        ("00Z\n", "00+00:00\n", "bad-instant", 4),
        ("00Z\n", "00\n", "bad-instant", 4),
        ("03-02", "13-02", "bad-instant", 4),
        ("00Z\n", "00Z\nmore\n", "not-a-checkpoint", 4),
        ("\nat 2026-03-02T08:00:00Z", "", "not-a-checkpoint", 3),
        ("\n3\n", "\n\n3\n", "not-a-checkpoint", 4),
        ("\n\n", "\n", "no-signature", 5),
        ("\N{EM DASH} ", "- ", "bad-signature", 6),
        ("\N{EM DASH} aup", "\N{EM DASH}  aup", "bad-signature", 6),
        ("jasmo XrWT", "jasmo XrW", "bad-signature", 6),
        ("keep/jasmo ", "keep/ja+mo ", "bad-signature", 6),
        ("\n3\n", "\r\n3\n", "foreign-sign", 0),
        ("\n3\n", "\n\x003\n", "foreign-sign", 1),
        ("\n3\n", "\n\udcff3\n", "foreign-sign", 1),
    ],
)
def test_every_defect_is_named_with_its_line(before: str, after: str, code: str, line: int) -> None:
    text = TEXT.replace(before, after, 1)
    assert text != TEXT
    found, number, shown = refused(text)
    assert (found, number) == (code, line)
    assert shown.encode()


def test_what_has_no_signature_is_no_note() -> None:
    assert refused(BODY)[:2] == ("no-signature", 4)
    assert refused(BODY + "\n")[0] == "no-signature"
    assert refused("")[0] == "cut-off"
    assert refused("\n")[0] == "no-signature"


def test_a_hundred_signatures_are_taken_and_no_more() -> None:
    line = TEXT.split("\n")[-2] + "\n"
    assert len(read(TEXT + line * 99).signatures) == 100
    assert refused(TEXT + line * 100)[:2] == ("bad-signature", 106)


def test_several_in_one_file() -> None:
    second = sign(write("jasmo", add(PEAKS, [b"x"]), head="cd" * 32, at=AT + 1), KEY)
    whole = f"{TEXT}{END}\n{second}{END}\n"
    lines = whole.splitlines(keepends=True)
    assert [one.size for one in read_all(lines, file="place")] == [3, 4]
    assert [one.size for one in read_all(lines[:-1], file="place")] == [3, 4]
    assert list(read_all([], file="place")) == []
    lines[9] = "x\n"
    with pytest.raises(AupkeepError) as error:
        list(read_all(lines, file="place"))
    (fault,) = error.value.faults
    assert fault.place is not None
    assert (fault.place.file, fault.place.line) == ("place", 10)


def test_the_same_claim_at_another_instant() -> None:
    later = read(sign(write("jasmo", PEAKS, head="ab" * 32, at=AT + 1), KEY))
    assert read(TEXT).same(later)
    assert not read(TEXT).same(replace(later, head="cd" * 32))
    assert reference(later) == checkpoints.reference(read(TEXT))
