"""Which start of an exporter a NetFlow v5 datagram belongs to, and where its flows stand in it.

In: header fields of one datagram after another. Out: a stream id for each (exporter, engine, boot)
and the position of the first flow, free of the 32-bit wraps of uptime and sequence. The answers
depend on the datagrams alone, so a copy or a second reading gives the same ids.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import Any

from aupkeep.base.clock import MINUTE, SECOND
from aupkeep.base.ids import stream_id

#: Uptime is a 32-bit count of milliseconds: it begins anew every 49.7 days.
UPTIME_TURN = 2**32 * 1000
SEQUENCE_TURN = 2**32
#: Two estimates of a boot this near to each other mean the same one.
JITTER = 5 * SECOND
#: A boot is named by its estimate in steps of this. The step is wide, so that two readings which
#: begin at different datagrams almost never fall on different names, and no divisor of an hour,
#: so that the edges do not lie where people restart routers.
NAME_STEP = 256 * SECOND
#: Datagrams this much older than the newest are a second reading, not the network's disorder.
DISORDER = 10 * MINUTE
#: Boots remembered over all exporters; the one longest unused is forgotten first.
MOST_BOOTS = 4096
_MOST_GAPS = 128
_MOST_WRAPS = 64

#: Exporter address, engine type, engine id.
Engine = tuple[str, int, int]


@dataclass(slots=True, kw_only=True)
class Boot:
    """One start of one engine: its stream, and how far its flow sequence has come."""

    engine: Engine
    #: First estimate of the boot instant, modulo `UPTIME_TURN`, and how far others lay from it.
    anchor: int
    low: int = 0
    high: int = 0
    stream: int
    #: Latest export time seen, and the position after the last flow.
    newest: int
    reached: int
    #: Export times at which the sequence had begun anew.
    wraps: list[int] = field(default_factory=list)
    #: Ranges of flows that never came, and the count of those no longer listed.
    gaps: list[tuple[int, int]] = field(default_factory=list)
    forgotten: int = 0

    def place(self, sequence: int, count: int, exported: int) -> int:
        """Return the position of the first of `count` flows and remember them as seen."""
        position = self._unwrap(sequence, exported)
        end = position + count
        if position > self.reached:
            self._miss(self.reached, position)
        elif position < self.reached and self.gaps:
            self._fill(position, end)
        if end // SEQUENCE_TURN > self.reached // SEQUENCE_TURN:
            self.wraps = [*self.wraps, exported][-_MOST_WRAPS:]
        self.reached = max(self.reached, end)
        self.newest = max(self.newest, exported)
        return position

    @property
    def lost(self) -> int:
        """Flows that the sequence counts and no datagram brought."""
        return self.forgotten + sum(end - start for start, end in self.gaps)

    def _unwrap(self, sequence: int, exported: int) -> int:
        """Return the sequence without its wraps.

        Near the newest datagram the nearest reading is meant. An older one is read again: the
        wraps that had happened by its export time are counted, to within the disorder.
        """
        if exported >= self.newest - DISORDER:
            return self.reached + _nearest(sequence - self.reached, SEQUENCE_TURN)
        turns = self.reached // SEQUENCE_TURN - len(self.wraps)
        turns += bisect.bisect_right(self.wraps, exported)
        for number, wrap in enumerate(self.wraps):
            if abs(exported - wrap) <= DISORDER:
                edge = self.reached // SEQUENCE_TURN - len(self.wraps) + number + 1
                return edge * SEQUENCE_TURN + _nearest(sequence, SEQUENCE_TURN)
        return turns * SEQUENCE_TURN + sequence

    def _miss(self, start: int, end: int) -> None:
        bisect.insort(self.gaps, (start, end))
        if len(self.gaps) > _MOST_GAPS:
            first = self.gaps.pop(0)
            self.forgotten += first[1] - first[0]

    def _fill(self, start: int, end: int) -> None:
        """Take [start, end) out of the gaps: the flows were late, not lost."""
        left: list[tuple[int, int]] = []
        for first, last in self.gaps:
            left += [(first, min(last, start))] if first < start else []
            left += [(max(first, end), last)] if last > end else []
        self.gaps = left


class Boots:
    """All boots that are remembered, the one used last at the end."""

    def __init__(self) -> None:
        """Begin without any."""
        self._boots: dict[int, Boot] = {}
        self._engines: dict[Engine, list[Boot]] = {}

    def find(self, engine: Engine, *, exported: int, uptime: int, sequence: int) -> Boot:
        """Return the boot of a datagram: `exported` in µs UTC, `uptime` in milliseconds."""
        estimate = (exported - uptime * 1000) % UPTIME_TURN
        known = self._known(engine, estimate)
        if known is not None:
            self._boots[known.stream] = self._boots.pop(known.stream)
            return known
        stream = self._name(engine, estimate)
        boot = Boot(
            engine=engine, anchor=estimate, stream=stream, newest=exported, reached=sequence
        )
        self._add(boot)
        return boot

    def lost(self) -> dict[str, int]:
        """Return the flows lost on the way, by exporter; exporters without loss are left out."""
        sums: dict[str, int] = {}
        for boot in self._boots.values():
            if boot.lost:
                sums[boot.engine[0]] = sums.get(boot.engine[0], 0) + boot.lost
        return sums

    def save(self) -> list[dict[str, Any]]:
        """Return every boot as plain values, in the order of use."""
        names = Boot.__slots__
        return [{name: getattr(boot, name) for name in names} for boot in self._boots.values()]

    @classmethod
    def restore(cls, saved: list[dict[str, Any]]) -> Boots:
        """Return the boots that `save` described, also after a way through msgpack."""
        boots = cls()
        for item in saved:
            plain = dict(item)
            address, kind, number = plain["engine"]
            plain["engine"] = (address, kind, number)
            plain["gaps"] = [(start, end) for start, end in plain["gaps"]]
            boots._add(Boot(**plain))
        return boots

    def _known(self, engine: Engine, estimate: int) -> Boot | None:
        """Return the remembered boot that `estimate` means, the nearest one if several fit."""
        nearest: Boot | None = None
        least = UPTIME_TURN
        for boot in self._engines.get(engine, ()):
            away = _nearest(estimate - boot.anchor, UPTIME_TURN)
            if boot.low - JITTER <= away <= boot.high + JITTER and abs(away) < abs(least):
                nearest, least = boot, away
        if nearest is not None:
            # Clocks drift by seconds a day, so the range follows the estimates.
            nearest.low, nearest.high = min(nearest.low, least), max(nearest.high, least)
        return nearest

    def _name(self, engine: Engine, estimate: int) -> int:
        """Name a new boot; a second one within the same step is named by its second."""
        step = (estimate + NAME_STEP // 2) % UPTIME_TURN // NAME_STEP
        stream = stream_id("netflow5", *engine, step)
        if stream in self._boots:
            stream = stream_id("netflow5", *engine, "second", estimate // SECOND)
        return stream

    def _add(self, boot: Boot) -> None:
        self._boots[boot.stream] = boot
        self._engines.setdefault(boot.engine, []).append(boot)
        if len(self._boots) > MOST_BOOTS:
            old = self._boots.pop(next(iter(self._boots)))
            others = [known for known in self._engines[old.engine] if known is not old]
            self._engines[old.engine] = others
            if not others:
                del self._engines[old.engine]


def _nearest(difference: int, turn: int) -> int:
    """Return `difference` modulo `turn` as the value nearest to zero."""
    return (difference + turn // 2) % turn - turn // 2
