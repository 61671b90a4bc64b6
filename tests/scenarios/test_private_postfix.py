"""A real Postfix, two hundred mails of one login, and the case they lead to."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from installed import Command

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
LOGIN = "shop@store.example"
MAILS, TO_NOBODY = 200, 60
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/state
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/machine/var/log/mail.log
maillog_file_prefixes = {root}
myhostname = mx.host.example
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8, 198.51.100.0/24
disable_dns_lookups = yes
relayhost = [127.0.0.1]:{taking}
transport_maps = inline:{{ nobody.example=smtp:[127.0.0.1]:{refusing} }}
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_destination_concurrency_limit = 50
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
"""


@dataclass(frozen=True)
class Postfix:
    """A running instance with nothing outside its own folder."""

    root: Path
    port: int

    @property
    def log(self) -> Path:
        return self.root / "machine" / "var" / "log" / "mail.log"

    @property
    def machine(self) -> Path:
        """What stands for the root of the machine's file system."""
        return self.root / "machine"


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, f"nobody listens at {port}"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    if os.geteuid() != 0:
        pytest.skip("a Postfix instance can only be started by root")
    if not all(shutil.which(name, path=PATH) for name in ("postfix", "postconf", "smtp-sink")):
        pytest.skip("Debian's postfix is not installed")
    asked = subprocess.run(
        ["postconf", "-dh", "daemon_directory"],
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    # Postfix's own user must be able to pass through, which pytest's folders forbid.
    root = Path(tempfile.mkdtemp(prefix="aupkeep-postfix-"))
    root.chmod(0o755)
    port, taking, refusing = free_ports(3)
    for name in ("config", "queue", "state", "machine/var/log", "machine/etc"):
        (root / name).mkdir(parents=True)
    (root / "machine/etc/timezone").write_text("UTC\n")
    shutil.chown(root / "state", "postfix")
    places = {"root": root, "port": port, "taking": taking, "refusing": refusing}
    (root / "config/main.cf").write_text(MAIN.format(daemons=asked.stdout.strip(), **places))
    (root / "config/master.cf").write_text(SERVICES.format(**places))
    sinks = [
        sink(taking),
        sink(refusing, "-f", "RCPT", "-B", "550 5.1.1 user unknown"),
    ]
    try:
        started = subprocess.run(
            ["postfix", "-c", str(root / "config"), "start"],
            env={"PATH": PATH, "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert started.returncode == 0, started.stderr
        wait_for(port)
        yield Postfix(root, port)
    finally:
        end_master(root / "queue" / "pid" / "master.pid")
        for one in sinks:
            one.terminate()
            one.wait()
        shutil.rmtree(root)


def sink(port: int, *words: str) -> subprocess.Popen[bytes]:
    """A server that takes and forgets mail, or refuses it."""
    command = ["smtp-sink", "-u", "postfix", *words, f"127.0.0.1:{port}", "100"]
    return subprocess.Popen(command, env={"PATH": PATH})


def end_master(pid_file: Path) -> None:
    """End the one master process of the instance, by its own id."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)


def send(postfix: Postfix) -> None:
    """Hand in mails as one authenticated login, some of them to addresses that are not there."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as server:
        server.ehlo("client.example")
        code, answer = server.docmd("XCLIENT", f"LOGIN={LOGIN} ADDR=198.51.100.77")
        assert code == 220, answer
        server.ehlo("client.example")
        for number in range(MAILS):
            domain = "nobody.example" if number % 10 < TO_NOBODY * 10 // MAILS else "far.example"
            server.sendmail(
                LOGIN,
                [f"reader{number}@{domain}"],
                f"Subject: offer {number}\r\n\r\nBuy now.\r\n",
            )


@pytest.fixture(scope="module")
def sent(postfix: Postfix) -> Postfix:
    """The instance after everything that was handed in has come to an end."""
    send(postfix)
    until = time.monotonic() + 60
    while len(outcomes(postfix)) < MAILS:
        assert time.monotonic() < until, postfix.log.read_text()[-2000:]
        time.sleep(0.2)
    return postfix


def outcomes(postfix: Postfix) -> list[str]:
    text = postfix.log.read_text() if postfix.log.exists() else ""
    return re.findall(r"to=<reader\d+@.*status=(?:sent|bounced)", text)


def wait_for_case(aupkeep: Command, folder: Path) -> dict[str, Any]:
    until = time.monotonic() + 120
    while True:
        done = aupkeep("case", "list", "--dir", folder, "--json")
        # `fact` comes with the receivers' answers, which may be read a moment later.
        found: list[dict[str, Any]] = [case for case in done.objects() if case["tier"] == "fact"]
        if found:
            assert len(done.objects()) == 1
            return found[0]
        assert time.monotonic() < until, "no case"
        time.sleep(0.5)


@pytest.mark.parametrize("held", [True, False], ids=["with holdings", "without holdings"])
def test_two_hundred_mails(aupkeep: Command, sent: Postfix, tmp_path: Path, *, held: bool) -> None:
    folder = tmp_path / "installation"
    made = aupkeep("init", folder, "--policy", "jasmo", "--root", sent.machine)
    assert made.code == 0, made.err
    assert str(sent.log) in made.out
    if held:
        suggest_and_import(aupkeep, folder, tmp_path / "holdings.csv")
    with (tmp_path / "run.log").open("wb") as log:
        running = subprocess.Popen([*aupkeep.words, "run", str(folder)], stdout=log, stderr=log)
        try:
            case = wait_for_case(aupkeep, folder)
            doctor = aupkeep("doctor", "--dir", folder)
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 0
    assert "Traceback" not in (tmp_path / "run.log").read_text()
    assert (case["provider"], case["clause"]) == ("jasmo", "spam")
    if held:
        assert case["customer"] == "c-4711"
        assert {item["measure"] for item in case["sanctions"]} & {"hold_mail", "throttle"}
        assert all(item["would_do"] for item in case["sanctions"])
        assert f"rows: {MAILS} of 1 customers" in doctor.out, doctor.out
        assert "c-4711" in doctor.out
    else:
        assert case["customer"] is None
        assert case["attribution"] == "unknown"
        assert case["sanctions"] == []
        assert "0 of 0 customers" in doctor.out
        assert "holdings suggest" in doctor.out
    verified = aupkeep("record", "verify", "--dir", folder, "--json")
    assert [item["ok"] for item in verified.objects()] == [True]


def suggest_and_import(aupkeep: Command, folder: Path, path: Path) -> None:
    suggested = aupkeep("holdings", "suggest", "--dir", folder)
    assert suggested.code == 0, suggested.err
    head, *rows = suggested.out.splitlines()
    names = head.split(",")
    (row,) = [line.split(",") for line in rows if LOGIN in line]
    fields = dict(zip(names, row, strict=True))
    assert (fields["kind"], fields["customer"]) == ("login", "")
    fields |= {"customer": "c-4711", "service": "mail-1", "plan": "mail-basic"}
    path.write_text(head + "\n" + ",".join(fields.values()) + "\n")
    done = aupkeep("holdings", "import", path, "--source", "billing", "--dir", folder)
    assert done.code == 0, done.err


def test_the_same_from_the_journal(aupkeep: Command, sent: Postfix, tmp_path: Path) -> None:
    """The lines as `journalctl -o short-iso-precise` prints them, through standard input."""
    lines = []
    for number, line in enumerate(sent.log.read_text().splitlines()):
        stamp, rest = line[:15], line[16:]
        year = datetime.now(UTC).year
        moment = datetime.strptime(f"{year} {stamp} +0000", "%Y %b %d %H:%M:%S %z")
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%S}.{number % 1_000_000:06d}+0000 {rest}\n")
    holdings = tmp_path / "holdings.csv"
    holdings.write_text(
        "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
        f"jasmo,login,{LOGIN},,,c-4711,mail-1,mail-basic,2020-01-01T00:00:00Z,,billing,\n"
    )
    done = aupkeep(
        *("detect", "-", "--as", "postfix", "--holdings", holdings, "--json"),
        stdin="".join(lines).encode(),
    )
    assert done.code == 1, done.err
    *findings, last = done.objects()
    assert ("spam", "fact", "c-4711") in {
        (item["clause"], item["tier"], item["customer"]) for item in findings
    }
    assert last["summary"]["rejects"] == 0
    assert json.loads(done.out.splitlines()[-1])["summary"]["customers"]["c-4711"] >= MAILS
