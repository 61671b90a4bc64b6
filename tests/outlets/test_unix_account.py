"""The lock of users beyond the contract: what stood before, processes, people, other users."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from power_worlds.accounts import assert_done, entry, gone, may_enter, missing, process, run, user

from aupkeep.outlets.unix_account import processes
from aupkeep.outlets.unix_account.power import UnixAccount
from aupkeep.outlets.unix_account.processes import running
from aupkeep.sanctions.power import Order, PowerFault

if missing():
    pytest.skip(missing(), allow_module_level=True)


@pytest.fixture
def own() -> Iterator[tuple[str, int]]:
    with user() as made:
        yield made


@pytest.fixture
def power(tmp_path: Path) -> UnixAccount:
    made = UnixAccount(
        measure="suspend_account", state=tmp_path / "state", politely=0.2, patience=60.0
    )
    made.prepare()
    return made


def order(target: str, sanction: str = "s1") -> Order:
    return Order(
        sanction=sanction, provider="jasmo", case="c1", measure="suspend_account",
        scope="account", target=target, until=None, before="",
    )  # fmt: skip


@pytest.mark.parametrize(
    "before",
    [
        ("-p", "$6$salt$hash"),
        ("-p", "!$6$salt$hash"),
        ("-p", "!"),
        ("-p", "*"),
        ("-p", ""),
        ("-e", "2031-05-06"),
        ("-e", "0"),
        ("-e", "1", "-L"),
        ("-e", "1"),
        ("-s", "/usr/sbin/nologin", "-p", "x"),
    ],
    ids=" ".join,
)
def test_what_stood_before_comes_back_exactly(
    power: UnixAccount, own: tuple[str, int], before: tuple[str, ...]
) -> None:
    name, _ = own
    assert run("usermod", *before, name).returncode == 0
    was = entry(name)
    for sanction in ("s1", "s2"):
        power.apply(order(name, sanction))
        assert power.look(order(name, sanction)).in_force
        assert entry(name)[0] == was[0]
    assert not may_enter(name)
    power.undo(order(name))
    assert not may_enter(name)
    power.undo(order(name, "s2"))
    assert entry(name) == was
    assert list(power.state.iterdir()) == [power.state / "lock"]


def test_no_password_is_kept(power: UnixAccount, own: tuple[str, int]) -> None:
    name, _ = own
    run("usermod", "-p", "$6$salt$secretsecret", name)
    power.apply(order(name))
    kept = b"".join(path.read_bytes() for path in power.state.iterdir())
    assert b"secretsecret" not in kept
    assert "secretsecret" not in power.plan(order(name))
    assert all(path.stat().st_mode & 0o077 == 0 for path in power.state.glob("*.json"))


def test_processes_end_even_those_that_will_not(power: UnixAccount, own: tuple[str, int]) -> None:
    name, uid = own
    with user() as (_, other), process(uid, deaf=True) as deaf, process(other) as neighbour:
        with process(uid) as calm:
            power.apply(order(name))
            assert running(uid) == []
            assert gone(deaf)
            assert gone(calm)
            assert deaf.returncode == -signal.SIGKILL
            assert neighbour.poll() is None
            assert "0 processes" in power.look(order(name)).how
        # Somebody lets a process of it run in spite of the lock.
        with process(uid):
            seen = power.look(order(name))
            assert not seen.in_force
            assert "processes" in seen.how


def test_processes_that_are_started_ever_again_are_a_fault(own: tuple[str, int]) -> None:
    _, uid = own
    one = f"while :; do setpriv --reuid={uid} --clear-groups sleep 60; done"
    script = f"for number in 1 2 3 4 5 6 7 8; do {one} & done; wait"
    with subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True) as master:
        try:
            with pytest.raises(PowerFault, match="still run, or are started ever again") as fault:
                processes.end(uid, politely=0.0, patience=0.5)
            assert fault.value.retry
        finally:
            os.killpg(master.pid, signal.SIGKILL)
            master.wait()
            for pid in running(uid):
                os.kill(pid, signal.SIGKILL)


def test_root_is_never_met(power: UnixAccount) -> None:
    with pytest.raises(ValueError, match="root"):
        processes.end(0, politely=0, patience=0)
    for name in ("root", "daemon"):
        with pytest.raises(PowerFault, match="the system's own") as fault:
            replace(power, least=1000).apply(order(name))
        assert not fault.value.retry


def test_what_a_person_changed_meanwhile_stays(power: UnixAccount, own: tuple[str, int]) -> None:
    name, _ = own
    run("usermod", "-p", "hash", name)
    power.apply(order(name))
    run("usermod", "-e", "2031-05-06", name)
    assert not power.look(order(name)).in_force
    power.undo(order(name))
    shadow = entry(name)[1].split(":")
    assert (shadow[1], shadow[7]) == ("hash", "22405")


def test_somebody_else_of_the_same_name_is_not_met(power: UnixAccount) -> None:
    with user() as (name, uid):
        power.apply(order(name))
        assert_done("userdel", name, ended=uid)
        run("useradd", "--no-create-home", "-u", str(uid + 7), "-e", "1970-01-02", "-p", "!x", name)
        was = entry(name)
        power.undo(order(name))
        assert entry(name) == was
        assert power.marks() == []


def test_a_busy_passwd_is_tried_again(power: UnixAccount, own: tuple[str, int]) -> None:
    name, _ = own
    lock = Path("/etc/shadow.lock")
    lock.write_text(str(os.getpid()))
    try:
        with pytest.raises(PowerFault, match="try again later") as fault:
            power.apply(order(name))
        assert fault.value.retry
    finally:
        lock.unlink()
    power.apply(order(name))
    assert power.look(order(name)).in_force
    power.undo(order(name))


def test_a_shared_user_is_refused(power: UnixAccount, tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("c1 alice\nc2 bob\nc2 alice\nc3 eve\n")
    shared = replace(power, users=users)
    assert "alice is shared" in shared.carries("account", "c1")
    assert "alice is shared" in shared.carries("account", "c2")
    assert shared.carries("account", "c3") == ""
    assert "names no user" in shared.carries("account", "c4")
    users.unlink()
    assert "cannot be read" in shared.carries("account", "c3")
    assert any("cannot be read" in line for line in shared.troubles())
