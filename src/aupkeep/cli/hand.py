"""`aupkeep hand`: the process that acts; only it touches powers, letters and the signing key."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event

import typer

from aupkeep.cli.faces import now, plain_errors
from aupkeep.cli.lock import hold
from aupkeep.cli.place import Folder, Place, opened
from aupkeep.flow.hand import Hand
from aupkeep.flow.knocking import SOCKET
from aupkeep.inlets.knocks import Knocks

app = typer.Typer(add_completion=False)

#: Seconds between two looks at the database when nobody knocks, and after a fault.
PAUSE = 1.0


@app.command()
def hand(folder: Place = None, *, option: Folder = None) -> None:
    """Carry out what was approved, verify it, tell the customer, end it; sign the record."""
    parent = os.getppid()
    with plain_errors(supervised=True):
        installation = opened(folder or option)
        hold(installation.data, "hand")
        worker = Hand(installation=installation, clock=now, say=_say)
        knocks = Knocks(installation.data / SOCKET)
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        print("the hand is at work", flush=True)
        try:
            while not stop.is_set() and os.getppid() == parent:
                if not worker.turn():
                    knocks.wait(PAUSE)
        finally:
            knocks.close()


def _say(line: str) -> None:
    print(f"hand: {line}", file=sys.stderr, flush=True)
