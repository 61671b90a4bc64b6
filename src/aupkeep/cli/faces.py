"""How commands speak: JSON lines or text, faults on standard error, exit codes.

In: values and faults. Out: text. Exit codes: 0 fine, 1 findings or faults in what was checked,
2 misuse, 3 could not do the job.
"""

from __future__ import annotations

import errno
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from aupkeep.base.errors import AupkeepError, Fault, Place, render

FINE, FOUND, MISUSE, FAILED = 0, 1, 2, 3
#: What a supervised process ends with where time can heal it (EX_TEMPFAIL of sysexits).
DISK_REFUSES = 75
#: Codes of faults that time can heal.
_HEALED_BY_TIME = frozenset({"database-refuses", "disk-refuses", "state-refused"})


def now() -> int:
    """Return the present in microseconds UTC; the faces alone ask the clock."""
    return time.time_ns() // 1000


def say_json(value: dict[str, Any]) -> None:
    """Print one JSON object as one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def complain(faults: Iterable[Fault]) -> int:
    """Print `faults` to standard error and return how many there were."""
    count = 0
    for fault in faults:
        print(render(fault), file=sys.stderr)
        count += 1
    return count


def fail(faults: Iterable[Fault], code: int = FAILED) -> NoReturn:
    """Print `faults` and end the command with `code`."""
    complain(faults)
    raise typer.Exit(code)


@contextmanager
def plain_errors(*, supervised: bool = False) -> Iterator[None]:
    """Turn what a person must change into text and an exit code, never a traceback.

    A `supervised` process that only a full disk or the like stopped says so by its exit code.
    """
    try:
        yield
    except AupkeepError as error:
        heals = supervised and all(fault.code in _HEALED_BY_TIME for fault in error.faults)
        fail(error.faults, DISK_REFUSES if heals else error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): that is no fault.
        sys.stderr.close()
        raise typer.Exit(FINE) from None
    except OSError as refused:
        what = f"the system refuses: {(refused.strerror or str(refused)).lower()}"
        place = Place(file=str(refused.filename)) if refused.filename else None
        heals = supervised and refused.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
        fault = Fault(code="refused", what=what, place=place)
        fail([fault], DISK_REFUSES if heals else FAILED)
    except KeyboardInterrupt:
        raise typer.Exit(FAILED) from None
