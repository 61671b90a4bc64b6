"""What stands behind a target, as the books say: for the blast radius of a decision.

In: holdings and profiles. Out: for a provider and an instant, the counts that `decide` is given.
Only what is held at that instant counts, and for an address the most exact holding.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.decisions.blast import Blast, Reach

#: Profile that names whose customer a customer is, where a reseller stands between.
PARENT = "parent"
#: Scope -> kinds of holdings by which its target is named.
_NAMED = {
    "mailbox": ("mailbox", "login"),
    "user": ("user",),
    "site": ("domain",),
    "path": ("domain", "path"),
    "file": ("path",),
    "address": ("ip",),
}
_MAIL, _SITE, _ADDRESS = ("mailbox", "login"), ("domain",), ("ip", "prefix")


class Reaching:
    """The books, indexed by what a measure may fall on."""

    def __init__(self, holdings: Iterable[Holding], profiles: Iterable[Profile]) -> None:
        """Index `holdings` and who is whose customer."""
        self._by_value: dict[tuple[str, str, str], list[Holding]] = {}
        self._by_customer: dict[tuple[str, str], list[Holding]] = {}
        self._by_service: dict[tuple[str, str], list[Holding]] = {}
        self._prefixes: dict[str, list[Holding]] = {}
        self._resold: dict[tuple[str, str], list[Profile]] = {}
        for item in holdings:
            provider = item.provider
            self._by_value.setdefault((provider, item.kind, item.value), []).append(item)
            self._by_customer.setdefault((provider, item.customer), []).append(item)
            if item.service:
                self._by_service.setdefault((provider, item.service), []).append(item)
            if item.kind == "prefix":
                self._prefixes.setdefault(provider, []).append(item)
        for said in profiles:
            if said.name == PARENT and not said.service:
                self._resold.setdefault((said.provider, said.value), []).append(said)

    def at(self, provider: str, instant: int) -> Reach:
        """Return what stands behind targets of `provider` at `instant`."""

        def reach(scope: str, target: str) -> Blast | None:
            held = [item for item in self._held(provider, scope, target) if _at(item, instant)]
            if not held:
                return None
            blast = _counted(held)
            if scope != "account":
                return blast
            return Blast(
                holders=blast.holders,
                services=blast.services,
                mailboxes=blast.mailboxes,
                sites=blast.sites,
                addresses=blast.addresses,
                resold=self._customers_of(provider, target, instant),
            )

        return reach

    def _held(self, provider: str, scope: str, target: str) -> Sequence[Holding]:
        if scope == "account":
            return self._by_customer.get((provider, target), ())
        if scope == "service":
            return self._by_service.get((provider, target), ())
        found = self._named(provider, scope, _name(scope, target))
        if found or scope not in ("mailbox", "address"):
            return found
        if scope == "mailbox":
            domain = target.rpartition("@")[2].lower()
            return self._named(provider, "site", domain)
        return self._covering(provider, target)

    def _named(self, provider: str, scope: str, value: str) -> list[Holding]:
        kinds = _NAMED.get(scope, ())
        return [item for kind in kinds for item in self._by_value.get((provider, kind, value), ())]

    def _covering(self, provider: str, address: str) -> list[Holding]:
        """Return the holdings of the longest prefix in which `address` lies."""
        try:
            wanted = ipaddress.ip_address(address)
        except ValueError:
            return []
        found: list[tuple[int, Holding]] = []
        for item in self._prefixes.get(provider, ()):
            network = ipaddress.ip_network(item.value, strict=False)
            if wanted.version == network.version and wanted in network:
                found.append((network.prefixlen, item))
        longest = max((length for length, _ in found), default=0)
        return [item for length, item in found if length == longest]

    def _customers_of(self, provider: str, customer: str, instant: int) -> int:
        said = self._resold.get((provider, customer), ())
        return len({item.customer for item in said if _at(item, instant)})


def _counted(held: Sequence[Holding]) -> Blast:
    def values(kinds: Sequence[str]) -> int:
        return len({item.value for item in held if item.kind in kinds})

    return Blast(
        holders=tuple(sorted({item.customer for item in held})),
        services=len({item.service for item in held if item.service}),
        mailboxes=values(_MAIL),
        sites=values(_SITE),
        addresses=values(_ADDRESS),
    )


def _at(item: Holding | Profile, instant: int) -> bool:
    return item.since <= instant and (item.until is None or instant < item.until)


def _name(scope: str, target: str) -> str:
    """Return a target as holdings spell it: a page by its host."""
    if scope != "path" or "//" not in target:
        return target.lower() if scope != "file" else target
    try:
        return urlsplit(target).hostname or target
    except ValueError:
        return target
