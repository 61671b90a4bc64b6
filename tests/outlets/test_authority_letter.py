"""Letters to an authority: by a mail server and into a folder, never told of without a receipt."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aupkeep.base.canonical import sha256
from aupkeep.outlets.authority.power import AuthorityLetter
from aupkeep.outlets.authority.shape import AuthorityShape
from aupkeep.sanctions.power import Order, PowerFault
from orders import Clock, order

TABLE: dict[str, Any] = {
    "provider": "jasmo",
    "by": "authority_letter",
    "measure": "notify_authority",
    "to": "hotline@authority.example",
    "sender": "abuse@jasmo.example",
    "because": "We write under section 9 of the law on services.",
}


@dataclass
class Server:
    """A mail server that takes one letter a session, but for the answer it is told to give."""

    #: Its answer to the end of a letter; empty: it hangs up without one.
    answer: str = "250 2.0.0 Ok: queued as 4XyZ"
    taken: int = 0
    body: bytes = b""

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with suppress(OSError), line, line.makefile("rwb") as talk:
                talk.write(b"220 x\r\n")
                talk.flush()
                while word := talk.readline():
                    data = word.startswith(b"DATA")
                    talk.write(b"354 go\r\n" if data else b"250 x\r\n")
                    talk.flush()
                    if data and not self._letter(talk):
                        break

    def _letter(self, talk: Any) -> bool:
        body = b""
        while not body.endswith(b"\r\n.\r\n"):
            body += talk.readline()
        if not self.answer:
            return False
        if self.answer.startswith("250"):
            self.taken, self.body = self.taken + 1, body
        talk.write(self.answer.encode() + b"\r\n")
        talk.flush()
        return True


@dataclass
class LetterWorld:
    """The power and what took its letters."""

    power: AuthorityLetter
    folder: Path
    server: Server

    def order(self, number: int = 1, **changes: Any) -> Order:
        asked = {"measure": "notify_authority", "scope": "site", "target": "shop.example"}
        made = order(number, **asked)
        return replace(made, before=self.power.plan(made), **changes)

    def standing(self) -> set[str]:
        return {
            path.name.removeprefix("authority-").partition(".")[0]
            for path in (self.folder / "receipts").glob("*.receipt.json")
        }


@contextmanager
def world(folder: Path, *, smtp: bool = False) -> Iterator[LetterWorld]:
    """Begin a mail server and the power, which writes to it or into a folder."""
    server = Server()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.serve, args=(listening,))
        thread.start()
        port = listening.getsockname()[1]
        way = {"smtp": f"127.0.0.1:{port}", "tls": "none"} if smtp else {"outbox": "out"}
        try:
            power = AuthorityShape.model_validate(TABLE | way).opened(folder)
            yield LetterWorld(replace(power, clock=Clock()), folder, server)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            thread.join()


def test_into_a_folder_once_with_a_receipt(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        asked = one.order()
        assert not one.power.look(asked).in_force
        one.power.apply(asked)
        one.power.apply(asked)
        (path,) = (tmp_path / "out").iterdir()
        data = path.read_bytes()
        receipt = json.loads(next((tmp_path / "receipts").glob("*.json")).read_text())
    identity = f"authority-{1:032x}"
    assert receipt == {
        "letter": identity,
        "message_id": f"{identity}@jasmo.example",
        "recipient": "hotline@authority.example",
        "sha256": sha256(data),
        "taken_at": "2026-03-02T08:00:00Z",
        "answer": f"it is in the outbox: {path}",
    }
    assert one.power.look(asked).in_force
    assert one.power.troubles() == []
    assert one.power.marks() == []
    one.power.undo(asked)
    assert one.power.look(asked).in_force
    assert not one.power.reversible


def test_what_it_says(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.power.apply(one.order(target="shop.example\nBcc: all@example.net"))
        (path,) = (tmp_path / "out").iterdir()
    read = message_from_bytes(path.read_bytes())
    assert (read["To"], read["From"]) == ("hotline@authority.example", "abuse@jasmo.example")
    assert read["Bcc"] is None
    assert read["Subject"] == "Notification by jasmo, case case-1"
    payload = read.get_payload(decode=True)
    assert isinstance(payload, bytes)
    lines = payload.decode().splitlines()
    assert lines[0] == "We write under section 9 of the law on services."
    assert "Concerns:  site shop.example Bcc: all@example.net" in lines
    assert "Decided:   2026-03-02T08:00:00Z, by a person" in lines
    assert f"Reference: {1:032x}" in lines


def test_by_a_mail_server_with_its_answer(tmp_path: Path) -> None:
    with world(tmp_path, smtp=True) as one:
        asked = one.order()
        one.power.apply(asked)
        one.power.apply(asked)
        assert one.server.taken == 1
        seen = one.power.look(asked)
        assert seen.in_force
        assert "queued as 4XyZ" in seen.how
        assert f"<authority-{1:032x}@jasmo.example>" in seen.how
        assert one.power.troubles() == []


@pytest.mark.parametrize(
    ("answer", "retry"), [("451 later", True), ("550 no such user", False), ("", True)]
)
def test_without_an_answer_there_is_no_receipt(tmp_path: Path, answer: str, *, retry: bool) -> None:
    with world(tmp_path, smtp=True) as one:
        asked = one.order()
        one.server.answer = answer
        with pytest.raises(PowerFault) as fault:
            one.power.apply(asked)
        assert fault.value.retry == retry
        assert not one.power.look(asked).in_force
        one.server.answer = "250 ok"
        if answer:
            one.power.apply(asked)
            assert one.power.look(asked).in_force
            assert one.server.taken == 1
            return
        # It may have been taken: it is not sent again on a guess.
        with pytest.raises(PowerFault):
            one.power.apply(asked)
        assert one.server.taken == 0
        assert one.standing() == set()


def test_a_receipt_that_was_lost_is_written_anew_and_the_letter_not_sent(tmp_path: Path) -> None:
    with world(tmp_path, smtp=True) as one:
        asked = one.order()
        one.power.apply(asked)
        next((tmp_path / "receipts").glob("*.json")).unlink()
        assert not one.power.look(asked).in_force
        one.power.apply(asked)
        assert one.power.look(asked).how.endswith("it had left before")
        assert one.server.taken == 1


def test_receipts_of_something_else(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        asked = one.order()
        one.power.apply(asked)
        assert not one.power.look(replace(asked, target="other.example")).in_force
        path = next((tmp_path / "receipts").glob("*.json"))
        path.write_text("{}")
        with pytest.raises(PowerFault, match="is no receipt"):
            one.power.look(asked)
        with pytest.raises(PowerFault, match="when the letter was first planned"):
            one.power.apply(replace(asked, before=""))


def test_an_address_and_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        bad = replace(one.power, recipient="hotline")
        with pytest.raises(PowerFault, match="is not an address"):
            bad.apply(one.order())
        (tmp_path / "receipts").write_text("a file")
        with pytest.raises(PowerFault):
            one.power.apply(one.order())


def test_a_password_is_read_when_it_is_needed(tmp_path: Path) -> None:
    way = {"smtp": "127.0.0.1:25", "user": "jasmo", "password_file": "secret"}
    power = AuthorityShape.model_validate(TABLE | way).opened(tmp_path)
    assert "cannot be read" in power.troubles()[0]


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ({}, "either into an `outbox` or by `smtp`"),
        ({"outbox": "x", "smtp": "y:25"}, "either into an `outbox` or by `smtp`"),
        ({"smtp": "mail.example"}, "is no address and port"),
    ],
)
def test_tables_that_are_wrong(way: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AuthorityShape.model_validate(TABLE | way)
