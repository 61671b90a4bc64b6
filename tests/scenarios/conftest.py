"""What the scenarios share: the installed command, and one made-up fortnight on disk."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from installed import END, Command


@pytest.fixture(scope="session")
def aupkeep() -> Command:
    return Command()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def fortnight(tmp_path_factory: pytest.TempPathFactory, aupkeep: Command) -> Path:
    """Folder with the raw files of one fortnight, made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "fortnight"
    with _locked(shared / "fortnight.lock"):
        if not (folder / "truth.jsonl").exists():
            done = aupkeep("demo", "--write", folder, "--end", END)
            assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="session")
def mail(fortnight: Path) -> bytes:
    """Hours of one provider's mail log in which one login sends far too much."""
    lines = (fortnight / "jasmo" / "mail.log.1").read_bytes().splitlines(keepends=True)
    wanted = [line for line in lines if b"2026-03-09T22" <= line[:13] < b"2026-03-10T03"]
    assert 1_000 < len(wanted) < 20_000
    return b"".join(wanted)


@pytest.fixture(scope="session")
def books(fortnight: Path) -> tuple[str, ...]:
    """Options that name who held what."""
    return (
        "--holdings",
        str(fortnight / "holdings.csv"),
        "--profiles",
        str(fortnight / "profiles.csv"),
        "--policy",
        "jasmo",
    )
