"""Letters by SMTP: each once, whatever breaks off and whoever is killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BufferedRWPair
from pathlib import Path

import pytest

from aupkeep.outlets.mail.letter import Letter
from aupkeep.outlets.mail.maillog import look_up, spot
from aupkeep.outlets.mail.smtp import Smtp
from aupkeep.sanctions.power import PowerFault
from private_postfix import Postfix, missing, private_postfix

LETTER = Letter(
    id="n1",
    provider="jasmo",
    sender="abuse@jasmo.example",
    recipient="ann@far.example",
    subject="Your mail is on hold",
    text="Dear customer,\n\n.\n..two dots\nende\n",
    at=1_767_225_600_000_000,
)


class Server:
    """Says what it is told to say, and keeps what it was sent."""

    def __init__(self, **answers: str) -> None:
        #: Command (or GREETING, END) -> answer; `-` ends the connection without one.
        self.answers = {"GREETING": "220 x", "EHLO": "250 x", "DATA": "354 go"} | answers
        self.bodies: list[bytes] = []
        self.commands: list[str] = []

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with suppress(OSError), connection, connection.makefile("rwb") as lines:
                self._talk(lines)

    def _talk(self, lines: BufferedRWPair) -> None:
        word = "GREETING"
        while True:
            answer = self.answers.get(word, "250 ok")
            if answer == "-":
                return
            lines.write(f"{answer}\r\n".encode())
            lines.flush()
            if word == "DATA" and answer.startswith("354"):
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    line = lines.readline()
                    if not line:
                        return
                    body += line
                self.bodies.append(body)
                word = "END"
                continue
            line = lines.readline()
            if not line:
                return
            self.commands.append(line.decode("ascii", "replace").rstrip())
            word = line[:4].decode("ascii", "replace").upper()


@contextmanager
def serving(server: Server) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.serve, args=(listening,))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            thread.join()


def channel(port: int, spool: Path, log: Path | None = None, **more: float) -> Smtp:
    return Smtp(host="127.0.0.1", port=port, spool=spool, log=log, **more)  # type: ignore[arg-type]  # seconds


def names(spool: Path) -> list[str]:
    found = (path for path in spool.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(spool)) for path in found if path.name != "lock")


def test_a_letter_goes_out_once(tmp_path: Path) -> None:
    server = Server(END="250 2.0.0 Ok: queued as 4A1")
    with serving(server) as port:
        smtp = channel(port, tmp_path / "spool")
        first, again = smtp.send(LETTER), smtp.send(LETTER)
        assert smtp.troubles() == []
    assert (first.doubtful, first.how) == (False, "127.0.0.1 took it: 250 2.0.0 Ok: queued as 4A1")
    assert (again.doubtful, again.how) == (False, "it had left before")
    (body,) = server.bodies
    assert body.endswith(b"Dear customer,\r\n\r\n..\r\n...two dots\r\nende\r\n.\r\n")
    assert server.commands[:4] == [
        "ehlo jasmo.example",
        "MAIL FROM:<abuse@jasmo.example>",
        "RCPT TO:<ann@far.example>",
        "DATA",
    ]
    assert names(smtp.spool) == ["sent/n1.eml"]
    assert smtp.spool.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("word", "answer", "retry"),
    [
        ("GREETING", "421 busy", True),
        ("GREETING", "554 go away", False),
        ("MAIL", "451 later", True),
        ("RCPT", "550 5.1.1 no such user", False),
        ("RCPT", "450 greylisted", True),
        ("DATA", "554 no", False),
        ("DATA", "-", True),
        ("END", "452 no room", True),
        ("END", "554 5.7.1 spam", False),
    ],
)
def test_what_the_server_does_not_take(
    tmp_path: Path,
    word: str,
    answer: str,
    retry: bool,  # noqa: FBT001  # a case
) -> None:
    server = Server(**{word: answer})
    with serving(server) as port:
        smtp = channel(port, tmp_path)
        with pytest.raises(PowerFault, match="mail server 127") as fault:
            smtp.send(LETTER)
        assert fault.value.retry is retry
        assert answer == "-" or answer in str(fault.value)
        assert smtp.doubtful() == []
        assert "n1.eml" in names(tmp_path) or word == "GREETING"
        del server.answers[word]
        server.answers |= {"GREETING": "220 x", "DATA": "354 go"}
        assert not smtp.send(LETTER).doubtful
    assert names(tmp_path) == ["sent/n1.eml"]


def test_nobody_listens_or_somebody_says_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        smtp = channel(port, tmp_path, patience=0.2)
        with pytest.raises(PowerFault, match="cannot be used: ") as fault:
            smtp.send(LETTER)
        assert fault.value.retry
        assert smtp.troubles() != []
    with pytest.raises(PowerFault, match="refused") as fault:
        smtp.send(LETTER)
    assert fault.value.retry


def test_tls_that_is_not_offered_is_not_done_without(tmp_path: Path) -> None:
    server = Server()
    with serving(server) as port:
        with pytest.raises(PowerFault, match="starttls") as fault:
            replace(channel(port, tmp_path), tls="starttls").send(LETTER)
        with pytest.raises(PowerFault):
            replace(channel(port, tmp_path, patience=0.5), tls="tls").send(LETTER)
    assert not fault.value.retry
    assert server.bodies == []


def test_a_letter_that_waits_goes_to_the_address_that_was_mended_meanwhile(tmp_path: Path) -> None:
    server = Server(RCPT="550 nobody is called so")
    with serving(server) as port:
        smtp = channel(port, tmp_path)
        with pytest.raises(PowerFault, match="nobody is called so"):
            smtp.send(LETTER)
        server.answers["RCPT"] = "250 ok"
        smtp.send(replace(LETTER, recipient="bob@far.example"))
    assert server.bodies[0].count(b"To: bob@far.example") == 1
    assert b"ann@far.example" not in server.bodies[0]


def test_a_lost_answer_is_a_doubt_that_a_person_settles(tmp_path: Path) -> None:
    server = Server(END="-")
    with serving(server) as port:
        smtp = channel(port, tmp_path)
        outcome = smtp.send(LETTER)
        assert outcome.doubtful
        assert "the server's last answer is missing" in outcome.how
        outcome = smtp.send(LETTER)
        assert outcome.doubtful
        assert "no log is named" in outcome.how
        assert (smtp.doubtful(), len(server.bodies)) == (["n1"], 1)
        server.answers["END"] = "250 ok"
        smtp.resend("n1")
        assert smtp.doubtful() == []
        assert not smtp.send(LETTER).doubtful
        other = replace(LETTER, id="n2")
        server.answers["END"] = "-"
        assert smtp.send(other).doubtful
        smtp.settle("n2")
        assert smtp.send(other).how == "it had left before"
    assert len(server.bodies) == 3
    assert names(tmp_path) == ["sent/n1.eml", "sent/n2.eml"]


ID = "n1@jasmo.example"
HEAD = "Nov 22 00:00:00 mx postfix"
CLIENT = f"{HEAD}/smtpd[7]: 4A1: client=localhost[127.0.0.1]\n"
NAMED = f"{HEAD}/cleanup[8]: 4A1: message-id=<{ID}>\n"
QUEUED = f"{HEAD}/qmgr[9]: 4A1: from=<abuse@jasmo.example>, size=1, nrcpt=1 (queue active)\n"
DONE = f"{HEAD}/smtpd[7]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1\n"
NOT_DONE = DONE.replace("data=1", "data=0/1")
OTHER = f"{HEAD}/smtpd[77]: disconnect from localhost[127.0.0.1] mail=1 data=1 commands=3\n"
SUBJECT = f"{HEAD}/cleanup[8]: 4B2: warning: header Subject: x/qmgr[9]: 4A1: from=<a>, size=1\n"
QUOTED = f"{HEAD}/cleanup[8]: 4B2: warning: header Subject: x/cleanup[1]: 4A1: message-id=<{ID}>\n"


@pytest.mark.parametrize(
    ("log", "taken"),
    [
        (CLIENT + NAMED + QUEUED, True),
        (CLIENT + NAMED + DONE, True),
        (CLIENT + NOT_DONE + NAMED, False),
        (CLIENT + NAMED + OTHER + NOT_DONE, False),
        (CLIENT + NAMED, None),
        (CLIENT + NAMED + OTHER, None),
        (CLIENT + OTHER, False),
        ("", False),
        (NAMED.replace("<n1@", "<xn1@") + QUEUED, False),
        (NAMED.replace("example>", "example.net>") + QUEUED, False),
        (QUOTED + QUEUED, None),
        (NAMED.replace("cleanup[8]:", "cleanup 8 - -") + QUEUED, None),
        (CLIENT + NAMED + NOT_DONE + SUBJECT, False),
        # Once broken off, once taken.
        (CLIENT + NOT_DONE + NAMED + (CLIENT + NAMED + DONE).replace("4A1", "4C3"), True),
    ],
)
def test_what_a_log_proves(tmp_path: Path, log: str, taken: bool | None) -> None:  # noqa: FBT001  # a case
    path = tmp_path / "mail.log"
    path.write_text("old\n" + NAMED + QUEUED)
    since = spot(path)
    with path.open("a") as more:
        more.write(log)
    assert look_up(path, ID, since).taken is taken
    path.rename(tmp_path / "mail.log.1")
    path.write_text("new\n")
    assert look_up(path, ID, since).taken is taken


def test_a_log_that_does_not_reach_back_proves_nothing_missing(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text("new\n")
    for since in ("", "1 0", "nonsense"):
        assert look_up(path, ID, since).taken is None
    since = spot(path)
    with path.open("a") as more:
        more.write("x" * 100)
    assert look_up(path, ID, since, most=50).taken is None
    path.write_text(CLIENT + NAMED + DONE)
    assert look_up(path, ID, "").taken is True
    path.unlink()
    assert spot(path) == ""
    assert look_up(path, ID, since).taken is None


KILLED = """
import os, signal, sys
from pathlib import Path
from test_smtp import LETTER
from aupkeep.outlets.mail.smtp import Smtp
import smtplib

class Cut(smtplib.SMTP):
    def send(self, s):
        if s == b".\\r\\n":
            if sys.argv[4] == "after":
                super().send(s)
                self.getreply()
            os.kill(os.getpid(), signal.SIGKILL)
        super().send(s)

smtplib.SMTP = Cut
port, spool, log = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
Smtp(host="127.0.0.1", port=port, spool=spool, log=log).send(LETTER)
"""


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    if missing():
        pytest.skip(missing())
    with private_postfix() as instance:
        yield instance


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_the_final_dot_is_settled_by_the_log_of_a_real_postfix(
    postfix: Postfix, tmp_path: Path, when: str
) -> None:
    words = [str(postfix.port), str(tmp_path), str(postfix.log), when]
    begin = len(postfix.log_text())
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *words],
        env={**os.environ, "PYTHONPATH": f"{here}:{here.parent}"},
        check=False,
        timeout=60,
    )
    assert done.returncode == -9
    assert names(tmp_path) == ["n1.place", "n1.sending"]
    ended = {"before": " data=0/1 ", "after": " data=1 "}[when]
    postfix.wait_log(ended, f"message-id=<{ID}>")
    smtp = channel(postfix.port, tmp_path, postfix.log)
    if when == "before":
        outcome = smtp.send(LETTER)
        assert outcome.doubtful
        assert "only seconds old" in outcome.how
    outcome = replace(smtp, lag=0.0).send(LETTER)
    assert not outcome.doubtful
    assert names(tmp_path) == ["sent/n1.eml"]
    assert replace(smtp, lag=0.0).send(LETTER).how == "it had left before"
    postfix.wait_log("to=<ann@far.example>", least=1)
    assert postfix.log_text()[begin:].count("to=<ann@far.example>") <= 1


def test_the_envelope_names_the_letter_and_the_message_its_thread(tmp_path: Path) -> None:
    server = Server()
    letter = replace(LETTER, thread="n0", returns="bounces@jasmo.example")
    with serving(server) as port:
        channel(port, tmp_path).send(letter)
    assert "MAIL FROM:<bounces+n1@jasmo.example>" in server.commands
    (body,) = server.bodies
    assert b"In-Reply-To: <n0@jasmo.example>\r\nReferences: <n0@jasmo.example>\r\n" in body
    assert b"Auto-Submitted: auto-generated\r\n" in body


def test_a_letter_that_is_tried_again_has_the_same_message_id(tmp_path: Path) -> None:
    refusing, taking = Server(END="451 later"), Server()
    for server in (refusing, refusing, taking):
        with serving(server) as port, suppress(PowerFault):
            channel(port, tmp_path).send(LETTER)
    bodies = [*refusing.bodies, *taking.bodies]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert bodies[0].count(b"Message-ID: <n1@jasmo.example>\r\n") == 1
