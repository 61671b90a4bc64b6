"""A made-up hoster: a real Postfix, an installation that acts on it, and everybody's mail.

Acts go through the installed command. What has become of them is polled from the database, which
is quicker than starting a command each time; what counts in the end is asked of commands again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import smtplib
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from installed import Command, Done

from private_postfix import Postfix, free_ports, private_postfix

SHIPPED = Path(__file__).parents[2] / "policies" / "jasmo"
HOLDINGS = "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at"
PROFILES = "provider,customer,service,name,value,from,to,recorded_at"
LONG_AGO = "2026-01-01T00:00:00Z"
#: Asked first of all, so that nothing is held where the hoster's own rules permit before.
ASKS = "smtpd_sender_restrictions = check_sasl_access lmdb:{map}"

_Got = TypeVar("_Got")
Row = dict[str, Any]


def wait_for(look: Callable[[], _Got], what: str, seconds: float = 150) -> _Got:
    """Return what `look` returns as soon as that is true."""
    until = time.monotonic() + seconds
    while True:
        got = look()
        if got:
            return got
        assert time.monotonic() < until, f"waited too long: {what}"
        time.sleep(0.1)


@dataclass
class Hoster:
    """One hoster, with `run` at work or not."""

    aupkeep: Command
    postfix: Postfix
    #: The installation.
    folder: Path
    #: The text of the access map.
    map: Path
    #: What addresses of the desk begin with.
    desk: str
    running: subprocess.Popen[bytes] | None = None
    beats: int = 0
    _bursts: Counter[str] = field(default_factory=Counter)

    def __call__(self, *words: object) -> Done:
        """Call the installed command for this installation."""
        return self.aupkeep(*words, "--dir", self.folder)

    def did(self, *words: object) -> Done:
        """The same, where anything but success is a fault of the test."""
        done = self(*words)
        assert done.code == 0, f"{words}: {done.out}{done.err}"
        return done

    # --- the installation

    def start(self) -> None:
        """Let `run` begin, and let Postfix ask the map as soon as the hand has made it."""
        self.spawn()
        built = self.map.with_name(self.map.name + ".lmdb")
        wait_for(built.exists, "the hand makes the map")
        self.postfix.configure(ASKS.format(map=self.map))

    def spawn(self) -> None:
        """Let `run` begin."""
        with (self.folder / "run.log").open("ab") as log:
            self.running = subprocess.Popen(
                [*self.aupkeep.words, "run", str(self.folder)], stdout=log, stderr=log
            )

    def stop(self) -> None:
        """End `run` and see that it ends well."""
        assert self.running is not None
        assert self.running.poll() is None, f"run has given up:\n{self.log()[-3000:]}"
        self.running.send_signal(signal.SIGTERM)
        assert self.running.wait(60) == 0
        self.running = None
        assert "Traceback" not in self.log(), self.log()[-3000:]

    def profiles(self, *lines: str) -> None:
        """Import statements about customers: `customer,service,name,value`."""
        path = self.folder.with_name(self.folder.name + "-profiles.csv")
        stated = "".join(f"jasmo,{line},{LONG_AGO},,\n" for line in lines)
        path.write_text(f"{PROFILES}\n{stated}")
        self.did("holdings", "import", path, "--source", "billing")

    def log(self) -> str:
        """What `run` and its processes said."""
        path = self.folder / "run.log"
        return path.read_text() if path.exists() else ""

    def processes(self) -> dict[str, int]:
        """The processes that `run` has started, by name."""
        assert self.running is not None
        pid = self.running.pid
        found: dict[str, int] = {}
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                with suppress(FileNotFoundError, ProcessLookupError):
                    words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
                    found |= {
                        name: int(child) for name in ("engine", "hand", "web") if name in words
                    }
        return found

    def kill(self, name: str) -> bool:
        """End one of the processes without any warning; False where it is not there."""
        pid = self.processes().get(name)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def end(self, processes: Iterable[int]) -> None:
        """End processes of an earlier `run` that nobody supervises any more."""
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # --- what has become of it

    def rows(self, query: str, *given: object) -> list[Row]:
        """Ask the database, which nobody may write to from here."""
        path = self.folder / "data" / "aupkeep.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute(query, given)]

    def sanctions(self, **wanted: object) -> list[Row]:
        """The sanctions whose fields have the wanted values, the oldest first."""
        rows = self.rows("select body, next_at, trouble from store_sanction")
        found = [json.loads(row.pop("body")) | row for row in rows]
        fitting = (item for item in found if all(item[key] == wanted[key] for key in wanted))
        return sorted(fitting, key=lambda item: (item["since"], item["id"]))

    def holds(self, login: str) -> list[Row]:
        """The sanctions that hold, held, or should hold the mail of `login` for real."""
        return self.sanctions(target=login, measure="hold_mail", would_do=False)

    def alarms(self, kind: str = "") -> list[Row]:
        """The alarms, acknowledged or not."""
        found = self.rows("select * from store_alarm order by raised_at, id")
        return [row for row in found if kind in ("", row["kind"])]

    def entries(self) -> list[Row]:
        """The record, as its export has it."""
        return self.did("record", "export").objects()

    def wait(self, look: Callable[[], _Got], what: str, seconds: float = 150) -> _Got:
        """Wait while other people's mail goes on, which lets the log's time go on too."""

        def looking() -> _Got:
            got = look()
            if not got:
                self.beat()
            return got

        try:
            return wait_for(looking, what, seconds)
        except AssertionError:
            seen = [(item["target"], item["state"], item["trouble"]) for item in self.sanctions()]
            raise AssertionError(f"{what}\n{seen}\n{self.log()[-3000:]}") from None

    def wait_state(self, login: str, state: str, *, number: int = 1) -> Row:
        """Return the hold of `login`, its `number`th, as soon as it is in `state`."""

        def look() -> Row | None:
            found = self.holds(login)
            fits = len(found) >= number and found[number - 1]["state"] == state
            return found[number - 1] if fits else None

        found = self.wait(look, f"hold {number} of {login} is {state}")
        assert found is not None
        return found

    # --- everybody's mail

    def next_second(self) -> None:
        """Let the second pass: a log tells no more, so all of it counts as before an act in it."""
        since = int(time.time())
        wait_for(lambda: int(time.time()) > since, "the next second")

    def burst(self, login: str, mails: int = 60, server: smtplib.SMTP | None = None) -> None:
        """Hand in mails of `login`, three of ten to addresses that are not there."""
        with ExitStack() as stack:
            session = server or stack.enter_context(self.postfix.session(xtext(login)))
            self._bursts[login] += 1
            for number in range(mails):
                domain = "nobody.example" if number % 10 < 3 else "far.example"
                name = f"r{self._bursts[login]}.{number}"
                self.send(session, f"{name}@{domain}")

    def send(self, session: smtplib.SMTP, recipient: str) -> None:
        """Hand in one mail."""
        session.sendmail("news@store.example", [recipient], "Subject: offer\r\n\r\nBuy.\r\n")

    def beat(self) -> None:
        """Let somebody hand in one mail who has nothing to do with the story."""
        self.beats += 1
        with (
            suppress(OSError, smtplib.SMTPException),
            self.postfix.session(f"walker{self.beats}@beside.example") as session,
        ):
            self.send(session, f"friend{self.beats}@far.example")

    def held(self) -> list[str]:
        """The recipients of messages that are in Postfix's hold queue now."""
        listed = self.postfix.run("postqueue", "-j").stdout.splitlines()
        return [
            recipient["address"]
            for item in map(json.loads, listed)
            if item["queue_name"] == "hold"
            for recipient in item["recipients"]
        ]


def acts(entries: list[Row], about: Row) -> list[str]:
    """Return what the record says was done to a sanction, in order."""
    return [entry["act"] for entry in entries if entry["subject"] == about["id"]]


def xtext(login: str) -> str:
    """Return a login as XCLIENT wants it (RFC 3461 section 4)."""
    plain = range(ord("!"), ord("~") + 1)
    return "".join(
        chr(byte) if byte in plain and byte not in b"+=" else f"+{byte:02X}"
        for byte in login.encode()
    )


@contextmanager
def hoster(
    aupkeep: Command,
    folder: Path,
    logins: Mapping[str, str],
    *,
    policy: Path = SHIPPED,
    changes: Mapping[str, str] | None = None,
    outbox: str = "",
    contacts: bool = True,
    map_folder: Path | None = None,
) -> Iterator[Hoster]:
    """A hoster who keeps `policy`; `logins` says whose each login is.

    `changes` are texts of the settings and what stands there instead. Letters leave through the
    same Postfix, or into `outbox`.
    """
    with private_postfix() as postfix:
        map_file = (map_folder or postfix.root / "maps") / "hold"
        made = aupkeep("init", folder, "--policy", policy, "--root", postfix.machine)
        assert made.code == 0, made.err
        (port,) = free_ports(1)
        one = Hoster(aupkeep, postfix, folder, map_file, f"http://127.0.0.1:{port}")
        letters = f'outbox = "{outbox}"\n' if outbox else _by_smtp(postfix)
        _complete(one, {'outbox = "outbox"\n': letters} | dict(changes or {}))
        _holdings(one, logins)
        if contacts:
            one.profiles(*(f"{name},,contact,{owner(name)}" for name in set(logins.values())))
        try:
            yield one
        finally:
            _end(one)


def owner(customer: str) -> str:
    """Return the address of a customer."""
    return f"owner@{customer}.example"


def policy_with(folder: Path, changes: Mapping[str, str], *, source: Path = SHIPPED) -> Path:
    """Copy a policy to `folder`, with other texts in its enforcement or its front matter."""
    shutil.copytree(source, folder)
    for old, new in changes.items():
        fitting = [path for path in folder.glob("*.*") if path.read_text().count(old) == 1]
        assert len(fitting) == 1, f"`{old}` is in {fitting}"
        fitting[0].write_text(fitting[0].read_text().replace(old, new))
    return folder


def _end(one: Hoster) -> None:
    """End `run` and its processes, whatever state they are in."""
    if one.running is None:
        return
    one.running.terminate()
    try:
        one.running.wait(40)
    except subprocess.TimeoutExpired:
        one.running.kill()
        one.running.wait()


def _by_smtp(postfix: Postfix) -> str:
    return (
        f'smtp = "127.0.0.1:{postfix.port}"\nlog = "{postfix.log}"\n'
        'sender = "abuse@jasmo.example"\n'
    )


def _complete(one: Hoster, changes: Mapping[str, str]) -> None:
    """Complete the settings as the person who installs it does."""
    path = one.folder / "aupkeep.toml"
    text = path.read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    power = f'provider = "jasmo"\nmeasure = "hold_mail"\nmap = "{one.map}"\n'
    path.write_text(
        f'{text}\n[desk]\nlisten = "{one.desk.removeprefix("http://")}"\n\n'
        f'[[power]]\n{power}config = "{one.postfix.config}"\n'
    )


def _holdings(one: Hoster, logins: Mapping[str, str]) -> None:
    lines = [
        f"jasmo,login,{login},,,{customer},{customer}-mail,small,{LONG_AGO},,billing,{LONG_AGO}"
        for login, customer in logins.items()
    ]
    listed = one.folder.with_name(one.folder.name + "-holdings.csv")
    listed.write_text("\n".join((HOLDINGS, *lines)) + "\n")
    one.did("holdings", "import", listed, "--source", "billing")
