"""Run another program, bounded by time, without a shell.

In: words. Out: what it said. A program that is missing, hangs or cannot be started is a
`PowerFault` in plain words.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.base.errors import Fault
from aupkeep.sanctions.power import PowerFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program said; `code` is its exit code."""

    code: int
    out: str
    err: str


def find(program: str) -> str | None:
    """Return the path of `program`, also in the administrator's folders."""
    return shutil.which(program, path=_path())


def run(words: Sequence[str], *, patience: float, stdin: str = "") -> Answer:
    """Run `words` for at most `patience` seconds; raises `PowerFault`.

    The program gets no environment but its search path, so that nothing there changes its answer.
    """
    program = find(words[0])
    if program is None:
        what = f"`{words[0]}` is not on this machine"
        raise PowerFault(Fault(code="no-program", what=what), retry=False)
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs, no shell
            [program, *words[1:]],
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=patience,
            env={"PATH": _path(), "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        what = f"`{words[0]}` gave no answer within {patience:g} s"
        raise PowerFault(Fault(code="hangs", what=what), retry=True) from None
    except OSError as error:
        what = f"`{words[0]}` cannot be started: {(error.strerror or str(error)).lower()}"
        raise PowerFault(Fault(code="no-program", what=what), retry=True) from error
    return Answer(
        code=done.returncode,
        out=done.stdout.decode("utf-8", "replace"),
        err=done.stderr.decode("utf-8", "replace"),
    )


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
