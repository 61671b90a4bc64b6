"""The clock of one log: turns the times its lines state into instants.

In: times as the lines state them, in the order of the lines. Out: microseconds UTC. The traditional
syslog time (RFC 3164) has no year and no zone: the zone is configured, the year is inferred from
the order of the lines. The state goes on over blocks, so that the block size never matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from aupkeep.base.clock import DAY, MINUTE, to_datetime
from aupkeep.signals.formats.lineclock_kernel import UNKNOWN, date_years, place_times

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local time of the log, its zone is applied later
#: Every zone in use shifts at a whole quarter of an hour, local time.
_QUARTER = 15 * MINUTE
_KEPT_QUARTERS = 4096


@dataclass(slots=True, kw_only=True)
class LineClock:
    """Zone, year and present of one log; mutable, one for each log that is read.

    `now` (microseconds UTC) decides years only: a line without a year is not more than a day after
    it, unless it follows its predecessor within a week (a followed log outlives its `now`).
    """

    #: IANA name of the zone of lines that state none.
    zone: str = "UTC"
    #: Year of the first line that states none; 0 = the latest that is not in the future.
    year: int = 0
    #: The present, in microseconds UTC.
    now: int
    #: Local time of the latest line without a year, in microseconds.
    last: int = UNKNOWN
    #: Instant of the latest line without a zone, in microseconds UTC.
    last_utc: int = UNKNOWN
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _offsets: dict[int, tuple[int, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Load the zone; raises `ZoneInfoNotFoundError` (a `KeyError`) for an unknown name."""
        self._zone = ZoneInfo(self.zone)

    def save(self) -> dict[str, Any]:
        """Return the whole state as plain values."""
        return {
            "zone": self.zone,
            "year": self.year,
            "now": self.now,
            "last": self.last,
            "last_utc": self.last_utc,
        }

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> LineClock:
        """Return the clock that `save` described."""
        return cls(**saved)

    def give_years(self, month_day: NDArray[np.int64], clock: NDArray[np.int64]) -> NDArray[Any]:
        """Return local microseconds for lines without a year, in order.

        `month_day` is month * 100 + day, `clock` microseconds since midnight. A day that no near
        year has (29 February) gives the least int64.
        """
        # Without a year of its own the log ends at the present; with one, `now` says nothing.
        limit = self._local(self.now) + DAY if self.year == 0 else np.iinfo(np.int64).max
        local, self.last = date_years(month_day, clock, self.year, self.last, limit)
        return local

    def to_utc(self, local: NDArray[np.int64]) -> NDArray[Any]:
        """Return the instants of local times, in order.

        In the hour that a clock set back repeats, the first reading is taken that does not go back
        more than a minute behind the line before.
        """
        quarters, inverse = np.unique(local // _QUARTER, return_inverse=True)
        offsets = np.array([self._offset(q) for q in quarters.tolist()], dtype=np.int64)
        utc, self.last_utc = place_times(
            local,
            np.ascontiguousarray(offsets[inverse, 0]),
            np.ascontiguousarray(offsets[inverse, 1]),
            self.last_utc,
        )
        return utc

    def _local(self, instant: int) -> int:
        moment = to_datetime(instant)
        offset = moment.astimezone(self._zone).utcoffset() or timedelta(0)
        return instant + offset // timedelta(microseconds=1)

    def _offset(self, quarter: int) -> tuple[int, int]:
        """Return the zone's offsets in microseconds at a local quarter hour: earlier, later."""
        known = self._offsets.get(quarter)
        if known is None:
            if len(self._offsets) >= _KEPT_QUARTERS:
                self._offsets.clear()
            known = self._ask_zone(quarter)
            self._offsets[quarter] = known
        return known

    def _ask_zone(self, quarter: int) -> tuple[int, int]:
        moment = (_EPOCH + timedelta(microseconds=quarter * _QUARTER)).replace(tzinfo=self._zone)
        pair = []
        for fold in (0, 1):
            folded = moment.replace(fold=fold)
            utc = folded.astimezone(UTC)
            # A time that the zone skips has two readings, too; both use the offset before the gap.
            exists = utc.astimezone(self._zone).replace(tzinfo=None) == folded.replace(tzinfo=None)
            offset = (folded if exists else moment).utcoffset() or timedelta(0)
            pair.append(offset // timedelta(microseconds=1))
        return pair[0], pair[1]
