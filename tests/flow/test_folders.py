from __future__ import annotations

from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError, MisuseError, render
from aupkeep.flow.folders import LARGEST_FILE, find_folder, read_folder


def test_files_are_read_with_their_line_ends_and_hidden_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_bytes(b"a: 1\r\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("x")
    (tmp_path / ".policy.md.swp").write_text("x")
    folder = read_folder(tmp_path)
    assert folder.files == {"rules/a.yml": "a: 1\r\n"}
    assert folder.faults == ()


def test_a_file_that_is_no_text_is_a_fault_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_bytes(b"one\ntwo \xff three\n")
    folder = read_folder(tmp_path)
    assert folder.files["policy.md"] == "one\ntwo \ufffd three\n"
    (fault,) = folder.faults
    assert render(fault).splitlines() == [
        "policy.md:2:5: this is not UTF-8 text",
        "    2 | two \ufffd three",
        " " * 12 + "^",
    ]


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_bytes(b"x" * (LARGEST_FILE + 1))
    with pytest.raises(AupkeepError, match="larger than 1000000 bytes"):
        read_folder(tmp_path)


def test_a_folder_is_found_by_path_or_by_shipped_name(tmp_path: Path) -> None:
    assert find_folder(str(tmp_path)) == tmp_path
    assert find_folder("jasmo").name == "jasmo"


def test_an_unknown_name_is_misuse_with_a_hint() -> None:
    with pytest.raises(MisuseError) as caught:
        find_folder("jasmos")
    (fault,) = caught.value.faults
    assert caught.value.exit_code == 2
    assert fault.hint == "did you mean `jasmo`?"
    assert "injazat" in fault.allowed
