"""Who tried to log in: the client's address, never the account that was tried.

In: login rows. Out: a `Resolution`. A client that the log names by host name is unknown, since
whoever holds an address also writes its reverse name.
"""

from __future__ import annotations

import polars as pl

from aupkeep.attribution.coding import integers
from aupkeep.attribution.resolution import NO_PORT, Resolution, stated
from aupkeep.attribution.scope import Scope


def resolve_login(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of each row's client address and port at its `event_time`."""
    times = integers(frame["event_time"], 0)
    client = frame.select(client=stated("client_ip"))["client"]
    answers, _ = scope.clients(client, integers(frame["client_port"], NO_PORT), times)
    return Resolution(
        answers=answers,
        times=times,
        actor=pl.coalesce("ip:" + stated("client_ip"), "host:" + stated("client_host"), _NOWHERE),
        forgeable=client.is_null().to_numpy(),
    )


_NOWHERE = pl.lit("host:-")
