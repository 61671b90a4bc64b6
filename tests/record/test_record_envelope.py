"""Envelopes: opened by their key at their place, and by nothing else."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.canonical import canonical, sha256
from aupkeep.record.entry import GENESIS, Head, append
from aupkeep.record.envelope import ID, KEY, NONCE, Key, envelope_hash, key_of, seal, unseal
from aupkeep.record.personal import PERSONAL, group_of, parted, subject_of
from aupkeep.record.verify import Stored, verify, verify_stored

SECRETS = Key(id=b"i" * ID, secret=b"k" * KEY)
VALUES = st.dictionaries(
    st.sampled_from(sorted(PERSONAL)), st.one_of(st.text(), st.integers(), st.booleans())
)
PLACES = st.tuples(st.text(max_size=20), st.integers(0, 2**40))


@given(VALUES, PLACES, st.binary(min_size=NONCE, max_size=NONCE))
def test_what_is_sealed_is_what_is_opened(
    personal: dict[str, object], place: tuple[str, int], nonce: bytes
) -> None:
    envelope = seal(SECRETS, nonce, personal, place)
    assert key_of(envelope) == SECRETS.id
    assert unseal(SECRETS.secret, envelope, place) == personal
    assert unseal(b"x" * KEY, envelope, place) is None
    assert unseal(SECRETS.secret, envelope, (place[0], place[1] + 1)) is None
    assert unseal(SECRETS.secret, envelope, (place[0] + "x", place[1])) is None


@given(VALUES, st.integers(0), st.integers(0, 7))
def test_no_bit_of_it_can_be_changed(personal: dict[str, object], at: int, bit: int) -> None:
    envelope = bytearray(seal(SECRETS, b"n" * NONCE, personal, ("jasmo", 3)))
    own = envelope_hash(bytes(envelope))
    envelope[at % len(envelope)] ^= 1 << bit
    assert unseal(SECRETS.secret, bytes(envelope), ("jasmo", 3)) is None
    assert envelope_hash(bytes(envelope)) != own


def test_lengths_tell_little() -> None:
    sizes = {len(seal(SECRETS, b"n" * NONCE, {"customer": "c" * n}, ("j", 0))) for n in range(45)}
    assert len(sizes) == 1


def test_what_is_no_envelope_has_no_key() -> None:
    assert key_of(b"") is None
    assert key_of(b"\x02" + bytes(60)) is None
    assert unseal(SECRETS.secret, b"\x01short", ("j", 0)) is None


def test_the_table_parts_a_body() -> None:
    body = {"case": "c1", "measure": "warn", "customer": "jas-1", "target": "a@b", "service": ""}
    public, personal = parted(body)
    assert public == {"case": "c1", "measure": "warn"}
    assert personal == {"customer": "jas-1", "target": "a@b"}
    assert subject_of(personal) == "jas-1"
    assert (group_of("s1", public), group_of("s1", {})) == ("c1", "s1")


def _sealed(head: Head, customer: str) -> tuple[Stored, Head]:
    entry = append(
        head,
        at=0,
        act="case_opened",
        subject="c",
        body={"n": head.seq},
        sealed=lambda place: seal(SECRETS, b"n" * NONCE, {"customer": customer}, place),
    )
    row = Stored(
        line=entry.line.encode(),
        provider=b"jasmo",
        number=str(entry.seq).encode(),
        hash=entry.hash.encode(),
        sound=True,
        envelope=entry.envelope,
    )
    assert customer not in entry.line
    return row, entry.head


def _first(head: Head) -> tuple[Stored, Head]:
    """An entry of form 1, as the program's first version wrote it."""
    members: dict[str, object] = {
        "provider": "jasmo",
        "seq": head.seq,
        "at": "2026-03-02T08:00:00Z",
        "act": "case_opened",
        "subject": "c",
        "body": {"target": "0" * 64},
        "prev": head.hash,
    }
    own = sha256(canonical(members))
    line = canonical({**members, "hash": own})
    row = Stored(
        line=line, provider=b"jasmo", number=str(head.seq).encode(), hash=own.encode(), sound=True
    )
    return row, Head("jasmo", head.seq + 1, own)


def test_old_entries_and_new_ones_are_one_chain() -> None:
    one, head = _first(Head("jasmo"))
    two, head = _first(head)
    three, head = _sealed(head, "jas-1")
    (verdict,) = verify_stored([one, two, three], expected={})
    assert (verdict.ok, verdict.entries) == (True, 3)
    (verdict,) = verify([row.line for row in (one, two, three)])
    assert verdict.ok, "an export has no envelopes, and needs none"
    assert json.loads(one.line)["prev"] == GENESIS


def test_an_envelope_that_is_another_one_or_gone_is_named() -> None:
    one, head = _sealed(Head("jasmo"), "jas-1")
    two, _ = _sealed(head, "jas-2")
    old, _ = _first(Head("jasmo"))

    def why(*rows: Stored) -> tuple[int | None, str]:
        (verdict,) = verify_stored(rows, expected={})
        return verdict.first_bad, verdict.why

    def with_(row: Stored, envelope: bytes | None) -> Stored:
        return Stored(
            line=row.line,
            provider=row.provider,
            number=row.number,
            hash=row.hash,
            sound=True,
            envelope=envelope,
        )

    assert why(one, with_(two, one.envelope)) == (1, "its envelope is not the one that it names")
    assert why(one, with_(two, None)) == (1, "its envelope is missing")
    assert why(with_(old, b"x")) == (0, "an envelope stands beside it, but it names none")


def test_a_newer_form_is_said_to_be_newer() -> None:
    members = {
        "provider": "jasmo",
        "seq": 0,
        "at": "2026-03-02T08:00:00Z",
        "act": "case_opened",
        "subject": "c",
        "body": {},
        "prev": GENESIS,
        "version": 3,
    }
    line = canonical({**members, "hash": sha256(canonical(members))})
    (verdict,) = verify([line])
    assert (verdict.ok, verdict.first_bad) == (False, 0)
    assert verdict.why == "it has form 3, which only a newer Aupkeep can read"
