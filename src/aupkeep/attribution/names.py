"""Who held a login, mailbox, system user, domain or path at an instant.

In: holdings by (kind, value). Out: `NameBook`, which answers whole columns of text. One text may
stand for several values, the narrowest first: the first of them that anybody held decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import polars as pl

from aupkeep.attribution.coding import MISSING, Flags, Ints, encode
from aupkeep.attribution.holders import Holders
from aupkeep.attribution.timeline import BEGINNING, NONE, Stretch, build_timeline
from aupkeep.attribution.values import (
    domain_form,
    mailbox_form,
    path_levels,
    suffixes,
)

#: (kind, canonical value) of a holding.
Name = tuple[str, str]


class NameClaim(NamedTuple):
    """One holding of a name; the lowest rank that holds at an instant decides."""

    rank: int
    holder: int
    since: int
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a column of texts came to, one entry a row."""

    answers: Ints
    #: Since when every value that was looked at has had the same owner.
    settled: Ints
    #: A holding of kind `path` decided.
    by_path: Flags


class NameBook:
    """Immutable once built."""

    def __init__(self, claims: Mapping[Name, Sequence[NameClaim]], holders: Holders) -> None:
        """Index `claims` by name."""

        def decide(items: Sequence[NameClaim]) -> int:
            rank = min(item.rank for item in items)
            return holders.merge({item.holder for item in items if item.rank == rank})

        histories: Iterable[list[Stretch[NameClaim]]] = (
            [(claim.since, claim.until, claim) for claim in group] for group in claims.values()
        )
        self._keys = {name: key for key, name in enumerate(claims)}
        self._paths = np.array([kind == "path" for kind, _ in claims], dtype=np.bool_)
        self._timeline = build_timeline(histories, decide, holders.owner)

    def find(self, texts: pl.Series, times: Ints, read: Callable[[str], Iterable[Name]]) -> Found:
        """Answer each row of `texts` at its instant.

        Args:
            texts: what the events say; null finds nobody.
            times: instants in microseconds UTC.
            read: the names a text stands for, the narrowest first.
        """
        found = Found(
            answers=np.full(len(texts), NONE, dtype=np.int64),
            settled=np.full(len(texts), BEGINNING, dtype=np.int64),
            by_path=np.zeros(len(texts), dtype=np.bool_),
        )
        distinct, codes = encode(texts)
        chains = [self._chain(read(text)) for text in distinct.to_list()]
        for depth in range(max(map(len, chains), default=0)):
            level = [chain[depth] if depth < len(chain) else MISSING for chain in chains]
            self._look(np.array([*level, MISSING], dtype=np.int64)[codes], times, found)
        return found

    def _chain(self, names: Iterable[Name]) -> list[int]:
        return [self._keys[name] for name in names if name in self._keys]

    def _look(self, keys: Ints, times: Ints, found: Found) -> None:
        """Answer the rows that have a key here and no answer yet, in place."""
        rows = np.flatnonzero((keys >= 0) & (found.answers == NONE))
        answers, settled = self._timeline.at(keys[rows], times[rows])
        found.answers[rows] = answers
        found.settled[rows] = np.maximum(found.settled[rows], settled)
        found.by_path[rows] = (answers != NONE) & self._paths[keys[rows]]


def read_login(text: str) -> Iterable[Name]:
    """Read an authenticated login: itself, its mailbox, the domains it is in."""
    login = mailbox_form(text)
    yield "login", login
    yield from _in_mail(login)


def read_sender(text: str) -> Iterable[Name]:
    """Read a mail address: its mailbox, the domains it is in."""
    return _in_mail(mailbox_form(text))


def _in_mail(mailbox: str) -> Iterable[Name]:
    local, _, domain = mailbox.rpartition("@")
    if local:
        yield "mailbox", mailbox
        for above in suffixes(domain):
            yield "domain", above


def read_user(text: str) -> Iterable[Name]:
    """Read `UID@HOST` of a system user: on that machine, then on any of the provider's."""
    user = mailbox_form(text)
    yield "user", user
    yield "user", user.partition("@")[0]


def read_host(text: str) -> Iterable[Name]:
    """Read a host name: the domains it is in, the longest first."""
    for domain in suffixes(domain_form(text)):
        yield "domain", domain


def read_url(text: str) -> Iterable[Name]:
    """Read a URL: the paths it is below, then the domains its host is in. Never raises."""
    host, path = split_url(text)
    for level in path_levels(host, path):
        yield "path", level
    yield from read_host(host)


def split_url(text: str) -> tuple[str, str]:
    """Return host and path of a URL; a text without a scheme is a host, with or without a path."""
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        return domain_form(parts.hostname or ""), parts.path
    except ValueError:
        return "", ""
