from __future__ import annotations

import email
import email.policy
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.outlets.mail.letter import Letter, message, return_path
from aupkeep.outlets.mail.outbox import Outbox
from aupkeep.sanctions.power import PowerFault

GOLDEN = Path(__file__).parents[1] / "golden" / "outlets" / "notice.eml"
LETTER = Letter(
    id="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    provider="jasmo",
    sender="abuse@jasmo.example",
    recipient="ann@shop.example",
    subject="Your mail is on hold",
    text=(
        "Dear customer,\n\nsince 10:00 mail from shop@store.example waits in our queue, because\n"
        "412 messages left within an hour.\n\n.\nFrom now on: „nothing“ is lost, señor.\n"
    ),
    at=1_767_225_600_000_000,
)
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]


def test_the_message_of_a_letter() -> None:
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        GOLDEN.write_bytes(message(LETTER))
    assert message(LETTER) == GOLDEN.read_bytes()
    assert message(LETTER) == message(replace(LETTER, provider="other"))


def test_a_letter_of_a_thread_names_the_first_one() -> None:
    later = replace(LETTER, id="f" * 32, thread=LETTER.id)
    read = email.message_from_bytes(message(later), policy=email.policy.default)
    first = email.message_from_bytes(message(LETTER), policy=email.policy.default)
    assert read["In-Reply-To"] == read["References"] == first["Message-ID"]
    assert "In-Reply-To" not in first
    with pytest.raises(ValueError, match="cannot be the id"):
        message(replace(LETTER, thread="a\r\nBcc: x@y.example"))


def test_what_cannot_be_delivered_comes_back_to_an_address_of_the_letters_own() -> None:
    assert return_path(LETTER) == "abuse@jasmo.example"
    collected = replace(LETTER, returns="bounces@jasmo.example")
    assert return_path(collected) == f"bounces+{LETTER.id}@jasmo.example"
    assert b"bounces" not in message(collected)
    with pytest.raises(PowerFault):
        return_path(replace(LETTER, returns="nowhere"))


@given(subject=st.text(max_size=200), text=st.text(max_size=400))
def test_no_text_adds_a_header_or_is_lost(subject: str, text: str) -> None:
    made = message(replace(LETTER, subject=subject, text=text))
    read = email.message_from_bytes(made, policy=email.policy.default)
    assert read.keys() == HEADERS
    assert read["Message-ID"] == "<0a1b2c3d4e5f60718293a4b5c6d7e8f9@jasmo.example>"
    assert not read.defects
    assert made.isascii()
    assert max(map(len, made.split(b"\r\n"))) <= 998
    assert b"\n" not in made.replace(b"\r\n", b"")
    body = read.get_content()
    kept = [sign for sign in text if sign.isalnum()]
    assert [sign for sign in body if sign.isalnum()] == kept


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@x.example",
        "ann@x.example\r\nBcc: bob@y.example",
        "ann@x.example, bob@y.example",
        "Ann <ann@x.example>",
        '"a b"@x.example',
        "a b@x.example",
        "a..b@x.example",
        ".a@x.example",
        "a.@x.example",
        "ann@-x.example",
        "ann@x..example",
        "größe@x.example",
        "ann@x.example>",
    ],
)
def test_addresses_that_cannot_be_written_to(address: str) -> None:
    for letter in (replace(LETTER, recipient=address), replace(LETTER, sender=address)):
        with pytest.raises(PowerFault, match="is not an address") as fault:
            message(letter)
        assert not fault.value.retry


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", ".x", "a\n", "a" * 129])
def test_an_id_that_is_no_name_of_a_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be the id"):
        message(replace(LETTER, id=name))
    with pytest.raises(ValueError, match="cannot be the id"):
        Outbox(tmp_path).send(replace(LETTER, id=name))


def test_an_outbox_holds_each_letter_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "out" / "box")
    assert outbox.troubles() != []
    first = outbox.send(LETTER)
    path = tmp_path / "out" / "box" / f"{LETTER.id}.eml"
    assert (first.doubtful, first.how) == (False, f"it is in the outbox: {path}")
    assert outbox.troubles() == []
    path.write_bytes(b"taken")
    again = outbox.send(LETTER)
    assert (again.doubtful, again.how) == (False, f"it was in the outbox already: {path}")
    assert path.read_bytes() == b"taken"
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_an_outbox_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(PowerFault, match="cannot be made"):
        Outbox(tmp_path / "out" / "box").send(LETTER)
