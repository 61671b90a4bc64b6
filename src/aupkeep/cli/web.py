"""`aupkeep web`: serve the desk of an installation until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import typer
import uvicorn
import uvloop

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cli.faces import now, plain_errors
from aupkeep.cli.place import Folder, Place, opened
from aupkeep.desk.serving import application
from aupkeep.flow.installation import Installation
from aupkeep.flow.keys import secret

app = typer.Typer(add_completion=False)

#: Seconds between two looks whether the parent is still there.
LOOK = 0.2
#: Seconds that requests under way have to end.
GRACE = 5
#: Requests at a time; each has a thread and a connection of its own.
MOST_AT_ONCE = 64


@app.command()
def web(folder: Place = None, *, option: Folder = None) -> None:
    """Serve the desk: analysts, customers by their links, the public policy."""
    parent = os.getppid()
    with plain_errors(supervised=True):
        installation = opened(folder or option)
        door = _listen(installation.settings.desk.listen)
        server = _server(installation)
        print(f"the desk listens on http://{installation.settings.desk.listen}", flush=True)
        # uvicorn raises the signal again after it has ended in good order.
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: None)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(server, door, parent))


def _listen(where: str) -> socket.socket:
    """Return a socket bound to `where`; raises `AupkeepError` where that cannot be had."""
    host, _, port = where.rpartition(":")
    plain = host.strip("[]")
    door = socket.socket(socket.AF_INET6 if ":" in plain else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((plain, int(port)))
        door.listen()
    except OSError as refused:
        door.close()
        raise AupkeepError(
            Fault(
                code="no-address",
                what=f"the desk cannot listen on {where}: {(refused.strerror or '').lower()}",
                hint="name another address and port under [desk] `listen` in aupkeep.toml",
            )
        ) from None
    door.set_inheritable(False)
    return door


def _server(installation: Installation) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application(installation, secret(installation), now),
            log_level="warning",
            # Addresses hold links, which are secrets: nothing writes them down.
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=GRACE,
        )
    )


async def _serve(server: uvicorn.Server, door: socket.socket, parent: int) -> None:
    """Serve until a signal comes or the process that started this one is gone."""
    serving = asyncio.create_task(server.serve(sockets=[door]))
    while not serving.done():
        if os.getppid() != parent:
            server.should_exit = True
        await asyncio.wait({serving}, timeout=LOOK)
    await serving
