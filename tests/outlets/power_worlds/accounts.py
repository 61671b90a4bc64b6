"""Users of this system, made for the test and removed after it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aupkeep.outlets.unix_account.power import UnixAccount
from aupkeep.outlets.unix_account.processes import running
from power_worlds.world import Kind, Shared, World

_ADMIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_PROGRAMS = ("useradd", "userdel", "usermod", "getent", "su")


def missing() -> str:
    if os.geteuid() != 0:
        return "only root makes users"
    lacking = [name for name in _PROGRAMS if not shutil.which(name, path=_ADMIN)]
    return f"{', '.join(lacking)} not installed" if lacking else ""


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(words), input=stdin, text=True, capture_output=True, check=False,
        env={"PATH": _ADMIN},
    )  # fmt: skip


def entry(name: str) -> tuple[str, str]:
    """What passwd and shadow say of a user."""
    return run("getent", "passwd", name).stdout, run("getent", "shadow", name).stdout


def may_enter(name: str) -> bool:
    """Whether root may become this user, which asks PAM whether the account has expired."""
    return run("su", "-s", "/bin/true", name).returncode == 0


@contextmanager
def user() -> Iterator[tuple[str, int]]:
    """A user with a password that nobody knows, and a process of it."""
    name = f"aupkeep-{secrets.token_hex(6)}"
    done = run("useradd", "--no-create-home", "--shell", "/bin/sh", "-p", "*", name)
    assert done.returncode == 0, done.stderr
    try:
        yield name, int(entry(name)[0].split(":")[2])
    finally:
        run("userdel", name)


@contextmanager
def process(uid: int, *, deaf: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process of the user `uid`; `deaf`: one that does not end when asked to."""
    script = f"{'trap : TERM; ' if deaf else ''}echo up; while :; do sleep 60 & wait; done"
    with subprocess.Popen(
        ["/bin/sh", "-c", script], user=uid, text=True, stdout=subprocess.PIPE, cwd="/"
    ) as made:
        assert made.stdout is not None
        made.stdout.readline()
        try:
            yield made
        finally:
            for pid in running(uid):
                os.kill(pid, 9)


def gone(made: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + 20
    while made.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    return made.poll() is not None


@contextmanager
def _users(shared: Shared, folder: Path, *, table: bool) -> Iterator[World]:  # noqa: ARG001
    with ExitStack() as stack:
        name, uid = stack.enter_context(user())
        other, _ = stack.enter_context(user())
        third, _ = stack.enter_context(user())
        stack.enter_context(process(uid))
        users = folder / "users"
        users.write_text(f"# who is who\nc1 {name}\nc2 {other}\nc3 {third}\nboth {name}-x\n")
        state = folder / "state"
        power = UnixAccount(
            measure="suspend_account" if table else "suspend_service",
            state=state,
            users=users if table else None,
            politely=1.0,
            patience=60.0,
        )
        power.prepare()

        def stopped() -> bool:
            assert may_enter(other)
            return not may_enter(name) and not running(uid)

        def person() -> None:
            assert run("usermod", "-L", "-e", "1", third).returncode == 0

        broken = UnixAccount(measure=power.measure, state=folder / "nosuch", users=power.users)
        yield World(
            power=power,
            scope="account" if table else "service",
            target="c1" if table else name,
            neighbour="c2" if table else other,
            state=lambda: [entry(one) for one in (name, other, third, "root")],
            stopped=stopped,
            person=person if table else None,
            vanish=lambda: assert_done("userdel", name, ended=uid),
            broken=[(broken, False)],
            hostile=("c9", "both") if table else ("-x", "Root", "a" * 40),
        )


def assert_done(*words: str, ended: int) -> None:
    for pid in running(ended):
        os.kill(pid, 9)
    until = time.monotonic() + 20
    while (done := run(*words)).returncode != 0:
        assert time.monotonic() < until, done.stderr
        time.sleep(0.05)


@contextmanager
def _by_table(shared: Shared, folder: Path) -> Iterator[World]:
    with _users(shared, folder, table=True) as world:
        yield world


@contextmanager
def _by_name(shared: Shared, folder: Path) -> Iterator[World]:
    with _users(shared, folder, table=False) as world:
        yield world


KINDS = {
    "by a table": Kind(missing=missing, make=_by_table),
    "by name": Kind(missing=missing, make=_by_name),
}
