"""A small clean policy folder, and edits that break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Edit = tuple[str, str | None, str | None]
Edited = Callable[..., dict[str, str]]

CLEAN = Path(__file__).parent / "clean"


@pytest.fixture(scope="session")
def clean() -> Mapping[str, str]:
    """Return the files of the clean folder."""
    found = (path for path in sorted(CLEAN.rglob("*")) if path.is_file())
    return {path.relative_to(CLEAN).as_posix(): path.read_text() for path in found}


@pytest.fixture
def edited(clean: Mapping[str, str]) -> Edited:
    """Return the clean folder after edits (path, old, new).

    Without `old` the file becomes `new`; without `new` as well it goes away.
    """

    def edit(*edits: Edit) -> dict[str, str]:
        files = dict(clean)
        for path, old, new in edits:
            if old is not None:
                assert files[path].count(old) == 1, (path, old)
                files[path] = files[path].replace(old, new or "")
            elif new is None:
                del files[path]
            else:
                files[path] = new
        return files

    return edit
