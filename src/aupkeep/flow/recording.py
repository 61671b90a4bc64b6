"""Entries of one transaction, made one after another from each provider's head.

In: acts as they are done. Out: entries, stored in the same transaction. What `record.personal` says
is personal goes into an envelope, sealed under a key of the customer and the case. Whoever opens
the unit makes one `Recording` and calls `keep` last, inside the unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from aupkeep.record.entry import Entry, Head, append
from aupkeep.record.personal import group_of, parted, subject_of
from aupkeep.store import chain
from aupkeep.store.envelopes import sealed
from aupkeep.store.keyring import Chosen


class Recording:
    """The acts of one transaction."""

    def __init__(self) -> None:
        """Begin without entries; heads are read when a provider's first act comes."""
        self._heads: dict[str, Head] = {}
        self._entries: list[Entry] = []
        self._keys = Chosen()

    def enter(
        self, provider: str, act: str, subject: str, body: Mapping[str, object], *, at: int
    ) -> Entry:
        """Add the entry of one act and return it; the chain holds the hash of what is personal."""
        head = self._heads.get(provider) or chain.head(provider)
        public, personal = parted(body)
        envelope = None
        if personal:
            part = group_of(subject, body)
            key = self._keys.key(provider, subject_of(personal), part, at=at)
            envelope = partial(sealed, key, personal)
        entry = append(head, at=at, act=act, subject=subject, body=public, sealed=envelope)
        self._heads[provider] = entry.head
        self._entries.append(entry)
        return entry

    def keep(self) -> None:
        """Store the entries; must be called inside the unit that did the acts."""
        # A key must outlive what it sealed: one without an envelope harms nobody.
        self._keys.keep()
        chain.put_entries(self._entries)
        self._entries = []
