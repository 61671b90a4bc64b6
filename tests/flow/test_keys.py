"""Secrets: made once, whoever comes first, readable by whom they are for."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aupkeep.flow.keys import LENGTH, kept

_PROGRAM = """
import sys
from pathlib import Path
from aupkeep.flow.keys import kept
sys.stdin.readline()
sys.stdout.write(kept(Path(sys.argv[1]), sys.argv[2].encode(), mode=0o640).decode())
"""


def test_processes_that_come_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "links.key"
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(path), f"secret {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for one in racing:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = {one.communicate(timeout=60)[0] for one in racing}
    assert said == {path.read_text()}
    assert [item.name for item in path.parent.iterdir()] == ["links.key"]


def test_threads_of_one_process_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "links.key"
    gate = threading.Barrier(8)
    found: list[bytes] = []

    def ask(number: int) -> None:
        gate.wait()
        found.append(kept(path, f"secret {number}".encode(), mode=0o640))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(found) == {path.read_bytes()}
    assert len(found) == 8
    assert [item.name for item in path.parent.iterdir()] == ["links.key"]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_what_is_there_stays_and_nobody_else_reads_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys" / "one.key"
    fresh = b"x" * LENGTH
    assert kept(path, fresh, mode=mode) == fresh
    assert kept(path, b"y" * LENGTH, mode=mode) == fresh
    assert path.stat().st_mode & 0o777 & ~mode == 0
    assert path.parent.stat().st_mode & 0o007 == 0


def test_what_a_crash_left_beside_it_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    (tmp_path / ".one.key.0123").write_bytes(b"half")
    assert kept(path, b"whole", mode=0o600) == b"whole"
