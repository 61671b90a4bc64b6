"""The published policies, read once each.

In: providers. Out: `Policy` values. A version never changes once it is published, so what was read
stays; the list of versions is read anew when one was added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aupkeep.policy.model import Policy
from aupkeep.policy.reading import read_policy
from aupkeep.store import ground, queries


@dataclass(frozen=True, slots=True)
class Shelf:
    """The published versions at one moment: provider -> the earliest effective first."""

    listed: Mapping[str, tuple[Policy, ...]]

    def versions(self, provider: str) -> tuple[Policy, ...]:
        """Return the published versions of `provider`; none for a stranger."""
        return self.listed.get(provider, ())

    def at(self, provider: str, instant: int) -> Policy | None:
        """Return the version in force at `instant`; before the first one, the first one."""
        listed = self.versions(provider)
        begun = [policy for policy in listed if policy.effective <= instant]
        return begun[-1] if begun else next(iter(listed), None)

    def version(self, provider: str, version: str) -> Policy | None:
        """Return the version of that name, or None."""
        return next((item for item in self.versions(provider) if item.version == version), None)


class Library:
    """The policies of an installation's providers."""

    def __init__(self, providers: Sequence[str]) -> None:
        """Begin empty; versions are read when they are first asked for."""
        self.providers = tuple(providers)
        self._read: dict[str, Policy] = {}
        self._kept: tuple[int, Shelf] = (-1, Shelf({}))

    def shelf(self) -> Shelf:
        """Return what is published now; raises `AupkeepError` for what cannot be read."""
        edition = queries.policy_edition()
        known, shelf = self._kept
        if edition != known:
            shelf = Shelf({name: self._of(name) for name in self.providers})
            self._kept = (edition, shelf)
        return shelf

    def _of(self, provider: str) -> tuple[Policy, ...]:
        found = []
        for published in ground.published(provider):
            if published.hash not in self._read:
                self._read[published.hash] = read_policy(published.files)
            found.append(self._read[published.hash])
        return tuple(found)
