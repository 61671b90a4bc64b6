"""Events that a person wrote down, or that another command printed, as attributed frames.

In: plain mappings with their places: `kind` and fields as in the tests of rules (`at`, `every`,
`repeat`, `{n}`), or the objects of `events --lines --json` and `archive find --json`. Out: frames
by kind; every fault; and what was left out. What an event does not say of its customer and trust
is filled in as for the tests of rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from aupkeep.base.clock import parse_duration, parse_instant
from aupkeep.base.errors import AupkeepError, Fault, Place, unknown_word
from aupkeep.detection.fields import Catalogue, fields_of, is_text, word
from aupkeep.events.schema import ORDER

#: When events without a time take place: a Monday, 2026-01-05T00:00:00Z, as in the tests of rules.
START = 1_767_571_200_000_000
#: In a text it is the number of the repetition, from 1 on.
NUMBER = "{n}"
#: Most rows that are taken: each is explained by itself.
MOST_ROWS = 20_000

#: Keys of an event that are no fields of it.
_OWN = frozenset({"kind", "at", "every", "repeat", "time", "event", "fields"})
#: Further ones of a line that `events --lines` printed.
_PRINTED = frozenset({"file", "offset", "outcome"})
_EVENT = re.compile(r"([0-9a-f]{1,16}):([0-9]{1,18})(?:\.([0-9]{1,9}))?")
_LARGEST = 2**63

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Frames by kind, and in words what was left out."""

    frames: dict[str, pl.DataFrame]
    notes: list[str] = field(default_factory=list)


def frames_of_events(
    events: Iterable[tuple[Place, object]], kinds: Catalogue, *, provider: str
) -> Written:
    """Return the frames of `events`; raises `AupkeepError` with every fault."""
    reading = _Reading(kinds, provider)
    for place, event in events:
        reading.take(event, place)
    if reading.faults:
        raise AupkeepError(reading.faults)
    frames = {
        kind: pl.DataFrame(rows, schema=fields_of(kind, kinds)).sort(ORDER)
        for kind, rows in reading.rows.items()
    }
    return Written(frames=frames, notes=reading.notes())


class _Reading:
    """Events on their way to rows."""

    def __init__(self, kinds: Catalogue, provider: str) -> None:
        self._kinds = kinds
        self._provider = provider
        self.rows: dict[str, list[Row]] = {}
        self.faults: list[Fault] = []
        self._count = 0
        self._no_rows = 0
        self._unknown: dict[str, None] = {}

    def notes(self) -> list[str]:
        """Return in words what was left out."""
        said = []
        if self._no_rows:
            said.append(f"{self._no_rows} lines that became no row are left out")
        if self._unknown:
            said.append(f"no fields of an event, left out: {', '.join(self._unknown)}")
        return said

    def take(self, event: object, place: Place) -> None:
        """Take one event, or say what is wrong with it."""
        if not isinstance(event, Mapping):
            self._fault("no-event", "an event is a mapping of fields", place)
            return
        if _printed(event) and event["outcome"] != "row":
            self._no_rows += 1
            return
        kind = event.get("kind")
        if not isinstance(kind, str) or kind not in self._kinds:
            self.faults.append(
                unknown_word(str(kind), sorted(self._kinds), what="a kind of event", place=place)
            )
            return
        before = len(self.faults)
        row = self._fields(kind, event, place)
        own = self._own(event, place)
        if len(self.faults) > before:
            return
        for turn in range(own["repeat"]):
            if self._count >= MOST_ROWS:
                self._fault("too-many", f"{MOST_ROWS} rows are the most that are explained", place)
                return
            self.rows.setdefault(kind, []).append(self._row(kind, row, own, turn))
            self._count += 1

    def _fields(self, kind: str, event: Mapping[str, object], place: Place) -> Row:
        """Return the fields that `event` states, checked; a printed line may state others too."""
        known = fields_of(kind, self._kinds)
        inner = event.get("fields")
        own = _OWN | _PRINTED if _printed(event) else _OWN
        given = {key: value for key, value in event.items() if key not in own}
        if isinstance(inner, Mapping):
            self._unknown |= dict.fromkeys(str(key) for key in inner if key not in known)
            given |= {key: value for key, value in inner.items() if key in known}
        row: Row = {}
        for key, value in given.items():
            if key not in known:
                self.faults.append(
                    unknown_word(str(key), sorted(known), what=f"a field of {kind}", place=place)
                )
            elif key == "observed_at" and isinstance(value, str):
                row[key] = self._instant(value, key, place)
            elif not _fits(value, known[key]):
                self._fault("wrong-type", f"`{key}` of {kind} holds {word(known[key])}", place)
            else:
                row[key] = value
        return row

    def _own(self, event: Mapping[str, object], place: Place) -> Row:
        """Return when the event takes place, how often, and its id where it has one."""
        own: Row = {"repeat": 1, "step": 0, "time": START}
        if event.get("at") is not None:
            own["time"] = self._at(str(event["at"]), place)
        if event.get("time") is not None:
            own["time"] = self._instant(str(event["time"]), "time", place)
        if event.get("every") is not None:
            own["step"] = self._duration(str(event["every"]), "every", place)
        repeat = event.get("repeat", 1)
        if isinstance(repeat, bool) or not isinstance(repeat, int) or repeat < 1:
            self._fault("wrong-type", "`repeat` is a number from 1 on", place)
        else:
            own["repeat"] = repeat
        found = _EVENT.fullmatch(str(event.get("event", "")))
        if found:
            own["id"] = (int(found[1], 16), int(found[2]), int(found[3] or 0))
        elif _printed(event) and isinstance(event["offset"], int):
            own["id"] = (1, event["offset"], self._count)
        return own

    def _row(self, kind: str, given: Row, own: Row, turn: int) -> Row:
        known = fields_of(kind, self._kinds)
        time = own["time"] + turn * own["step"]
        row = {key: _filled(value, turn + 1, known[key]) for key, value in given.items()}
        stream, position, part = own.get("id", (1, self._count, 0))
        customer = row.get("customer", "c1")
        base: Row = {
            "event_time": time,
            "observed_at": time,
            "stream": stream,
            "position": position if "id" not in own or turn == 0 else position + turn,
            "part": part,
            "source": 0,
            "provider": self._provider,
            "authenticated": True,
            "late": False,
            "customer": customer,
            "service": "s1",
            "attribution": "unknown" if customer is None else "attributed",
            "plans": row.get("plan"),
            "actor": "sample",
            "forgeable": False,
        }
        filled = {**base, **row}
        if filled["provider"] is None:
            filled["provider"] = self._provider
        return filled

    def _at(self, text: str, place: Place) -> int:
        """Return the instant of `at`: a duration after the start, or a time of its own."""
        if text[:1].isdecimal() and "-" not in text:
            return START + self._duration(text, "at", place)
        return self._instant(text, "at", place)

    def _duration(self, text: str, key: str, place: Place) -> int:
        if text.endswith("ms") and text[:-2].isdecimal():
            return int(text[:-2]) * 1000
        try:
            return parse_duration(text)
        except ValueError:
            self._fault("wrong-type", f"`{key}` is a duration such as 10ms, 90s or 5m", place)
            return 0

    def _instant(self, text: str, key: str, place: Place) -> int:
        try:
            return parse_instant(text)
        except (ValueError, OverflowError):
            what = f"`{key}` is a time with a zone, such as 2026-01-05T00:00:00Z"
            self._fault("wrong-type", what, place)
            return 0

    def _fault(self, code: str, what: str, place: Place) -> None:
        self.faults.append(Fault(code=code, what=what, place=place))


def each(document: object, place: Place) -> Iterator[tuple[Place, object]]:
    """Yield the events of a document: one, a list of them, or a mapping with `events`."""
    if isinstance(document, Mapping) and "kind" not in document and "events" in document:
        document = document["events"]
    if isinstance(document, list):
        for event in document:
            yield place, event
    else:
        yield place, document


def _printed(event: Mapping[str, object]) -> bool:
    """Whether `events --lines` printed the object."""
    return "outcome" in event and "offset" in event and isinstance(event.get("fields"), Mapping)


def _fits(value: object, data: pl.DataType) -> bool:
    if value is None:
        return True
    if is_text(data):
        return isinstance(value, str)
    if data == pl.Boolean:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if data.is_float():
        return isinstance(value, int | float)
    bound = 2**31 if data == pl.Int32() else _LARGEST
    return value == NUMBER or (isinstance(value, int) and -bound <= value < bound)


def _filled(value: object, number: int, data: pl.DataType) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace(NUMBER, str(number))
    return text if is_text(data) else int(text)
