"""Whose process, file, site, question or setting a row is about.

In: rows of the kinds `process file web dns config`. Out: a `Resolution`. The first identity that a
row states decides. A site is known by the name that the visitor sent, and a question came in a
datagram: such rows could have been brought about by somebody else and are forgeable.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from aupkeep.attribution.coding import Flags, Ints, integers
from aupkeep.attribution.names import read_login, read_url, read_user
from aupkeep.attribution.resolution import NO_PORT, Resolution, stated
from aupkeep.attribution.scope import Scope
from aupkeep.attribution.timeline import NONE

#: The log of requests that our own people made, not of requests to their sites.
PROXY = "proxy"


def resolve_process(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of each row's system user, else of the folder it ran in."""
    times = integers(frame["event_time"], 0)
    known = frame.select(user=_placed("user"), path=pl.coalesce(_absolute("cwd"), _absolute("exe")))
    by_user = scope.names.find(known["user"], times, read_user).answers
    by_path = scope.names.find(known["path"], times, read_url).answers
    return Resolution(
        answers=np.where(by_user == NONE, by_path, by_user),
        times=times,
        actor=pl.coalesce("user:" + stated("user"), "host:" + stated("host"), _line("process")),
        forgeable=_none(frame),
    )


def resolve_file(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of each row's path, else of the system user who touched it."""
    times = integers(frame["event_time"], 0)
    known = frame.select(user=_placed("user"), path=_absolute("path"))
    by_path = scope.names.find(known["path"], times, read_url).answers
    by_user = scope.names.find(known["user"], times, read_user).answers
    return Resolution(
        answers=np.where(by_path == NONE, by_user, by_path),
        times=times,
        actor=pl.coalesce("path:" + stated("path"), "user:" + stated("user"), _line("file")),
        forgeable=_none(frame),
    )


def resolve_web(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of the site that was asked for; in a proxy's log, of the client."""
    times = integers(frame["event_time"], 0)
    proxied = (pl.col("log") == PROXY).fill_null(value=False)
    site = pl.concat_str(
        stated("host"), pl.coalesce(_absolute("path"), _absolute("uri"), pl.lit(""))
    )
    known = frame.select(site=pl.when(~proxied).then(site), proxied=proxied)
    by_site = scope.names.find(known["site"], times, read_url).answers
    by_client = _clients(frame, scope, times)
    inside = known["proxied"].to_numpy()
    named = pl.when(proxied).then("ip:" + stated("client_ip")).otherwise("domain:" + stated("host"))
    return Resolution(
        answers=np.where(inside, by_client, by_site),
        times=times,
        actor=pl.coalesce(named, _line("web")),
        forgeable=~inside,
    )


def resolve_dns(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of the address that asked."""
    times = integers(frame["event_time"], 0)
    connected = frame.select(pl.col("protocol").eq("tcp").fill_null(value=False)).to_series()
    return Resolution(
        answers=_clients(frame, scope, times),
        times=times,
        actor=pl.coalesce("ip:" + stated("client_ip"), _line("dns")),
        forgeable=~connected.to_numpy(),
    )


def resolve_config(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of the login that acted, else of the address it acted from."""
    times = integers(frame["event_time"], 0)
    login = frame.select(user=stated("user"))["user"]
    by_login = scope.names.find(login, times, read_login).answers
    return Resolution(
        answers=np.where(by_login == NONE, _clients(frame, scope, times), by_login),
        times=times,
        actor=pl.coalesce("login:" + stated("user"), "ip:" + stated("client_ip"), _line("config")),
        forgeable=_none(frame),
    )


def _placed(user: str) -> pl.Expr:
    """`USER@HOST`, as holdings of system users are looked up."""
    placed = pl.concat_str(stated(user), stated("host"), separator="@", ignore_nulls=True)
    return pl.when(stated(user).is_not_null()).then(placed)


def _absolute(column: str) -> pl.Expr:
    return pl.when(pl.col(column).str.starts_with("/")).then(pl.col(column))


def _clients(frame: pl.DataFrame, scope: Scope, times: Ints) -> Ints:
    client = frame.select(client=stated("client_ip"))["client"]
    return scope.clients(client, integers(frame["client_port"], NO_PORT), times)[0]


def _none(frame: pl.DataFrame) -> Flags:
    return np.zeros(len(frame), dtype=np.bool_)


def _line(kind: str) -> pl.Expr:
    """A row that names nobody stands for itself."""
    return pl.format(kind + ":{}.{}", "stream", "position")
