"""The mail host of the live part, without a Postfix: its log, its world, its logins, its ports."""

from __future__ import annotations

import base64
import smtplib
import socket
from pathlib import Path

import pytest

from aupkeep.base.clock import HOUR, MINUTE, SECOND, parse_instant
from aupkeep.demo.live import Message, burst
from aupkeep.demo.logins import Logins
from aupkeep.demo.mailserver import why_none
from aupkeep.demo.ports import held_port
from aupkeep.demo.receiving import World, serving
from aupkeep.demo.writtenlog import WrittenLog

START = parse_instant("2026-01-08T00:00:00Z")
LOGIN = "ann@shop.example"


def test_the_written_log_grows_with_time_and_says_what_became_of_each(tmp_path: Path) -> None:
    now = START
    host = WrittenLog(tmp_path / "mail", 1, lambda: now)
    assert host.log.read_bytes() == b""
    sizes = []
    with host.session(LOGIN) as send:
        for message in burst(1, LOGIN, 50):
            send(message)
            now += SECOND
            sizes.append(host.log.stat().st_size)
    now += 5 * MINUTE
    host.turn()
    assert sizes == sorted(sizes)
    assert 0 < sizes[-1] < host.log.stat().st_size
    lines = host.log.read_text(encoding="utf-8").splitlines()
    assert [line[:26] for line in lines] == sorted(line[:26] for line in lines)
    assert sum(f"sasl_username={LOGIN}" in line for line in lines) == 50
    assert sum("status=sent" in line for line in lines) >= 35
    assert sum("dsn=5.1.1, status=bounced" in line for line in lines) > 0


def test_the_written_log_never_says_what_has_not_happened(tmp_path: Path) -> None:
    now = START
    host = WrittenLog(tmp_path / "mail", 1, lambda: now)
    with host.session(LOGIN) as send:
        send(Message(recipient="eva@far.example"))
    assert "status=" not in host.log.read_text(encoding="utf-8")
    now += HOUR
    host.turn()
    assert "to=<eva@far.example>" in host.log.read_text(encoding="utf-8")
    assert not host.arrived("eva@far.example")
    assert host.held(LOGIN) == 0


def test_the_world_takes_mail_and_knows_who_is_nobody() -> None:
    world = World()
    world.unknown.add("gone@far.example")
    with serving(world), smtplib.SMTP("127.0.0.1", world.port, "me.example", timeout=10) as server:
        server.sendmail(LOGIN, ["eva@far.example"], "Subject: x\r\n\r\n.\r\n..two\r\n")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            server.sendmail(LOGIN, ["gone@far.example"], "x")
        code, text = refused.value.recipients["gone@far.example"]
        assert code == 550
        assert text.startswith(b"5.1.1 ")
        server.sendmail(LOGIN, ["gone@far.example", "tom@far.example"], "x")
        assert world.arrived() == ["eva@far.example", "tom@far.example"]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (b"\0ann@shop.example\0right", "OK\t7\tuser=ann@shop.example"),
        (b"\0ann@shop.example\0wrong", "FAIL\t7\tuser=ann@shop.example"),
        (b"\0ann\nOK\t7\tuser=eve\0right", "FAIL\t7\tuser="),
        (b"no parts", "FAIL\t7\tuser="),
    ],
)
def test_only_the_password_lets_in(given: bytes, verdict: str) -> None:
    logins = Logins("right")
    response = base64.b64encode(given).decode()
    with (
        serving(logins),
        socket.create_connection(("127.0.0.1", logins.port), timeout=10) as caller,
        caller.makefile("rw", encoding="utf-8") as both,
    ):
        while both.readline() != "DONE\n":
            pass
        both.write(f"VERSION\t1\t2\nCPID\t1\nAUTH\t7\tPLAIN\tservice=smtp\tresp={response}\n")
        both.flush()
        assert both.readline() == verdict + "\n"


def test_a_held_port_is_taken_for_others_but_not_for_its_server() -> None:
    with held_port(23_000) as first, held_port(23_000) as second:
        assert second > first
        with socket.create_server(("127.0.0.1", first)):
            socket.create_connection(("127.0.0.1", first), timeout=10).close()
            with held_port(first) as third:
                assert third not in (first, second)


def test_a_folder_that_postfix_may_not_enter_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools, closed = tmp_path / "tools", tmp_path / "closed"
    tools.mkdir()
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("PATH", str(tools))
    assert "`postfix` is not on the PATH" in why_none(tmp_path)
    for name in ("postfix", "postconf", "postmap", "postqueue"):
        (tools / name).write_text("")
        (tools / name).chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert why_none(tmp_path) == "only root can start a Postfix"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert str(closed) in why_none(closed / "mail")
    assert "cannot name the folder" in why_none(tmp_path / "white space")
