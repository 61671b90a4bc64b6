"""The processes of one user, ended without ever meeting another's.

In: a user's number. Out: no process of it is left, or a fault. A process is held by a descriptor
(pidfd) before it is looked at again, so that a number that was given away meanwhile is not met.
Source: pidfd_open(2), proc(5).
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

from aupkeep.base.errors import Fault
from aupkeep.sanctions.power import PowerFault

#: Between two looks, in seconds.
_PAUSE = 0.02
#: So often in a row nothing must run.
_LOOKS = 2
_ENDED = re.compile(rb"^State:\s+[ZX]", re.MULTILINE)
#: Real, effective and saved user, and that of the file system.
_USERS = re.compile(rb"^Uid:([\s\d]+)$", re.MULTILINE)


def running(uid: int) -> list[int]:
    """Return the numbers of the processes whose real, effective or saved user is `uid`."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return sorted(number for number in numbers if _belongs(number, uid))


def end(uid: int, *, politely: float, patience: float) -> None:
    """End the processes of `uid`: asked to for `politely` seconds, then made to.

    Raises `PowerFault` where some still run, or new ones do, after `patience` seconds more, and
    `ValueError` for root.
    """
    if uid <= 0:
        raise ValueError("processes of root are never ended")
    begun = time.monotonic()
    asked: set[int] = set()
    quiet = 0
    # Whoever starts them again needs a moment: one look alone would miss that.
    while quiet < _LOOKS:
        left = running(uid)
        quiet = 0 if left else quiet + 1
        passed = time.monotonic() - begun
        if left and passed > politely + patience:
            what = f"{len(left)} processes of user {uid} still run, or are started ever again"
            raise PowerFault(Fault(code="processes", what=what), retry=True)
        if passed >= politely:
            _signal(left, uid, signal.SIGKILL)
        else:
            _signal([pid for pid in left if pid not in asked], uid, signal.SIGTERM)
            asked |= set(left)
        time.sleep(_PAUSE)


def _signal(pids: list[int], uid: int, number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            held = os.pidfd_open(pid)
            try:
                if _belongs(pid, uid):
                    signal.pidfd_send_signal(held, number)
            finally:
                os.close(held)


def _belongs(pid: int, uid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return False
    if _ENDED.search(status):
        return False
    users = _USERS.search(status)
    return users is not None and str(uid).encode() in users[1].split()[:3]
