"""Files taken away, beyond the contract: links, races, damage, what is put there meanwhile."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from power_worlds.files import about, missing, tree

from aupkeep.outlets.quarantine import copy
from aupkeep.outlets.quarantine.place import spot
from aupkeep.outlets.quarantine.power import Quarantine
from aupkeep.sanctions.power import Order, PowerFault

if missing():
    pytest.skip(missing(), allow_module_level=True)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return tree(tmp_path / "vhosts")[0]


@pytest.fixture
def power(tmp_path: Path, bad: Path) -> Quarantine:  # noqa: ARG001  # the folder must be there
    made = Quarantine(
        measure="quarantine_file", folder=tmp_path / "kept", roots=(str(tmp_path / "vhosts"),)
    )
    made.prepare()
    return made


def order(target: object, sanction: str = "s1") -> Order:
    return Order(
        sanction=sanction, provider="jasmo", case="c1", measure="quarantine_file", scope="file",
        target=str(target), until=None, before="",
    )  # fmt: skip


def test_the_manifest_says_what_was_taken(power: Quarantine, bad: Path) -> None:
    was = about(bad)
    power.apply(order(bad))
    (manifest,) = power.folder.glob("*/1.json")
    told = json.loads(manifest.read_text())
    assert told["path"] == str(bad)
    assert (told["uid"], told["gid"], told["mode"]) == (33_033, 33_034, 0o4640)
    assert told["mtime"] == 1_600_000_000_987_654_321
    assert manifest.with_name("1.content").read_bytes() == was[0]
    assert told["sha256"] in power.look(order(bad)).how
    assert power.folder.stat().st_mode & 0o077 == 0
    assert manifest.with_name("1.content").stat().st_mode & 0o7777 == 0o600


def test_links_on_the_way_and_at_the_end_are_never_followed(power: Quarantine, bad: Path) -> None:
    secret = bad.parents[2] / "secret"
    elsewhere = bad.parents[2] / "c2"
    elsewhere.mkdir()
    (elsewhere / "theirs.php").write_text("theirs")
    (bad.parent / "way").symlink_to(elsewhere)
    for target in (bad.parent / "link.php", bad.parent / "way" / "theirs.php"):
        with pytest.raises(PowerFault, match="link") as fault:
            power.apply(order(target))
        assert not fault.value.retry
    assert secret.read_text() == "another customer's"
    assert (elsewhere / "theirs.php").read_text() == "theirs"


def test_a_folder_exchanged_for_a_link_is_noticed_when_it_comes_back(
    power: Quarantine, bad: Path
) -> None:
    power.apply(order(bad))
    elsewhere = bad.parents[2] / "c2"
    elsewhere.mkdir()
    bad.parent.rename(bad.parent.with_name("old"))
    bad.parent.symlink_to(elsewhere)
    with pytest.raises(PowerFault, match="reached without a link") as fault:
        power.undo(order(bad))
    assert not fault.value.retry
    assert list(elsewhere.iterdir()) == []
    bad.parent.unlink()
    bad.parent.with_name("old").rename(bad.parent)
    power.undo(order(bad))
    assert bad.exists()


def test_other_names_of_the_file_stay_and_are_told_of(power: Quarantine, bad: Path) -> None:
    other = bad.parents[2] / "other-name"
    os.link(bad, other)
    was = about(bad)
    power.apply(order(bad))
    assert about(other) == was
    assert "1 other names of it still stand" in power.look(order(bad)).how
    # Whoever has the other name changes nothing of what is kept.
    other.write_bytes(b"nothing to see")
    power.undo(order(bad))
    assert about(bad) == was


def test_it_comes_back_only_where_nothing_stands(power: Quarantine, bad: Path) -> None:
    was = about(bad)
    power.apply(order(bad))
    for put in (lambda: bad.write_text("new"), lambda: bad.symlink_to("/etc/passwd"), bad.mkdir):
        put()
        assert "stands there again" in power.look(order(bad)).how
        with pytest.raises(PowerFault, match="something else stands there") as fault:
            power.undo(order(bad))
        assert not fault.value.retry
        bad.rmdir() if bad.is_dir() and not bad.is_symlink() else bad.unlink()
    bad.parent.rename(bad.parent.with_name("away"))
    with pytest.raises(PowerFault, match="no folder"):
        power.undo(order(bad))
    bad.parent.with_name("away").rename(bad.parent)
    power.undo(order(bad))
    assert about(bad) == was


def test_what_is_put_there_again_is_taken_too_and_the_newest_comes_back(
    power: Quarantine, bad: Path
) -> None:
    power.apply(order(bad))
    bad.write_text("second")
    assert not power.look(order(bad)).in_force
    power.apply(order(bad))
    assert power.look(order(bad)).in_force
    assert len(list(power.folder.glob("*/*.content"))) == 2
    power.undo(order(bad))
    assert bad.read_text() == "second"
    # The first one is still there for a person, and is no mark.
    assert [path.name for path in power.folder.glob("*/*.content")] == ["1.content"]
    assert power.marks() == []
    power.apply(order(bad, "s2"))
    power.undo(order(bad, "s2"))
    assert bad.read_text() == "second"


def test_a_file_that_is_written_to_all_the_time_is_tried_again(
    power: Quarantine, bad: Path
) -> None:
    end = threading.Event()

    def write() -> None:
        with bad.open("r+b", buffering=0) as written:
            while not end.is_set():
                written.seek(0)
                written.write(b"x")

    big = b"y" * (8 << 20)
    bad.write_bytes(big)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        with pytest.raises(PowerFault, match="written to all the time") as fault:
            power.apply(order(bad))
        assert fault.value.retry
        assert bad.exists()
    finally:
        end.set()
        thread.join()
    power.apply(order(bad))
    assert not bad.exists()


def test_a_file_exchanged_after_its_copy_is_not_taken_for_it(power: Quarantine, bad: Path) -> None:
    where = spot(str(bad), power.roots, {})
    into = power.folder / "copy"
    known = copy.take(where, into)
    fresh = bad.with_name("fresh")
    fresh.write_text("mine, and new")
    fresh.rename(bad)
    assert not copy.remove(where, known)
    assert bad.read_text() == "mine, and new"


def test_damage_and_purge_are_told(power: Quarantine, bad: Path) -> None:
    power.apply(order(bad))
    (content,) = power.folder.glob("*/1.content")
    content.write_bytes(b"changed by hand")
    with pytest.raises(PowerFault, match="is not what was taken") as fault:
        power.undo(order(bad))
    assert not fault.value.retry
    assert not bad.exists()
    content.unlink()
    content.with_name("1.json").unlink()
    assert power.look(order(bad)).in_force
    with pytest.raises(PowerFault, match="was purged"):
        power.undo(order(bad))


def test_names_of_any_bytes_are_taken(power: Quarantine, bad: Path) -> None:
    for name in (b"a b\nc'\".php", b"\xff\xfe.php", "؟.php".encode(), b"-rf", b"%2e%2e"):
        path = bad.with_name(os.fsdecode(name))
        path.write_text("x")
        assert power.carries("file", str(path)) == ""
        power.apply(order(path))
        assert power.look(order(path)).in_force
        assert not path.exists()
        power.undo(order(path))
        assert path.read_text() == "x"


def test_a_root_that_cannot_take_files_back_is_a_trouble(power: Quarantine) -> None:
    lost = replace(power, roots=("/proc",), sites={"x.example": "/nosuch"})
    assert [line.partition("`")[2].partition("`")[0] for line in lost.troubles()] == [
        "/proc",
        "/nosuch",
    ]
