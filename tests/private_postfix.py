"""A real Postfix with nothing outside its own folder, for tests that need one.

It takes mail on a free port of the loopback from anybody who logs in (any name, any password: the
authentication server is this module's, so that no SASL package is needed) and hands it to a sink.
Mail to `nobody.example` is refused by the receiver. Every XCLIENT is believed.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import smtplib
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_PROGRAMS = ("postfix", "postconf", "postmap", "smtp-sink")
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
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {root}/auth/socket
smtp_destination_concurrency_limit = 50
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
"""


@dataclass(frozen=True)
class Postfix:
    """A running instance."""

    root: Path
    port: int

    @property
    def log(self) -> Path:
        return self.root / "machine" / "var" / "log" / "mail.log"

    @property
    def machine(self) -> Path:
        """What stands for the root of the machine's file system."""
        return self.root / "machine"

    @property
    def config(self) -> Path:
        return self.root / "config"

    def start(self) -> None:
        done = self.run("postfix", "start")
        assert done.returncode == 0, done.stderr
        wait_for(self.port)

    def stop(self) -> None:
        end_master(self.root / "queue" / "pid" / "master.pid")

    def configure(self, *lines: str) -> None:
        """Put lines into main.cf, each for the one that sets the same, and let all know of it."""
        main = self.config / "main.cf"
        names = tuple(line.partition("=")[0].strip() for line in lines)
        kept = (line for line in main.read_text().splitlines() if not _sets(line, names))
        main.write_text("".join(f"{line}\n" for line in (*kept, *lines)))
        done = self.run("postfix", "reload")
        assert done.returncode == 0, done.stderr

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "-c", str(self.config), *words],
            env={"PATH": PATH, "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def session(self, login: str, ip: str = "198.51.100.77") -> Iterator[smtplib.SMTP]:
        """One SMTP session of somebody who has logged in."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as server:
            server.ehlo("client.example")
            code, answer = server.docmd("XCLIENT", f"LOGIN={login} ADDR={ip}")
            assert code == 220, answer
            server.ehlo("client.example")
            yield server

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def taken(self, recipient: str) -> list[EmailMessage]:
        """Return the messages that have arrived at `recipient`, in that order."""
        found = []
        dumped = (self.root / "taken").iterdir()
        for path in sorted(dumped, key=lambda path: path.stat().st_mtime_ns):
            head, _, text = path.read_bytes().partition(b"\nReceived:")
            if f"X-Rcpt-Args: <{recipient}>".encode() in head:
                made = message_from_bytes(b"Received:" + text, policy=default)
                assert isinstance(made, EmailMessage)
                found.append(made)
        return found

    def wait_log(self, *words: str, least: int = 1) -> str:
        """Return the log as soon as each of `words` stands in it at least so often."""
        until = time.monotonic() + 30
        while True:
            text = self.log_text()
            if all(text.count(word) >= least for word in words):
                return text
            assert time.monotonic() < until, f"{words} not in the log:\n{text[-3000:]}"
            time.sleep(0.05)


def _sets(line: str, names: tuple[str, ...]) -> bool:
    return line.partition("=")[0].strip() in names


def missing() -> str:
    """Return why no Postfix can be started here, or an empty string."""
    if os.geteuid() != 0:
        return "a Postfix instance can only be started by root"
    if not all(shutil.which(name, path=PATH) for name in _PROGRAMS):
        return "Debian's postfix is not installed"
    return ""


@contextmanager
def private_postfix(*lines: str) -> Iterator[Postfix]:
    """Run an instance whose main.cf ends with `lines` (`{root}` is its folder)."""
    asked = subprocess.run(
        ["postconf", "-dh", "daemon_directory"],
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    # Postfix's own user must be able to pass through, which pytest's folders forbid.
    root = Path(tempfile.mkdtemp(prefix="aupkeep-postfix-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, root)
        root.chmod(0o755)
        port, taking, refusing = free_ports(3)
        for name in ("config", "queue", "state", "auth", "maps", "machine/var/log", "machine/etc"):
            (root / name).mkdir(parents=True)
        (root / "machine/etc/timezone").write_text("UTC\n")
        shutil.chown(root / "state", "postfix")
        places = {"root": root, "port": port, "taking": taking, "refusing": refusing}
        main = MAIN.format(daemons=asked.stdout.strip(), **places)
        main += "".join(line.replace("{root}", str(root)) + "\n" for line in lines)
        (root / "config/main.cf").write_text(main)
        (root / "config/master.cf").write_text(SERVICES.format(**places))
        (root / "taken").mkdir()
        shutil.chown(root / "taken", "postfix")
        stack.enter_context(sink(taking, "-d", str(root / "taken") + "/"))
        stack.enter_context(sink(refusing, "-f", "RCPT", "-B", "550 5.1.1 user unknown"))
        stack.enter_context(authentication(root / "auth" / "socket"))
        instance = Postfix(root, port)
        stack.callback(instance.stop)
        instance.start()
        yield instance


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


@contextmanager
def sink(port: int, *words: str) -> Iterator[None]:
    """A server that takes and forgets mail, or refuses it."""
    command = ["smtp-sink", "-u", "postfix", *words, f"127.0.0.1:{port}", "100"]
    with subprocess.Popen(command, env={"PATH": PATH}) as process:
        try:
            yield
        finally:
            process.terminate()


class _Dialogue(socketserver.StreamRequestHandler):
    """Dovecot's authentication protocol (1.2): whoever asks is who he says he is."""

    def handle(self) -> None:
        self.wfile.write(
            b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"
        )
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] == "AUTH":
                given = next(word for word in words if word.startswith("resp=")).removeprefix(
                    "resp="
                )
                name = base64.b64decode(given).split(b"\0")[1].decode()
                self.wfile.write(f"OK\t{words[1]}\tuser={name}\n".encode())


class _Authentication(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def authentication(path: Path) -> Iterator[None]:
    """An authentication server on a socket, as Postfix asks one at every greeting."""
    with _Authentication(str(path), _Dialogue) as server:
        path.chmod(0o666)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def end_master(pid_file: Path) -> None:
    """End the one master process of the instance, by its own id."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
