"""Following a file: it grows, is rotated, is truncated, is not there yet, may not be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aupkeep.inlets.files.blocks import BLOCK, Block
from aupkeep.inlets.files.tail import Tail

#: No test polls more often before the tail has nothing more to say.
MOST = 50


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


@pytest.fixture
def tail(path: Path) -> Iterator[Tail]:
    followed = Tail(path)
    yield followed
    followed.close()


def drain(tail: Tail) -> tuple[list[Block], int]:
    """Poll until nothing comes; return the blocks and how many files began."""
    blocks: list[Block] = []
    fresh = 0
    for _ in range(MOST):
        turn = tail.poll()
        blocks += turn.blocks
        fresh += turn.fresh
        if turn.at_end and not turn.fresh:
            return blocks, fresh
    raise AssertionError("the tail never came to rest")


def texts(tail: Tail) -> bytes:
    return b"".join(block.data for block in drain(tail)[0])


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


def test_what_is_there_is_read_and_then_what_comes(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\ntwo\n")
    assert drain(tail) == ([Block(0, b"one\ntwo\n")], 1)
    assert drain(tail) == ([], 0)
    add(path, b"three\n")
    assert drain(tail) == ([Block(8, b"three\n")], 0)
    assert tail.offset == 14


def test_a_line_is_handed_on_when_it_is_whole(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\ntw")
    assert texts(tail) == b"one\n"
    for part in (b"o and", b" more"):
        add(path, part)
        assert texts(tail) == b""
        assert tail.offset == 4
    add(path, b"\nthree")
    assert drain(tail)[0] == [Block(4, b"two and more\n")]


def test_a_file_may_appear_later(path: Path, tail: Tail) -> None:
    assert drain(tail) == ([], 0)
    path.write_bytes(b"")
    assert texts(tail) == b""
    add(path, b"one\n")
    assert drain(tail)[0] == [Block(0, b"one\n")]


def test_reading_goes_on_at_an_offset(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    tail = Tail(path, offset=4)
    assert drain(tail) == ([Block(4, b"two\n")], 0)
    tail.close()


def test_a_file_shorter_than_the_offset_begins_anew(path: Path) -> None:
    path.write_bytes(b"one\n")
    tail = Tail(path, offset=400)
    assert drain(tail) == ([Block(0, b"one\n")], 1)
    tail.close()


def test_rotation_loses_nothing(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\n")
    assert texts(tail) == b"one\n"
    add(path, b"two\nlast words")
    path.rename(path.with_name("mail.log.1"))
    path.write_bytes(b"new\n")
    blocks, fresh = drain(tail)
    assert blocks == [Block(4, b"two\n"), Block(8, b"last words"), Block(0, b"new\n")]
    assert fresh == 1


def test_the_old_file_is_read_while_the_new_one_is_empty(path: Path, tail: Tail) -> None:
    """Until it is told to open the new one, the program goes on writing to the old one."""
    path.write_bytes(b"one\n")
    assert texts(tail) == b"one\n"
    old = path.with_name("mail.log.1")
    path.rename(old)
    assert drain(tail) == ([], 0)
    path.write_bytes(b"")
    assert drain(tail) == ([], 0)
    add(old, b"two\n")
    assert drain(tail) == ([Block(4, b"two\n")], 0)
    add(old, b"three\n")
    add(path, b"new\n")
    blocks, fresh = drain(tail)
    assert blocks == [Block(8, b"three\n"), Block(0, b"new\n")]
    assert fresh == 1


def test_rotation_in_the_middle_of_a_great_line_loses_nothing(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\n")
    assert texts(tail) == b"one\n"
    line = b"x" * (BLOCK + 1000) + b"\n"
    add(path, line + b"two\n")
    path.rename(path.with_name("mail.log.1"))
    path.write_bytes(b"new\n")
    assert texts(tail) == line + b"two\nnew\n"


def test_what_is_written_while_we_look_is_not_lost(path: Path) -> None:
    """The old file gets its last line after it was read and before the new name is seen."""

    old = path.with_name("mail.log.1")

    class Racing(type(path)):  # type: ignore[misc]  # the system's own kind of path
        def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
            if old.exists() and old.read_bytes() == b"one\n":
                add(old, b"two\n")
            return super().stat(follow_symlinks=follow_symlinks)

    path.write_bytes(b"one\n")
    tail = Tail(Racing(path))
    assert texts(tail) == b"one\n"
    path.rename(old)
    path.write_bytes(b"new\n")
    assert texts(tail) == b"two\nnew\n"
    tail.close()


def test_rotation_twice_between_two_looks_goes_on_with_the_newest(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\n")
    assert texts(tail) == b"one\n"
    for number in (2, 3):
        path.rename(path.with_name(f"mail.log.{number}"))
        path.write_bytes(b"new %d\n" % number)
    assert drain(tail) == ([Block(0, b"new 3\n")], 1)


@pytest.mark.parametrize("shorter", [b"", b"new\n", b"new\npart"])
def test_truncation_begins_anew(path: Path, tail: Tail, shorter: bytes) -> None:
    path.write_bytes(b"one\ntwo\nthree")
    assert texts(tail) == b"one\ntwo\n"
    path.write_bytes(shorter)
    blocks, fresh = drain(tail)
    assert b"".join(block.data for block in blocks) == shorter[: shorter.rfind(b"\n") + 1]
    assert fresh == 1
    add(path, b"more\n")
    blocks, fresh = drain(tail)
    assert fresh == 0
    assert blocks[0].offset == shorter.rfind(b"\n") + 1


def test_truncation_within_the_unfinished_line_is_noticed(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\nunfinished")
    assert texts(tail) == b"one\n"
    path.write_bytes(b"one\nunf")
    assert drain(tail) == ([Block(0, b"one\n")], 1)


def test_a_file_that_goes_away_is_waited_for(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\n")
    assert texts(tail) == b"one\n"
    path.unlink()
    assert drain(tail) == ([], 0)
    path.write_bytes(b"new\n")
    assert drain(tail) == ([Block(0, b"new\n")], 1)


def test_letting_go_keeps_the_place(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\ntw")
    assert texts(tail) == b"one\n"
    tail.close()
    add(path, b"o\n")
    assert drain(tail) == ([Block(4, b"two\n")], 0)


def test_rotation_while_let_go_is_noticed(path: Path, tail: Tail) -> None:
    path.write_bytes(b"one\n")
    assert texts(tail) == b"one\n"
    tail.close()
    path.rename(path.with_name("mail.log.1"))
    path.write_bytes(b"a longer line than the old file had\n")
    assert drain(tail) == ([Block(0, b"a longer line than the old file had\n")], 1)


def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        Tail(tmp_path / "folder").poll()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        Tail(tmp_path / "file" / "mail.log").poll()


def test_a_great_file_comes_in_blocks(path: Path, tail: Tail) -> None:
    line = b"y" * 999 + b"\n"
    path.write_bytes(line * (2 * BLOCK // 1000 + 3))
    blocks, fresh = drain(tail)
    assert fresh == 1
    assert len(blocks) > 1
    assert max(len(block.data) for block in blocks) < 2 * BLOCK
    assert b"".join(block.data for block in blocks) == path.read_bytes()
    assert all(block.data.endswith(b"\n") for block in blocks)
