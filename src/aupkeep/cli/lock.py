"""One process of a kind in a data folder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from aupkeep.base.errors import AupkeepError, Fault

#: Seconds to wait for a process that is about to end.
PATIENCE = 5.0


def hold(data: Path, name: str) -> None:
    """Make this the only `name` (engine, hand) of the data folder.

    The lock goes with the process, however it ends. A process whose supervisor was killed ends by
    itself within a pause, so a new one waits for it a little; raises `AupkeepError` after that.
    """
    lock = os.open(data / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o640)
    os.set_inheritable(lock, False)  # noqa: FBT003  # the system's own signature
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise AupkeepError(
                    Fault(
                        code=f"second-{name}",
                        what=f"another {name} is at work in `{data}`",
                        hint="end it first: two would write the same record",
                    )
                ) from None
            time.sleep(0.1)
        else:
            return
