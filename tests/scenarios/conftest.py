"""What the scenarios share: the installed command, and one made-up fortnight on disk."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: End of the fortnight that the scenarios read.
END = "2026-03-15T00:00:00Z"


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    def objects(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """The installed command; no call of it may ever show a traceback."""

    words = (sys.executable, "-m", "aupkeep")

    def __call__(
        self,
        *words: object,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> Done:
        ended = subprocess.run(
            [*self.words, *map(str, words)],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=240,
            check=False,
        )
        done = Done(
            ended.returncode,
            ended.stdout.decode("utf-8", "replace"),
            ended.stderr.decode("utf-8", "replace"),
        )
        assert "Traceback" not in done.out + done.err, done.out[-3000:] + done.err[-3000:]
        return done

    def detect(self, *words: object) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Run `detect --json`; return its findings and its summary."""
        done = self("detect", "--json", *words)
        assert done.code in (0, 1), done.err
        *findings, last = done.objects()
        return findings, last["summary"]


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
