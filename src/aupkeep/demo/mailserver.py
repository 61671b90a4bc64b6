"""The live mail host as a real Postfix with nothing outside its own folder.

In: a folder. Out: an instance on the loopback that takes mail of those who log in, hands it to the
one server that stands for the world, and asks the map of held logins. It is a second instance in
the words of MULTI_INSTANCE_README, started by its own configuration and ended by its own id; the
machine's own mail server is not touched.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aupkeep.demo.brand import JASMO
from aupkeep.demo.dice import dice
from aupkeep.demo.live import Message
from aupkeep.demo.logins import Logins
from aupkeep.demo.mailhost import Send
from aupkeep.demo.names import outside_address
from aupkeep.demo.ports import held_port
from aupkeep.demo.receiving import World, serving

_PROGRAMS = ("postfix", "postconf", "postmap", "postqueue")
#: The user as whom Postfix works.
_OWNER = "postfix"
#: Seconds that one program, and the end of all processes, may take.
_PATIENCE = 20.0
_SERVICES = """\
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
_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/state
command_directory = {commands}
daemon_directory = {daemons}
mail_owner = {owner}
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {root}
myhostname = mx1.jasmo.example
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
disable_dns_lookups = yes
relayhost = [127.0.0.1]:{world}
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{logins}
smtp_destination_concurrency_limit = 20
default_process_limit = 30
in_flow_delay = 0
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
"""


class NoMailServerError(Exception):
    """No Postfix can be started; the text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class PrivatePostfix:
    """A running instance."""

    root: Path
    port: int
    seed: int
    password: str
    world: World

    @property
    def log(self) -> Path:
        """The file that it logs to."""
        return self.root / "log" / "mail.log"

    @property
    def map(self) -> Path:
        """The text of the map of held logins."""
        return self.root / "maps" / "hold"

    @property
    def config(self) -> Path | None:
        """The folder of main.cf."""
        return self.root / "config"

    @contextmanager
    def session(self, login: str) -> Iterator[Send]:
        """Log in, as from an address outside."""
        client = outside_address(dice(self.seed, JASMO.name, "client", login))
        with smtplib.SMTP("127.0.0.1", self.port, "[127.0.0.1]", timeout=_PATIENCE) as server:
            server.ehlo()
            server.docmd("XCLIENT", f"NAME=[UNAVAILABLE] ADDR={client}")
            server.ehlo()
            server.login(login, self.password)

            def send(message: Message) -> None:
                if not message.exists:
                    self.world.unknown.add(message.recipient)
                text = (
                    f"From: {login}\r\nTo: {message.recipient}\r\nSubject: hello\r\n\r\nHello.\r\n"
                )
                server.sendmail(login, [message.recipient], text)

            yield send

    def arrived(self, recipient: str) -> bool:
        """Whether a message has come to `recipient`."""
        return recipient in self.world.arrived()

    def held(self, login: str) -> int:
        """Return how many messages of `login` are on hold."""
        listed = _run("postqueue", "-c", str(self.config), "-j").splitlines()
        queue = [json.loads(line) for line in listed if line.startswith("{")]
        return sum(item["queue_name"] == "hold" and item["sender"] == login for item in queue)

    def turn(self) -> None:
        """Postfix works by itself."""


def why_none(folder: Path) -> str:
    """Return why no Postfix can be started below `folder`, or empty text."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"`{missing[0]}` is not on the PATH (Debian: apt-get install postfix)"
    if os.geteuid() != 0:
        return "only root can start a Postfix"
    if not re.fullmatch(r"[\w./+-]+", str(folder)):
        return f"its configuration cannot name the folder {folder}"
    for place in (folder, *folder.parents):
        if place.is_dir() and not place.stat().st_mode & 0o001:
            return f"its user `{_OWNER}` may not enter {place}"
    return ""


@contextmanager
def private_postfix(folder: Path, seed: int) -> Iterator[PrivatePostfix]:
    """Run an instance in the new `folder` until the end of the block.

    Raises `NoMailServerError` where it does not start.
    """
    with ExitStack() as stack:
        world, logins = World(), Logins(secrets.token_urlsafe())
        stack.enter_context(serving(world))
        stack.enter_context(serving(logins))
        port = stack.enter_context(held_port())
        password = logins.password.decode()
        instance = PrivatePostfix(folder, port, seed, password, world)
        try:
            _write(instance, logins.port)
            stack.callback(_end, folder / "queue" / "pid" / "master.pid")
            _run("postfix", "-c", str(instance.config), "start")
            _greeted(port)
        except (OSError, LookupError) as refused:
            raise NoMailServerError(f"it does not start: {refused}") from None
        yield instance


def _write(instance: PrivatePostfix, logins: int) -> None:
    """Write the configuration, an empty log and an empty map."""
    root, config = instance.root, instance.root / "config"
    for path in (root, config, instance.log.parent, instance.map.parent):
        path.mkdir()
        path.chmod(0o755)
    for name in ("queue", "state"):
        (root / name).mkdir(mode=0o755)
    shutil.chown(root / "state", _OWNER)
    instance.log.touch(mode=0o644)
    places = {
        "root": root,
        "port": instance.port,
        "world": instance.world.port,
        "logins": logins,
        "log": instance.log,
        "owner": _OWNER,
        "commands": Path(shutil.which("postqueue") or "").parent,
        "daemons": _run("postconf", "-dh", "daemon_directory").strip(),
    }
    main = config / "main.cf"
    main.write_text(_MAIN.format(**places))
    (config / "master.cf").write_text(_SERVICES.format(**places))
    kind = "lmdb" if "lmdb" in _run("postconf", "-c", str(config), "-m").split() else "hash"
    with main.open("a") as text:
        text.write(f"smtpd_sender_restrictions = check_sasl_access {kind}:{instance.map}\n")
    instance.map.touch(mode=0o644)
    _run("postmap", "-c", str(config), f"{kind}:{instance.map}")


def _run(*words: str) -> str:
    """Run a program of Postfix and return what it says; raises `OSError` where it fails."""
    program = shutil.which(words[0])
    if program is None:
        raise OSError(f"`{words[0]}` has gone")
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs, no shell
            [program, *words[1:]],
            # The log is in UTC, as the settings say of it.
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            # What ends the demo from a terminal must not end a program half way.
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"`{words[0]}` gave no answer within {_PATIENCE:g} s") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OSError(f"`{words[0]}`: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout


def _greeted(port: int) -> None:
    """Wait until the instance greets; raises `OSError` where it does not."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as caller:
                if caller.recv(3) == b"220":
                    return
        except ConnectionRefusedError:
            pass
        if time.monotonic() > until:
            raise OSError(f"nobody answers on port {port}")
        time.sleep(0.05)


def _end(pid_file: Path) -> None:
    """End the master of the instance and, with it, its processes, which are its process group."""
    try:
        group = int(pid_file.read_text())
    except (OSError, ValueError):
        return
    with suppress(ProcessLookupError):
        os.kill(group, signal.SIGTERM)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
