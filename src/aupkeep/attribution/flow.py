"""Which way a flow went and which inside address opened it.

In: flow rows. Out: a `Resolution` with `direction`, `actor_ip` and `peer_ip`. Only the side that
opened a flow is answerable for it: what comes in from outside, and what a customer's address
answers to it, counts against nobody of ours.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from aupkeep.attribution.addresses import OUTSIDE
from aupkeep.attribution.coding import Flags, integers, truths
from aupkeep.attribution.holders import OUTSIDER
from aupkeep.attribution.resolution import NO_PORT, Resolution
from aupkeep.attribution.scope import Scope
from aupkeep.attribution.timeline import NONE

#: By 2 x (source is inside) + (destination is inside).
_DIRECTIONS = pl.Series(["transit", "inbound", "outbound", "internal"])


def resolve_flow(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of the inside address that opened each flow, at its `event_time`.

    A flow that an outside address opened is an outsider's, its replies too. The reply to a flow
    within our networks is unknown: the record of the other way carries the opener.
    """
    times = integers(frame["event_time"], 0)
    source = scope.addresses.locate(frame["src_ip"])
    target = scope.addresses.locate(frame["dst_ip"])
    initiated = truths(frame["initiated"])
    acting = initiated & (source >= 0)
    held, _ = scope.addresses.at(source, integers(frame["src_port"], NO_PORT), times)
    outsider = (source == OUTSIDE) | ((source >= 0) & ~initiated & (target == OUTSIDE))
    nobody = np.where(outsider & scope.knows_addresses, OUTSIDER, NONE)
    inside = 2 * (source >= 0) + (target >= 0)
    return Resolution(
        answers=np.where(acting, held, nobody),
        times=times,
        actor=_actor(initiated | (source < 0)),
        forgeable=~truths(frame["handshake"]) & ~truths(frame["guarded"]),
        columns={
            "direction": _DIRECTIONS.gather(inside),
            "actor_ip": _where(frame["src_ip"], acting),
            "peer_ip": _where(frame["dst_ip"], acting),
        },
    )


def _where(texts: pl.Series, wanted: Flags) -> pl.Series:
    return texts.set(pl.Series(~wanted), None)


def _actor(by_source: Flags) -> pl.Expr:
    opener = pl.when(pl.Series(by_source)).then("src_ip").otherwise("dst_ip")
    return "ip:" + opener.fill_null("-")
