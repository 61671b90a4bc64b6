"""`aupkeep engine`: keep reading, keep the policy, stop when told to."""

from __future__ import annotations

import os
import signal
from threading import Event
from typing import Annotated

import typer

from aupkeep.cli.faces import FINE, now, plain_errors
from aupkeep.cli.lock import hold
from aupkeep.cli.place import Folder, Place, opened
from aupkeep.cli.words import summary_text
from aupkeep.flow.engine import Running, run_to_end, start

app = typer.Typer(add_completion=False)

#: Seconds to wait when no inlet has anything.
PAUSE = 0.5

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
    parent = os.getppid()
    with plain_errors(supervised=not once):
        installation = opened(folder or option)
        if once:
            hold(installation.data, "engine")
            say(run_to_end(installation, now))
            raise typer.Exit(FINE)
        hold(installation.data, "engine")
        running = start(installation, now)
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        print(f"reading {len(running.doors.lines)} logs", flush=True)
        while not stop.is_set() and os.getppid() == parent:
            if not running.step():
                stop.wait(PAUSE)
        running.commit()
        running.doors.close()


def say(running: Running) -> None:
    """Print what a run to the end came to."""
    print("\n".join(summary_text(running.stream)))
