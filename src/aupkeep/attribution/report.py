"""Whom a report accuses: the holder when the thing was done, not when the report came.

In: report rows. Out: a `Resolution`. An act (spam, a scan) is where the address is, and a name in
it is hearsay: the name decides only where the address leaves it open. Content (a page, a copy) is
where the name is: the name comes first, since many customers share one web server's address.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from aupkeep.attribution.coding import Flags, Ints, encode, integers
from aupkeep.attribution.holders import AMBIGUOUS
from aupkeep.attribution.names import Found, read_host, read_url, split_url
from aupkeep.attribution.resolution import NO_PORT, Resolution, stated
from aupkeep.attribution.scope import Scope
from aupkeep.attribution.timeline import NONE
from aupkeep.attribution.values import parse_address
from aupkeep.base.clock import DAY

#: A report without a time of the act is sure only where the holder has been the same for so long.
SETTLED_FOR = 14 * DAY

#: XARF categories whose reports are about content rather than an act.
_CONTENT = ("content", "copyright")


def resolve_report(frame: pl.DataFrame, scope: Scope) -> Resolution:
    """Find the holder of what each row accuses, at `acted_at`, or at receipt where it is null."""
    times = integers(frame["acted_at"].fill_null(frame["event_time"]), 0)
    untimed = frame["acted_at"].is_null().to_numpy()
    accused = _accused(frame)
    ports = integers(frame["accused_port"], NO_PORT)
    answers, settled = scope.clients(accused["ip"], ports, times)
    by_address = _settled(answers, settled, times, untimed)
    found = _found(accused, times, scope)
    by_name = _settled(found.answers, found.settled, times, untimed)
    content = frame["category"].is_in(_CONTENT).fill_null(value=False).to_numpy()
    # An outside address is an answer: the name in such a report was probably forged.
    left_open = (by_address == NONE) | ((by_address == AMBIGUOUS) & (by_name >= 0))
    named = (by_name != NONE) & (content | left_open)
    return Resolution(
        answers=np.where(named, by_name, by_address),
        times=times,
        actor=_actor(accused, named, found.by_path),
        forgeable=np.zeros(len(frame), dtype=np.bool_),
    )


def _settled(answers: Ints, settled: Ints, times: Ints, untimed: Flags) -> Ints:
    return np.where(untimed & (settled > times - SETTLED_FOR), AMBIGUOUS, answers)


def _accused(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `ip`, `host` and `url`; a host that is an address is an address.

    A URL's own host goes before the stated one.
    """
    url = frame.select(stated("accused_url")).to_series()
    url_addresses, url_names = _hosts(url)
    addresses, names = _hosts(frame.select(stated("accused_host")).to_series())
    read = url_names.is_not_null() | url_addresses.is_not_null()
    return frame.select(
        ip=pl.coalesce(stated("accused_ip"), url_addresses, addresses.set(read, None)),
        host=pl.coalesce(url_names, names.set(read, None)),
        url=pl.when(read).then(url),
    )


def _hosts(places: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the address and the name in each URL or host; at most one of them is not null."""
    distinct, codes = encode(places)
    hosts = [split_url(text)[0] for text in distinct.to_list()]
    read = [(host, parse_address(host)) for host in hosts]
    addresses = [str(address) if address else None for _, address in read]
    names = [None if address else host or None for host, address in read]
    index = np.where(codes < 0, len(hosts), codes)
    columns = (pl.Series([*values, None], dtype=pl.String) for values in (addresses, names))
    by_address, by_name = (column.gather(index) for column in columns)
    return by_address, by_name


def _found(accused: pl.DataFrame, times: Ints, scope: Scope) -> Found:
    """Answer by URL where there is one, else by host."""
    url = accused["url"].is_not_null().to_numpy()
    by_url = scope.names.find(accused["url"], times, read_url)
    by_host = scope.names.find(accused["host"].set(pl.Series(url), None), times, read_host)
    return Found(
        answers=np.where(url, by_url.answers, by_host.answers),
        settled=np.where(url, by_url.settled, by_host.settled),
        by_path=by_url.by_path,
    )


def _actor(accused: pl.DataFrame, named: Flags, by_path: Flags) -> pl.Expr:
    """Name what decided, else the best that is stated; an empty report stands for itself."""
    address = "ip:" + accused["ip"]
    host = "domain:" + accused["host"]
    url = "url:" + accused["url"]
    chosen = pl.when(pl.Series(named & by_path)).then(url).when(pl.Series(named)).then(host)
    report = pl.format("report:{}.{}", "stream", "part")
    return pl.coalesce(chosen, address, host, url, report)
