"""`aupkeep engine` and `aupkeep run`: keep reading, keep the policy, stop when told to."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cli.faces import FINE, now, plain_errors
from aupkeep.cli.place import Folder, opened
from aupkeep.cli.words import summary_text
from aupkeep.flow.engine import Running, run_to_end, start

app = typer.Typer(add_completion=False)

#: Seconds to wait when no inlet has anything.
PAUSE = 0.5
#: Seconds to wait for an engine that is about to end.
PATIENCE = 5.0

Place = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="folder of the installation; default: this folder"),
]
Once = Annotated[
    bool, typer.Option("--once", help="read what there is, as to the end of all input; stop")
]


@app.command()
def engine(
    folder: Place = None,
    *,
    option: Folder = None,
    once: Once = False,
) -> None:
    """Read every inlet, evaluate, open cases, decide; commit as it goes."""
    with plain_errors():
        installation = opened(folder or option)
        if once:
            hold(installation.data)
            say(run_to_end(installation, now))
            raise typer.Exit(FINE)
        hold(installation.data)
        running = start(installation, now)
        parent = os.getppid()
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        print(f"reading {len(running.doors.lines)} logs; mode observe: nothing is carried out")
        while not stop.is_set() and os.getppid() == parent:
            if not running.step():
                stop.wait(PAUSE)
        running.commit()
        running.doors.close()


def hold(data: Path) -> None:
    """Make this the only engine of the data folder; raises `AupkeepError` where one is at work.

    The lock goes with the process, however it ends. An engine whose supervisor was killed ends by
    itself within a pause, so a new one waits for it a little.
    """
    lock = os.open(data / "engine.lock", os.O_RDWR | os.O_CREAT, 0o640)
    os.set_inheritable(lock, False)  # noqa: FBT003  # the system's own signature
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise AupkeepError(
                    Fault(
                        code="second-engine",
                        what=f"another engine is at work in `{data}`",
                        hint="end it first: two would write the same record",
                    )
                ) from None
            time.sleep(0.1)
        else:
            return


def say(running: Running) -> None:
    """Print what a run to the end came to."""
    print("\n".join(summary_text(running.stream)))
