"""What a chart is made of.

In: nothing. Out: values, all instants microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

#: What one counted row is, by kind of event.
UNITS: Mapping[str, str] = {
    "mail": "recipients of mail",
    "login": "login attempts",
    "flow": "flows",
    "report": "reports",
    "process": "acts of programs",
    "file": "files touched",
    "web": "requests",
    "dns": "questions for names",
    "config": "lines of applications and devices",
}


class Count(Protocol):
    """Rows of one minute that the same became of; `store.course.Minute` is one."""

    @property
    def at(self) -> int:
        """Start of the minute."""

    @property
    def mark(self) -> str:
        """What became of them; empty where nothing is said."""

    @property
    def n(self) -> int:
        """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A finding: what people call its rule, from its opening to its end."""

    label: str
    first: int
    #: None while it still holds.
    last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant with a name: `found`, `held`, `lifted`."""

    label: str
    at: int
