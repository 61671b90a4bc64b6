"""A folder of checkpoints: whole after every crash, and never contradicted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError
from aupkeep.outlets.second_place.file import SUFFIX, Folder
from aupkeep.record.checkpoint import read, sign, write
from aupkeep.record.signing import make_pair, read_private
from aupkeep.record.tree import EMPTY, add

KEY = read_private(make_pair("aupkeep", b"k" * 32).private, name="aupkeep")


def text(
    size: int, *, provider: str = "jasmo", at: int = 0, word: bytes = b"x", keys: int = 1
) -> str:
    peaks = add(EMPTY, [word] * size)
    return sign(write(provider, peaks, head=word.hex() * 32, at=at), *[KEY] * keys)


def sizes(place: Folder, provider: str = "jasmo") -> list[int]:
    return [one.size for one in place.all(provider)]


def refused(place: Folder, given: str, provider: str = "jasmo") -> str:
    with pytest.raises(AupkeepError) as error:
        place.put(provider, given)
    (fault,) = error.value.faults
    return f"{fault.code}: {fault.what}"


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "far" / "checkpoints")


@pytest.fixture
def file(place: Folder) -> Path:
    return place.path / f"jasmo{SUFFIX}"


def test_nothing_is_there_at_first(place: Folder) -> None:
    assert place.latest("jasmo") is None
    assert sizes(place) == []
    assert place.providers() == []
    assert not place.path.exists()


def test_checkpoints_are_added_and_read_back_word_for_word(place: Folder, file: Path) -> None:
    texts = [text(size) for size in (1, 2, 57)]
    for one in texts:
        place.put("jasmo", one)
        latest = place.latest("jasmo")
        assert latest is not None
        assert latest.text == one
    assert [one.text for one in place.all("jasmo")] == texts
    assert file.read_text() == "".join(f"{one}----\n" for one in texts)


def test_the_same_twice_is_kept_once(place: Folder, file: Path) -> None:
    place.put("jasmo", text(3, at=5))
    before = file.read_bytes()
    place.put("jasmo", text(3, at=5))
    place.put("jasmo", text(3, at=4))
    assert file.read_bytes() == before


def test_a_later_one_that_says_the_same_is_a_sign_of_life(place: Folder) -> None:
    place.put("jasmo", text(3, at=5))
    place.put("jasmo", text(3, at=6))
    assert [one.at for one in place.all("jasmo")] == [5, 6]


def test_what_contradicts_the_last_one_is_refused(place: Folder, file: Path) -> None:
    place.put("jasmo", text(3))
    before = file.read_bytes()
    smaller = refused(place, text(2))
    assert smaller.startswith("checkpoint-smaller: checkpoint 2-")
    assert smaller.endswith("the chain was cut off at its end")
    other = refused(place, text(3, word=b"y", at=9))
    assert other.startswith("checkpoint-contradicts: checkpoint 3-")
    assert refused(place, text(4, provider="brand")).startswith("checkpoint-unfit")
    long = read_private(make_pair("a" * 200, b"k" * 32).private, name="a" * 200)
    large = sign(read(text(4)).note.body, *[long] * 60)
    assert refused(place, large) == "checkpoint-unfit: it has more than 16384 bytes"
    assert refused(place, text(4)[:-1]).startswith("cut-off")
    assert file.read_bytes() == before


def test_providers_have_their_own_files(place: Folder) -> None:
    names = ["jasmo", "a/../b", ".", "..", "é+ ", "x" * 100, "\ud800", "\U0001f600" * 100]
    names += ["\U0001f600" * 99 + "a"]
    for size, name in enumerate(names, 1):
        place.put(name, text(size, provider=name))
    assert place.providers() == sorted(names)
    for size, name in enumerate(names, 1):
        assert sizes(place, name) == [size]
    assert len(list(place.path.iterdir())) == len(names)
    assert {path.name for path in place.path.parent.iterdir()} == {"checkpoints"}


def test_the_last_one_is_found_in_a_long_file(place: Folder) -> None:
    for size in range(1, 60):
        place.put("jasmo", text(size))
    place.put("jasmo", text(60, keys=90))
    place.put("jasmo", text(61, keys=90))
    latest = place.latest("jasmo")
    assert latest is not None
    assert latest.size == 61
    assert sizes(place) == list(range(1, 62))


def test_whatever_a_crash_left_is_never_read_and_taken_away(place: Folder, file: Path) -> None:
    place.put("jasmo", text(3))
    whole = file.read_bytes()
    place.put("jasmo", text(4))
    both = file.read_bytes()
    for length in range(len(whole), len(both)):
        for rest in (b"", b"\0" * 7):
            torn = both[:length] + rest
            if rest and b"\n----" in torn[len(whole) :]:
                continue
            file.write_bytes(torn)
            assert sizes(place) == [3]
            latest = place.latest("jasmo")
            assert latest is not None
            assert latest.text == text(3)
            assert place.providers() == ["jasmo"]
            place.put("jasmo", text(4))
            assert file.read_bytes() == both


def test_a_first_one_that_was_torn(place: Folder, file: Path) -> None:
    place.put("jasmo", text(3))
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert place.latest("jasmo") is None
        assert sizes(place) == []
        assert place.providers() == []
        place.put("jasmo", text(3))
        assert file.read_bytes() == whole


def test_more_than_a_crash_leaves_is_not_taken_away(place: Folder, file: Path) -> None:
    """Such as when a program changed the line ends: nothing would then be left."""
    for size in (3, 4):
        place.put("jasmo", text(size))
    whole = file.read_bytes()
    for damaged in (
        whole.replace(b"\n", b"\r\n"),
        whole + b"aupkeep/" * 4_000,
        whole + b"x",
        b"root:*:20000:0:99999:7:::\n",
    ):
        file.write_bytes(damaged)
        assert refused(place, text(5)).startswith("second-place-damaged")
        with pytest.raises(AupkeepError, match="more than a crash leaves"):
            sizes(place)
        with pytest.raises(AupkeepError, match="more than a crash leaves"):
            place.latest("jasmo")
        assert file.read_bytes() == damaged


def test_a_link_is_not_followed(place: Folder, file: Path, tmp_path: Path) -> None:
    place.path.mkdir(parents=True)
    for target in (tmp_path / "precious", tmp_path / "nothing"):
        file.unlink(missing_ok=True)
        file.symlink_to(target)
        (tmp_path / "precious").write_text("aupkeep/")
        assert refused(place, text(3)).startswith("second-place-refuses")
    assert (tmp_path / "precious").read_text() == "aupkeep/"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("which", [1, 2])
def test_a_damaged_checkpoint_is_named_with_its_line(place: Folder, file: Path, which: int) -> None:
    for size in (3, 4):
        place.put("jasmo", text(size))
    file.write_bytes(file.read_bytes().replace(b"head", b"hexd", which))
    if which == 2:
        file.write_bytes(file.read_bytes().replace(b"hexd", b"head", 1))
    with pytest.raises(AupkeepError) as error:
        sizes(place)
    (fault,) = error.value.faults
    assert fault.place is not None
    assert (fault.place.file, fault.place.line) == (str(file), 4 if which == 1 else 12)
    if which == 2:
        assert refused(place, text(5)).startswith("bad-head")
        with pytest.raises(AupkeepError) as error:
            place.latest("jasmo")
        assert error.value.faults == (fault,)


def test_a_checkpoint_of_another_provider_is_not_read_as_ours(place: Folder, file: Path) -> None:
    place.put("brand", text(3, provider="brand"))
    (place.path / f"brand{SUFFIX}").rename(file)
    with pytest.raises(AupkeepError, match="checkpoint of `brand`"):
        sizes(place)
    with pytest.raises(AupkeepError, match="checkpoint of `brand`"):
        place.latest("jasmo")
    assert refused(place, text(4)).startswith("checkpoint-unfit")


FILL = """
import resource, sys
from pathlib import Path
from aupkeep.base.errors import AupkeepError
from aupkeep.outlets.second_place.file import Folder
place, limit = Folder(Path(sys.argv[1])), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    place.put("jasmo", sys.stdin.read())
except AupkeepError as error:
    print(error.faults[0].code, error.faults[0].place.file)
"""


def test_a_full_disk_is_told_and_leaves_what_was_there(place: Folder, file: Path) -> None:
    place.put("jasmo", text(3))
    limit = file.stat().st_size + 100
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(place.path), str(limit)],
        input=text(4).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    assert done.stdout.decode() == f"second-place-refuses {file}\n"
    assert sizes(place) == [3]
    place.put("jasmo", text(4))
    assert sizes(place) == [3, 4]


def test_a_folder_that_cannot_be_is_told(place: Folder) -> None:
    place.path.parent.mkdir()
    place.path.write_text("a file")
    assert refused(place, text(3)).startswith("second-place-refuses: the second place of")
    with pytest.raises(AupkeepError):
        place.latest("jasmo")


def test_writers_at_the_same_time_keep_all_in_order(place: Folder) -> None:
    """Whoever comes late with less is refused; the file never holds a mixture."""
    words = (
        "import sys\nfrom pathlib import Path\nfrom aupkeep.base.errors import AupkeepError\n"
        "from aupkeep.outlets.second_place.file import Folder\n"
        "for one in sys.stdin.read().split('====\\n')[:-1]:\n"
        "    try:\n        Folder(Path(sys.argv[1])).put('jasmo', one)\n"
        "    except AupkeepError as error:\n"
        "        assert error.faults[0].code == 'checkpoint-smaller', error\n"
    )
    given = "".join(text(size) + "====\n" for size in range(1, 60)).encode()
    writers = [
        subprocess.Popen([sys.executable, "-c", words, str(place.path)], stdin=subprocess.PIPE)
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(given)
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sizes(place) == list(range(1, 60))


def test_a_copy_can_be_read_by_others(place: Folder, file: Path) -> None:
    place.put("jasmo", text(3))
    assert os.access(file, os.R_OK)
    assert read(file.read_text().removesuffix("----\n")).size == 3
