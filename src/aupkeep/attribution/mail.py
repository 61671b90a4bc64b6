"""Whose mail it was: by login, else by system user, else by the client's address.

In: mail rows. Out: a `Resolution`. The first of the three that a row states decides: a login that
nobody held is unknown, whatever address it came from, since many customers share a webmail host.
A sender address proves nothing. It is used only for mail handed in on the machine itself without
a user id, and then the row is forgeable.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from aupkeep.attribution.coding import integers, truths
from aupkeep.attribution.names import read_login, read_sender, read_user
from aupkeep.attribution.resolution import NO_PORT, Resolution, stated
from aupkeep.attribution.scope import Scope

#: What Postfix calls a client on the machine itself where it logs no address.
_LOCAL_NAMES = ("localhost", "local")


def resolve_mail(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of each mail row at its `event_time`."""
    times = integers(frame["event_time"], 0)
    known = frame.select(*_identities())
    by_login = scope.names.find(known["login"], times, read_login).answers
    by_user = scope.names.find(known["user"], times, read_user).answers
    by_sender = scope.names.find(known["sender"], times, read_sender).answers
    by_client, _ = scope.clients(known["client"], np.full(len(frame), NO_PORT), times)
    local = truths(known["local"])
    return Resolution(
        answers=np.select(
            [_has(known["login"]), _has(known["user"]), local],
            [by_login, by_user, by_sender],
            by_client,
        ),
        times=times,
        actor=_actor(),
        forgeable=local,
    )


def _has(texts: pl.Series) -> np.typing.NDArray[np.bool_]:
    return texts.is_not_null().to_numpy()


def _local() -> pl.Expr:
    """Handed in on the machine itself, by nobody who is known."""
    address, name = stated("client_ip"), stated("client_name")
    loopback = address.str.starts_with("127.") | (address == "::1")
    named = address.is_null() & name.is_in(_LOCAL_NAMES)
    nobody = stated("login").is_null() & stated("system_user").is_null()
    return nobody & (loopback.fill_null(value=False) | named.fill_null(value=False))


def _identities() -> tuple[pl.Expr, ...]:
    """One column a way to be known; each only where no better one is stated."""
    login, user = stated("login"), stated("system_user")
    placed = pl.concat_str(user, stated("host"), separator="@", ignore_nulls=True)
    nobody = login.is_null() & user.is_null()
    return (
        login.alias("login"),
        pl.when(login.is_null() & user.is_not_null()).then(placed).alias("user"),
        pl.when(nobody & ~_local()).then(stated("client_ip")).alias("client"),
        pl.when(_local()).then(stated("sender")).alias("sender"),
        _local().alias("local"),
    )


def _actor() -> pl.Expr:
    """Name the identity that decided; without any, each message stands for itself."""
    message = pl.format("mail:{}/{}", *(pl.col(name).fill_null("-") for name in _MESSAGE))
    domain = "domain:" + stated("sender_domain")
    return pl.coalesce(
        "login:" + stated("login"),
        "user:" + stated("system_user"),
        pl.when(_local()).then(pl.coalesce(domain, message)),
        "ip:" + stated("client_ip"),
        message,
    )


_MESSAGE = ("host", "queue_id")
