"""Counters of one source: what its input became, and samples of what could not be read.

In: what readers and the stream report. Out: plain numbers for summaries, `doctor` and the database.
The law: lines = records + ignored + rejects; nothing that came in is missing from the sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

#: Samples kept of each reason of rejection.
SAMPLES = 20

COUNTERS = ("lines", "ignored", "events", "late", "astray", "duplicates", "rejects")


class Tally:
    """What one source's input became so far."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.counts: Counter[str] = Counter()
        #: reason -> how many.
        self.reasons: Counter[str] = Counter()
        #: reason -> first (position, beginning of what was read).
        self.samples: dict[str, list[tuple[int, str]]] = {}
        self.last_event: int | None = None
        self.last_read: int | None = None
        #: When the latest of the late rows happened, and how far rows were out of order at most.
        self.last_late: int | None = None
        self.disorder = 0
        #: Why the source cannot be read at this moment, or empty.
        self.trouble = ""

    def late(self, count: int, latest: int) -> None:
        """Count rows that came behind their source's frontier, the latest of them at `latest`."""
        self.counts["late"] += count
        self.last_late = latest if self.last_late is None else max(self.last_late, latest)

    def reject(self, reason: str, position: int, head: bytes) -> None:
        """Count one thing that could not be read, and keep the first few."""
        self.counts["rejects"] += 1
        self.reasons[reason] += 1
        kept = self.samples.setdefault(reason, [])
        if len(kept) < SAMPLES:
            kept.append((position, head.decode("utf-8", "backslashreplace")))

    def save(self) -> dict[str, Any]:
        """Return builtins that `restore` reads back."""
        return {
            "counts": dict(self.counts),
            "reasons": dict(self.reasons),
            "samples": {
                reason: [list(item) for item in kept] for reason, kept in self.samples.items()
            },
            "last_event": self.last_event,
            "last_read": self.last_read,
            "last_late": self.last_late,
            "disorder": self.disorder,
            "trouble": self.trouble,
        }

    @classmethod
    def restore(cls, saved: Mapping[str, Any]) -> Tally:
        """Return the tally that was saved."""
        tally = cls()
        tally.counts.update(saved["counts"])
        tally.reasons.update(saved["reasons"])
        for reason, kept in saved["samples"].items():
            tally.samples[reason] = [(int(position), str(head)) for position, head in kept]
        tally.last_event = saved["last_event"]
        tally.last_read = saved["last_read"]
        tally.last_late = saved.get("last_late")
        tally.disorder = saved.get("disorder", 0)
        tally.trouble = saved["trouble"]
        return tally


class Shares:
    """Whose rows they were: by customer, unknown, ambiguous, outsiders."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.customers: Counter[str] = Counter()
        self.unknown = 0
        self.ambiguous = 0
        self.outsiders = 0
        #: Failed logins of outsiders, and the addresses they came from (bounded).
        self.outside_failures = 0
        self.outside_addresses: set[str] = set()

    def save(self) -> dict[str, Any]:
        """Return builtins that `restore` reads back."""
        return {
            "customers": dict(self.customers),
            "unknown": self.unknown,
            "ambiguous": self.ambiguous,
            "outsiders": self.outsiders,
            "outside_failures": self.outside_failures,
            "outside_addresses": sorted(self.outside_addresses),
        }

    @classmethod
    def restore(cls, saved: Mapping[str, Any]) -> Shares:
        """Return the shares that were saved."""
        shares = cls()
        shares.customers.update(saved["customers"])
        shares.unknown = saved["unknown"]
        shares.ambiguous = saved["ambiguous"]
        shares.outsiders = saved["outsiders"]
        shares.outside_failures = saved["outside_failures"]
        shares.outside_addresses = set(saved["outside_addresses"])
        return shares
