"""`aupkeep run`: start the processes of an installation and keep them running.

Engine, hand and web are started together, each is started anew when it dies, with a growing pause,
and all are ended with the supervisor. Started by root, engine and web run as the settings' user.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import typer

from aupkeep.cli.engine import Once
from aupkeep.cli.faces import DISK_REFUSES, FAILED, FINE, plain_errors
from aupkeep.cli.place import Folder, Place, opened
from aupkeep.flow.erasing import LIST as ERASURES
from aupkeep.flow.installation import Installation
from aupkeep.flow.keys import secret
from aupkeep.settings import FILE_NAME
from aupkeep.store.archive.locks import make_ready
from aupkeep.store.archive.owner import make_own
from aupkeep.store.database import close_store

app = typer.Typer(add_completion=False)

#: Seconds before a process that died is started again: first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: A process that lived this long did not die of how it was started.
HEALTHY_AFTER = 10.0
#: Exit codes of the engine after which another start would end the same way.
HOPELESS = frozenset({1, 2, 3})
#: Exit codes of a process that somebody ended from outside: it did not die of how it was started.
KILLED = frozenset({-signal.SIGKILL, -signal.SIGTERM})
#: Seconds that a process has to end by itself.
PATIENCE = 20.0


@app.command()
def run(
    folder: Place = None,
    *,
    option: Folder = None,
    once: Once = False,
) -> None:
    """Run engine, hand and web until told to stop; start each again when it dies."""
    with plain_errors():
        where = folder or option or Path()
        installation = opened(where)
        secret(installation)
        close_store()
        program = [sys.executable, "-m", "aupkeep"]
        if once:
            command = [*program, "engine", str(where), "--once"]
            raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603
        user = _unprivileged(installation)
        children = [
            _Child("engine", [*program, "engine", str(where)], user),
            _Child("hand", [*program, "hand", str(where)], None),
            _Child("web", [*program, "web", str(where)], user),
        ]
        raise typer.Exit(_supervise(children))


@dataclass(slots=True)
class _Child:
    """One process that is kept running."""

    name: str
    command: list[str]
    #: Whose rights it has; None: ours.
    user: pwd.struct_passwd | None
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float = 0.0
    ended: int | None = field(default=None)

    def start(self) -> None:
        """Start it anew."""
        self.began = time.monotonic()
        rights = {}
        if self.user is not None:
            groups = os.getgrouplist(self.user.pw_name, self.user.pw_gid)
            rights = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": groups}
        self.process = subprocess.Popen(self.command, **rights)  # type: ignore[call-overload]  # noqa: S603  # our own program

    def look(self) -> bool:
        """See whether it ended, and plan its next start; False where none could go better."""
        if self.process is None or (code := self.process.poll()) is None:
            return True
        self.process = None
        lived = time.monotonic() - self.began
        self.ended = code
        if self.name == "engine" and code in HOPELESS and lived < HEALTHY_AFTER:
            return False
        healthy = lived > HEALTHY_AFTER or code in KILLED
        self.pause = FIRST_PAUSE if healthy else min(self.pause * 2, LONGEST_PAUSE)
        self.start_at = time.monotonic() + self.pause
        why = " because the disk or the database refuses" if code == DISK_REFUSES else ""
        print(f"{self.name} ended ({code}){why}; it is started again", file=sys.stderr, flush=True)
        return True

    def end(self) -> None:
        """Tell it to end."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end; kill it where it does not come."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _supervise(children: list[_Child]) -> int:
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    code = FINE
    while not stop.is_set():
        for child in children:
            if child.process is None and time.monotonic() >= child.start_at:
                child.start()
        stop.wait(0.2)
        hopeless = [child for child in children if not child.look()]
        if hopeless:
            code = hopeless[0].ended or FAILED
            break
    _each(children, _Child.end)
    until = time.monotonic() + PATIENCE
    _each(children, lambda child: child.wait(until))
    return code


def _each(children: list[_Child], act: Callable[[_Child], None]) -> None:
    for child in children:
        act(child)


def _unprivileged(installation: Installation) -> pwd.struct_passwd | None:
    """Return the user for engine and web, to whom the data folder is given; None: stay as we are.

    A user that could not start this program or read the settings would only die again and again.
    """
    name = installation.settings.user
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        why = f"there is no user `{name}`"
    else:
        why = _cannot(user, installation)
    if not why:
        hand_over(installation, user)
        return user
    print(
        f"{why}: engine and web run as root. Better, once:\n"
        f"    useradd --system --groups adm,systemd-journal {name}\n"
        f"and an installation and a program that this user may read",
        file=sys.stderr,
        flush=True,
    )
    return None


def _cannot(user: pwd.struct_passwd, installation: Installation) -> str:
    """Return why `user` could not run the engine, or an empty string."""
    settings = (installation.folder / FILE_NAME).absolute()
    program = "import sys, aupkeep; open(sys.argv[1]).close()"
    try:
        tried = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-c", program, str(settings)],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=os.getgrouplist(user.pw_name, user.pw_gid),
            capture_output=True,
            check=False,
        )
    except OSError:
        return f"user `{user.pw_name}` may not start this program"
    return f"user `{user.pw_name}` may not read it" if tried.returncode else ""


def hand_over(installation: Installation, user: pwd.struct_passwd) -> None:
    """Give `user` what the engine keeps: data, archive, envelope keys, the list of erasures."""
    make_ready(installation.archive)
    give(installation.data, user)
    make_own(installation.envelopes.parent)
    give(installation.envelopes.parent, user)
    if not installation.archive.resolve().is_relative_to(installation.data.resolve()):
        give(installation.archive, user)
    with suppress(FileNotFoundError):
        listed = installation.folder / ERASURES
        os.chown(listed, user.pw_uid, user.pw_gid, follow_symlinks=False)


def give(data: Path, user: pwd.struct_passwd) -> None:
    """Give the data folder to `user`; the signing key and the second place lie outside it.

    What is in there is that user's already, who may put a link in the place of a folder at any
    moment: each name is changed in the folder that was opened, and no link is followed.
    """
    top = os.path.realpath(data)
    os.chown(top, user.pw_uid, user.pw_gid)
    for _, folders, files, here in os.fwalk(top):
        for name in (*folders, *files):
            os.chown(name, user.pw_uid, user.pw_gid, dir_fd=here, follow_symlinks=False)
