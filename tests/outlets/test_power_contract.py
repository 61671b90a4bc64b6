"""What every power promises, tried on each of them in a world of its own.

A power that keeps this can be left to the hand, which may die anywhere and asks again.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from power_worlds import APART, WORLDS
from power_worlds.world import Shared, World

from aupkeep.outlets.kinds import KINDS
from aupkeep.sanctions.power import Mark, Order, Power, PowerFault

#: Texts that are a target nowhere, or stand for nothing but themselves.
HOSTILE = (
    "", " ", "-", "--help", "-rf", "a b", "a\nb", "a\tb", "\0", "x;reboot", "$(reboot)", "`reboot`",
    "' or 1=1", '"', "\\", "{", "}", "../../etc/passwd", "/", "root", "0", "::", "%s", "\u202eevil",
    "\ud800", "\uff21\uff22", "x" * 5000, "a@b\n# aupkeep s9 until -", "https://x.example/\r\n",
)  # fmt: skip


def test_every_kind_of_power_has_its_worlds() -> None:
    assert {*WORLDS, *APART} == set(KINDS)
    assert not set(WORLDS) & set(APART)


@pytest.fixture(scope="session")
def shared() -> Iterator[Shared]:
    with ExitStack() as stack:
        yield Shared(stack)


@pytest.fixture(
    params=[(kind, name) for kind, worlds in WORLDS.items() for name in worlds],
    ids=lambda both: "-".join(both).replace(" ", "-"),
)
def world(request: pytest.FixtureRequest, shared: Shared, tmp_path: Path) -> Iterator[World]:
    kind = WORLDS[request.param[0]][request.param[1]]
    if why := kind.missing():
        pytest.skip(why)
    with kind.make(shared, tmp_path) as made:
        yield made


def planned(world: World, sanction: str = "s1", target: str | None = None) -> Order:
    order = world.order(sanction, target)
    return replace(order, before=world.power.plan(order))


def ours(power: Power) -> list[str]:
    return sorted(mark.sanction for mark in power.marks() if mark.sanction)


def test_it_can_work_and_says_what_it_does(world: World) -> None:
    assert world.power.troubles() == []
    for target in (world.target, world.neighbour):
        assert world.power.carries(world.scope, target) == ""
    assert world.power.carries("galaxy", world.target) != ""


def test_planning_looking_and_undoing_before_change_nothing(world: World) -> None:
    before = world.state()
    order = planned(world)
    assert not world.power.look(order).in_force
    assert not world.stopped()
    world.power.undo(order)
    world.power.prepare()
    assert world.state() == before
    assert ours(world.power) == []


def test_it_holds_once_and_leaves_nothing_behind(world: World) -> None:
    before = world.state()
    order = planned(world)
    for _ in range(2):
        world.power.apply(order)
        seen = world.power.look(order)
        assert seen.in_force, seen.how
        assert world.stopped()
        assert ours(world.power) == ["s1"]
    assert world.state() != before
    held = world.state()
    world.power.prepare()
    assert not world.power.look(world.order("s2")).in_force
    assert not world.power.look(world.order("s1", world.neighbour)).in_force
    assert world.state() == held
    for _ in range(2):
        world.power.undo(order)
        assert not world.power.look(order).in_force
        assert not world.stopped()
        assert world.state() == before
    assert ours(world.power) == []
    # The next sanction finds it as if nothing had been.
    again = planned(world, "s2")
    world.power.apply(again)
    assert world.power.look(again).in_force
    world.power.undo(again)
    assert world.state() == before


@pytest.mark.parametrize("first", ["s1", "s2"])
def test_two_sanctions_hold_until_both_are_lifted(world: World, first: str) -> None:
    before = world.state()
    orders = {}
    for sanction in ("s1", "s2"):
        orders[sanction] = planned(world, sanction)
        world.power.apply(orders[sanction])
    assert ours(world.power) == ["s1", "s2"]
    other = orders["s2" if first == "s1" else "s1"]
    world.power.undo(orders[first])
    assert not world.power.look(orders[first]).in_force
    assert world.power.look(other).in_force
    assert world.stopped()
    world.power.apply(other)
    assert ours(world.power) == [other.sanction]
    world.power.undo(other)
    assert not world.stopped()
    assert world.state() == before


def test_the_neighbour_is_held_by_itself(world: World) -> None:
    before = world.state()
    mine, theirs = planned(world), planned(world, "s2", world.neighbour)
    world.power.apply(mine)
    world.power.apply(theirs)
    assert world.power.look(theirs).in_force
    world.power.undo(theirs)
    assert not world.power.look(theirs).in_force
    assert world.power.look(mine).in_force
    assert world.stopped()
    world.power.undo(mine)
    assert world.state() == before


def test_marks_of_people_are_named_and_stay(world: World) -> None:
    if world.person is None:
        pytest.skip("a person's mark is a state like any other at this door")
    world.person()
    before = world.state()
    foreign = strangers(world.power)
    assert foreign
    order = planned(world)
    world.power.apply(order)
    assert strangers(world.power) == foreign
    assert ours(world.power) == ["s1"]
    world.power.undo(order)
    assert world.state() == before
    assert strangers(world.power) == foreign


def strangers(power: Power) -> list[Mark]:
    return [mark for mark in power.marks() if not mark.sanction]


@pytest.mark.slow
def test_killed_before_any_step_and_asked_again_it_is_the_same(world: World) -> None:
    before = world.state()
    order = planned(world)
    steps = 0
    while killed(world.power, "apply", order, steps):
        # Whatever was done, it can be taken back or carried out.
        if steps % 2:
            world.power.undo(order)
            assert world.state() == before, f"undone after {steps} steps"
        world.power.apply(order)
        assert world.power.look(order).in_force, f"applied after {steps} steps"
        assert ours(world.power) == ["s1"]
        world.power.undo(order)
        assert world.state() == before, f"after {steps} steps"
        steps += 1
    assert world.power.look(order).in_force
    back = 0
    while killed(world.power, "undo", order, back):
        if back % 2:
            world.power.apply(order)
            assert world.power.look(order).in_force, f"applied after {back} steps back"
        world.power.undo(order)
        assert not world.power.look(order).in_force
        assert world.state() == before, f"undone after {back} steps back"
        world.power.apply(order)
        back += 1
    assert world.state() == before
    assert ours(world.power) == []
    assert min(steps, back) > 0


#: What changes something outside of the process, as Python tells before it does.
_STEPS = frozenset(
    {
        *("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir"),
        *("os.setxattr", "os.symlink", "os.truncate", "os.utime", "subprocess.Popen"),
        *("socket.connect", "signal.pthread_kill", "os.kill"),
    }
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def killed(power: Power, act: str, order: Order, before: int) -> bool:
    """Carry `act` out in a process that kills itself before step `before`; return whether it did.

    Where it has fewer steps it ends by itself.
    """
    child = os.fork()
    if child == 0:
        left = before

        def hook(event: str, args: tuple[Any, ...]) -> None:
            nonlocal left
            if event in _STEPS or (event == "open" and args[2] & _WRITES):
                left -= 1
                if left == -1:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(hook)
            getattr(power, act)(order)
        except BaseException:  # noqa: BLE001  # the parent must see that it ended, however
            os._exit(3)
        os._exit(0)
    until = time.monotonic() + 60
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"{act} hangs when killed before step {before}")
        time.sleep(0.002)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, f"{act} failed before step {before}"
    return False


def test_what_cannot_work_says_so_and_whether_to_try_again(world: World) -> None:
    before = world.state()
    assert world.broken
    for power, heals in world.broken:
        assert power.troubles()
        with pytest.raises(PowerFault) as fault:
            power.apply(world.order())
        assert fault.value.retry == heals
        assert fault.value.faults[0].what
    assert world.state() == before


def test_hostile_texts_are_refused_or_mean_nothing(world: World) -> None:
    before = world.state()
    for text in (*HOSTILE, *world.hostile):
        order = world.order("s9", text)
        refused = world.power.carries(world.scope, text)
        acts = (world.power.plan, world.power.apply, world.power.look, world.power.undo)
        for act in acts:
            fault = refusal(act, order)
            # Looking and undoing may answer as well: it is not in force, and nothing is done.
            assert fault or not refused or act not in acts[:2], (text, act)
            assert fault is None or not fault.retry, (text, act, fault)
        assert world.state() == before, text
    assert ours(world.power) == []


def refusal(act: Callable[[Order], object], order: Order) -> PowerFault | None:
    try:
        act(order)
    except PowerFault as fault:
        return fault
    return None


def test_a_target_that_has_vanished_is_a_clear_fault(world: World) -> None:
    if world.vanish is None:
        pytest.skip("a target is only a name at this door")
    order = planned(world)
    world.vanish()
    for act in (world.power.plan, world.power.apply):
        with pytest.raises(PowerFault, match="there is no") as fault:
            act(order)
        assert not fault.value.retry
    assert not world.power.look(order).in_force
    world.power.undo(order)
    assert ours(world.power) == []
