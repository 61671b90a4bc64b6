"""Who knocks at the hand's door is believed in nothing and keeps nobody waiting."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aupkeep.inlets.knocks import Knocks
from aupkeep.outlets.knock import knock

ID = "0123456789abcdef" * 2


@pytest.fixture
def door(tmp_path: Path) -> Path:
    return tmp_path / "hand.sock"


@pytest.fixture
def knocks(door: Path) -> Iterator[Knocks]:
    made = Knocks(door)
    yield made
    made.close()


def call(door: Path) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    caller.connect(str(door))
    return caller


def heard(knocks: Knocks) -> list[str]:
    """Return what is heard until nobody is at the door."""
    found: list[str] = []
    while True:
        before = len(found)
        found += knocks.wait(0.05)
        if len(found) == before:
            return found


def test_an_id_is_heard(knocks: Knocks, door: Path) -> None:
    knock(door, ID)
    assert knocks.wait(5.0) == [ID]
    assert knocks.wait(0.0) == []


def test_many_are_heard(knocks: Knocks, door: Path) -> None:
    ids = [f"{number:032x}" for number in range(20)]
    for one in ids:
        knock(door, one)
    assert heard(knocks) == ids


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        ID.encode()[:-1] + b"\n",
        ID.encode() + b"0\n",
        ID.upper().encode() + b"\n",
        b"' OR 1=1 --\n",
        b"\x00\xff" * 40,
        b"x" * 100_000,
        b"../../etc/passwd\n",
        ID.encode() + b" " + ID.encode() + b"\n",
    ],
    ids=range(10),
)
def test_rubbish_is_not_heard_and_harms_nobody(knocks: Knocks, door: Path, said: bytes) -> None:
    with call(door) as caller:
        caller.setblocking(False)  # noqa: FBT003  # the socket's own signature
        if said:
            caller.send(said)
    knock(door, ID)
    assert heard(knocks) == [ID]


def test_without_a_newline_but_closed_it_is_heard(knocks: Knocks, door: Path) -> None:
    with call(door) as caller:
        caller.sendall(ID.encode())
    assert knocks.wait(5.0) == [ID]


def test_silent_callers_share_one_patience(
    knocks: Knocks, door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty who say nothing take no more time than one; who speaks after them is heard."""
    asked: list[float] = []

    class Watched(socket.socket):
        def settimeout(self, value: float | None) -> None:
            if value:
                asked.append(value)
            super().settimeout(value)

    monkeypatch.setattr(socket, "socket", Watched)
    silent = [call(door) for _ in range(20)]
    asked.clear()
    knock(door, ID)
    asked.clear()
    assert heard(knocks) == [ID]
    for one in silent:
        one.close()
    # The first may wait a second; together they may wait hardly more.
    assert max(asked) <= 1.0
    assert sum(sorted(asked)[:-1]) < 1.0


def test_one_who_drips_is_not_waited_for(knocks: Knocks, door: Path) -> None:
    stop = threading.Event()

    def drip() -> None:
        with call(door) as caller:
            for byte in ID.encode() * 3:
                try:
                    caller.send(bytes([byte]))
                except OSError:
                    return
                if stop.wait(0.2):
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    assert knocks.wait(5.0) == []
    stop.set()
    thread.join()


def test_a_crowd_is_heard_in_turns(knocks: Knocks, door: Path) -> None:
    ids = [f"{number:032x}" for number in range(30)]
    for one in ids:
        knock(door, one)
    assert len(heard(knocks)) == 30


def test_only_the_owner_and_the_group_may_knock(knocks: Knocks, door: Path) -> None:
    assert stat.S_IMODE(os.stat(door).st_mode) == 0o660  # noqa: PTH116  # as the system says it
    assert knocks.wait(0.0) == []


def test_a_new_hand_takes_the_place_of_a_dead_one(door: Path) -> None:
    first = Knocks(door)
    second = Knocks(door)
    knock(door, ID)
    assert second.wait(5.0) == [ID]
    assert first.wait(0.0) == []
    second.close()
    assert not door.exists()
    first.close()


def test_nobody_behind_the_door_is_the_callers_matter(door: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        knock(door, ID)
    with pytest.raises(OSError, match=r"."):
        knock(door.parent / "no-folder" / "hand.sock", ID)


def test_a_deep_folder_is_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8)
    folder.mkdir(parents=True)
    made = Knocks(folder / "hand.sock")
    knock(folder / "hand.sock", ID)
    assert made.wait(5.0) == [ID]
    made.close()
