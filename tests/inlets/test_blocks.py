"""Blocks of whole lines: plain, packed, cut off, damaged, and lines that never end."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import random
import sys
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.inlets.files.blocks import (
    BLOCK,
    LONGEST_PENDING,
    Block,
    BrokenFileError,
    Cutter,
    open_bytes,
    read_blocks,
    read_head,
    read_whole,
    stdin_bytes,
)

#: Lines that hardly pack, so that packed damage can be anywhere.
NOISE = random.Random(7).randbytes(600_000).hex().encode()
LINES = b"\n".join(NOISE[at : at + 90] for at in range(0, len(NOISE), 90)) + b"\n"


def read(path: Path) -> tuple[list[Block], BrokenFileError | None]:
    blocks = []
    with open_bytes(path) as stream:
        try:
            for block in read_blocks(stream, path.name):
                blocks.append(block)  # noqa: PERF402 - what came before the damage is kept
        except BrokenFileError as broken:
            return blocks, broken
    return blocks, None


def assert_whole(blocks: list[Block], text: bytes, *, offset: int = 0) -> None:
    """Blocks follow one another, and only the last may lack its newline."""
    assert b"".join(block.data for block in blocks) == text
    for block in blocks:
        assert block.offset == offset
        offset += len(block.data)
    assert all(block.data.endswith(b"\n") for block in blocks[:-1])
    assert all(block.data for block in blocks)


@pytest.mark.parametrize("text", [b"", b"\n", b"a\n", b"a\nb", b"\n\n\nb", b"x" * 10, LINES])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_to_its_end(tmp_path: Path, text: bytes, *, packed: bool) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(gzip.compress(text) if packed else text)
    blocks, broken = read(path)
    assert broken is None
    assert_whole(blocks, text)


def test_a_packed_copy_in_two_parts_gives_the_same_positions(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(LINES[:100_000]) + gzip.compress(LINES[100_000:]))
    blocks, broken = read(path)
    assert broken is None
    assert_whole(blocks, LINES)


def test_reading_on_from_a_place_gives_the_rest(tmp_path: Path) -> None:
    for text, name in ((LINES, "plain"), (gzip.compress(LINES), "packed")):
        (tmp_path / name).write_bytes(text)
        with open_bytes(tmp_path / name) as stream:
            stream.seek(9_100)
            blocks = list(read_blocks(stream, name, offset=9_100))
        assert_whole(blocks, LINES[9_100:], offset=9_100)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.99])
def test_a_packed_file_that_breaks_off_gives_what_is_there(tmp_path: Path, share: float) -> None:
    path = tmp_path / "mail.log.1.gz"
    packed = gzip.compress(LINES)
    path.write_bytes(packed[: int(len(packed) * share)])
    blocks, broken = read(path)
    found = b"".join(block.data for block in blocks)
    assert_whole(blocks, LINES[: len(found)])
    # The text hardly packs, so as much of it must be there as of the file, less a few blocks.
    assert len(found) >= len(LINES) * share - 150_000
    assert len(found) > 0 or share < 0.1
    assert broken is not None
    (fault,) = broken.faults
    assert fault.code == "broken-file"
    assert fault.place is not None
    assert fault.place.file == "mail.log.1.gz"


def test_every_cut_of_a_small_packed_file_is_named(tmp_path: Path) -> None:
    text = b"one\ntwo\nthree\n"
    packed = gzip.compress(text)
    path = tmp_path / "small.gz"
    for size in range(2, len(packed)):
        path.write_bytes(packed[:size])
        blocks, broken = read(path)
        assert broken is not None, size
        assert text.startswith(b"".join(block.data for block in blocks))


def test_damage_inside_a_packed_file_is_named(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LINES))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(packed)
    blocks, broken = read(path)
    assert broken is not None
    assert len(b"".join(block.data for block in blocks)) > len(LINES) // 4


def test_junk_after_a_packed_file_is_named_and_the_file_read(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(b"a\nb\n") + b"junk")
    blocks, broken = read(path)
    assert_whole(blocks, b"a\nb\n")
    assert broken is not None


def test_what_only_looks_packed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(b"\x1f\x8b and so on\n")
    blocks, broken = read(path)
    assert blocks == []
    assert broken is not None


def test_the_head_of_a_damaged_file_is_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    packed = gzip.compress(LINES)
    path.write_bytes(packed[: len(packed) // 2])
    with open_bytes(path) as stream:
        head = read_head(stream, len(LINES))
    assert LINES.startswith(head)
    assert len(head) > len(LINES) // 4
    with open_bytes(path) as stream:
        assert read_head(stream, 10) == LINES[:10]


@pytest.mark.parametrize("size", [LONGEST_PENDING - 1, LONGEST_PENDING, 2 * LONGEST_PENDING + 5])
def test_a_line_without_end_is_cut_where_its_text_says(tmp_path: Path, size: int) -> None:
    text = b"first\n" + b"x" * size + b"\nlast\n"
    path = tmp_path / "long.log"
    path.write_bytes(text)
    blocks, broken = read(path)
    assert broken is None
    assert b"".join(block.data for block in blocks) == text
    places = {block.offset for block in blocks}
    cuts = [6 + piece * LONGEST_PENDING for piece in range(1, size // LONGEST_PENDING + 1)]
    assert set(cuts) <= places
    assert all(text[place - 1 : place] == b"\n" for place in places - {0, *cuts})
    assert max(len(block.data) for block in blocks) <= LONGEST_PENDING + BLOCK


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60).map(lambda text: text.replace(b"\x00", b"\n")),
       st.lists(st.integers(0, 60), max_size=8), st.integers(0, 9))  # fmt: skip
def test_lines_do_not_depend_on_how_bytes_came(text: bytes, cuts: list[int], offset: int) -> None:
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    cutter, blocks = Cutter(offset), []
    for start, end in itertools.pairwise(ends):
        blocks += cutter.add(text[start:end])
        assert all(block.data.endswith(b"\n") for block in blocks)
        assert cutter.seen == offset + end
    blocks += cutter.rest()
    assert_whole(blocks, text, offset=offset)
    assert cutter.rest() == []


def test_cuts_of_a_line_without_end_do_not_depend_on_how_it_came() -> None:
    text = b"y" * (LONGEST_PENDING + 1000) + b"\nz\n"
    for step in (len(text), BLOCK, LONGEST_PENDING - 1, LONGEST_PENDING):
        cutter, starts = Cutter(0), []
        for at in range(0, len(text), step):
            starts += [block.offset for block in cutter.add(text[at : at + step])]
        assert starts[:2] == [0, LONGEST_PENDING]


def test_a_pipe_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(b"a\nb\n"),))
    writer.start()
    with open_bytes(path) as stream:
        assert [block.data for block in read_blocks(stream, "pipe")] == [b"a\nb\n"]
    writer.join()


def test_the_system_names_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_bytes(tmp_path / "gone")
    with pytest.raises(IsADirectoryError):
        open_bytes(tmp_path)


def test_a_stream_that_fails_is_broken() -> None:
    class Failing(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            found = super().read1(4 if size is None else min(size, 4))
            if not found:
                raise zlib.error("bad data")
            return found

    blocks = read_blocks(Failing(b"ab\ncd"), "failing")
    # The line at the damage is surely cut and is not handed on.
    assert next(blocks) == Block(0, b"ab\n")
    with pytest.raises(BrokenFileError, match="bad data"):
        next(blocks)


def test_standard_input_is_bytes() -> None:
    assert stdin_bytes() is sys.stdin.buffer


def test_a_whole_file_and_what_damage_hides(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    packed = gzip.compress(LINES)
    path.write_bytes(packed)
    assert read_whole(path) == (LINES, None)
    path.write_bytes(packed[: len(packed) // 2])
    data, fault = read_whole(path)
    assert LINES.startswith(data)
    assert len(data) > len(LINES) // 4
    assert fault is not None
    assert fault.code == "broken-file"
