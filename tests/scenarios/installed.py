"""The installed command, as a person calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
