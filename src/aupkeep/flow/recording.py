"""Entries of one transaction, made one after another from each provider's head.

In: acts as they are done. Out: entries, stored in the same transaction. Whoever opens the unit
makes one `Recording` and calls `keep` last, inside the unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from aupkeep.record.entry import Entry, Head, append
from aupkeep.store import chain


class Recording:
    """The acts of one transaction."""

    def __init__(self) -> None:
        """Begin without entries; heads are read when a provider's first act comes."""
        self._heads: dict[str, Head] = {}
        self._entries: list[Entry] = []

    def enter(
        self, provider: str, act: str, subject: str, body: Mapping[str, object], *, at: int
    ) -> Entry:
        """Add the entry of one act and return it; `body` names no customer and no stranger."""
        head = self._heads.get(provider) or chain.head(provider)
        entry = append(head, at=at, act=act, subject=subject, body=body)
        self._heads[provider] = entry.head
        self._entries.append(entry)
        return entry

    def keep(self) -> None:
        """Store the entries; must be called inside the unit that did the acts."""
        chain.put_entries(self._entries)
        self._entries = []
