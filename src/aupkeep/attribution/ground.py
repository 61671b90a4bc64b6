"""The books, indexed, and the act of attribution itself.

In: holdings, profiles and networks, then event frames of any kind. Out: the same rows, in the same
order, with the columns of `events.schema.ATTRIBUTED`. The books are asked at each event's own
time: what a customer does today never falls on who held the address yesterday, or the other way.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from aupkeep.attribution.flow import resolve_flow
from aupkeep.attribution.holders import WORDS, Holders
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.hosts import (
    resolve_config,
    resolve_dns,
    resolve_file,
    resolve_process,
    resolve_web,
)
from aupkeep.attribution.login import resolve_login
from aupkeep.attribution.mail import resolve_mail
from aupkeep.attribution.plans import PlanBook, texts
from aupkeep.attribution.profiles import Profile
from aupkeep.attribution.report import resolve_report
from aupkeep.attribution.resolution import Resolution
from aupkeep.attribution.scope import Entry, Scope, read_entry
from aupkeep.attribution.values import Network
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.events.schema import ATTRIBUTED

#: One resolver a kind of event.
RESOLVERS: Mapping[str, Callable[[pl.DataFrame, Scope], Resolution]] = {
    "mail": resolve_mail,
    "login": resolve_login,
    "flow": resolve_flow,
    "report": resolve_report,
    "process": resolve_process,
    "file": resolve_file,
    "web": resolve_web,
    "dns": resolve_dns,
    "config": resolve_config,
}

_ATTRIBUTED = "attributed"
#: The scope of rows without a provider, or with one that the books do not know.
_ANYONE = ""


class Ground:
    """Holdings, profiles and networks, indexed for look-up by whole columns; immutable."""

    def __init__(
        self,
        holdings: Iterable[Holding],
        profiles: Iterable[Profile],
        networks: Mapping[str, Sequence[str]],
    ) -> None:
        """Index the books.

        Args:
            holdings: in canonical spelling, as `read_holdings` gives them.
            profiles: of these only `plan` is used.
            networks: prefixes that each provider routes; every address in them is inside.

        Raises:
            AupkeepError: where a network is not a prefix, or a holding of an address is none.
        """
        listed = tuple(holdings)
        holders = Holders()
        routed = {name: tuple(map(_network, texts)) for name, texts in networks.items()}
        entries = [_entry(holding, holders) for holding in listed]
        known = {_ANYONE, *routed, *(holding.provider for holding in listed)}
        self._scopes = {name: Scope(name, entries, routed, holders) for name in sorted(known)}
        self._plans = PlanBook(holders, listed, tuple(profiles))
        rows = holders.rows
        self._providers = pl.Series([row[0] for row in rows], dtype=pl.String)
        self._customers = pl.Series([row[1] for row in rows], dtype=pl.String)
        self._services = pl.Series([row[2] or None for row in rows], dtype=pl.String)

    def scope(self, provider: str | None) -> Scope:
        """Return the books as `provider` sees them."""
        return self._scopes.get(provider or _ANYONE, self._scopes[_ANYONE])

    def name(self, found: Resolution, provider: pl.Series) -> dict[str, pl.Series | pl.Expr]:
        """Put names to the numbers of `found`: the columns to set on its rows."""
        answers = found.answers
        words = pl.Series([_ATTRIBUTED, *WORDS.values()])
        return {
            **found.columns,
            "provider": texts(self._providers, answers).fill_null(provider),
            "customer": texts(self._customers, answers),
            "service": texts(self._services, answers),
            "plan": self._plans.plan(answers, found.times),
            "plans": self._plans.plans(answers, found.times),
            "attribution": words.gather(-np.minimum(answers, 0)),
            "actor": found.actor,
            "forgeable": pl.Series(found.forgeable),
        }


def attribute(kind: str, frame: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Return `frame`, rows of `kind`, with the columns of `ATTRIBUTED`.

    `provider` becomes the holder's where there is one. Of flow rows `direction`, `actor_ip` and
    `peer_ip` are set. `plan` and `plans` are those of the instant that decided. Attributed rows are
    attributed afresh.

    Raises:
        KeyError: where `kind` is no kind of event.
    """
    resolve = RESOLVERS[kind]
    providers = frame["provider"].unique().to_list()
    if len(providers) <= 1:
        return _attribute(resolve, frame, ground, providers[0] if providers else None)
    numbered = frame.with_row_index(_ROW)
    parts = [
        _attribute(resolve, numbered.filter(pl.col("provider").eq_missing(name)), ground, name)
        for name in providers
    ]
    return pl.concat(parts).sort(_ROW).drop(_ROW)


def _attribute(
    resolve: Callable[[pl.DataFrame, Scope], Resolution],
    frame: pl.DataFrame,
    ground: Ground,
    provider: str | None,
) -> pl.DataFrame:
    found = resolve(frame, ground.scope(provider))
    named = frame.with_columns(**ground.name(found, frame["provider"]))
    return named.with_columns(pl.col(name).cast(dtype) for name, dtype in ATTRIBUTED.items())


def _entry(holding: Holding, holders: Holders) -> Entry:
    try:
        return read_entry(holding, holders.of(holding))
    except ValueError:
        raise _bad_network(holding.value) from None


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise _bad_network(text) from None


def _bad_network(text: str) -> AupkeepError:
    what = f"`{text}` is not a prefix such as 192.0.2.0/24"
    return AupkeepError(Fault(code="bad-network", what=what))


_ROW = "aupkeep_row"
