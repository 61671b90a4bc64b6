"""`aupkeep run`: start the processes of an installation and keep them running.

One process exists so far, the engine. It is started anew when it dies, with a growing pause, and
ended with the supervisor.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import typer

from aupkeep.cli.engine import Once, Place
from aupkeep.cli.faces import FAILED, FINE, plain_errors
from aupkeep.cli.place import Folder, opened
from aupkeep.store.database import close_store

app = typer.Typer(add_completion=False)

#: Seconds before a process that died is started again: first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: A process that lived this long did not die of how it was started.
HEALTHY_AFTER = 10.0
#: Exit codes after which another start would end the same way.
HOPELESS = frozenset({1, 2, 3})


@app.command()
def run(
    folder: Place = None,
    *,
    option: Folder = None,
    once: Once = False,
) -> None:
    """Run the engine until told to stop; start it again when it dies."""
    with plain_errors():
        where = folder or option or Path()
        opened(where)
        close_store()
        command = [sys.executable, "-m", "aupkeep", "engine", str(where)]
        if once:
            raise typer.Exit(subprocess.run([*command, "--once"], check=False).returncode)  # noqa: S603
        raise typer.Exit(_supervise(command))


def _supervise(command: list[str]) -> int:
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        process = subprocess.Popen(command)  # noqa: S603  # our own program
        while process.poll() is None and not stop.wait(0.2):
            pass
        if process.poll() is None:
            process.terminate()
            process.wait()
            return FINE
        lived = time.monotonic() - began
        if process.returncode in HOPELESS and lived < HEALTHY_AFTER:
            return process.returncode or FAILED
        pause = FIRST_PAUSE if lived > HEALTHY_AFTER else min(pause * 2, LONGEST_PAUSE)
        print(f"the engine ended ({process.returncode}); it is started again", file=sys.stderr)
        stop.wait(pause)
    return FINE
