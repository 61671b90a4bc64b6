"""One pure parser a format, and the table of them.

In: a block of bytes of one source. Out: what the block says, and what could not be read, with the
reason. Never: a file, a clock, a customer. `FORMATS` is the table that `--as` and inlets name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aupkeep.signals.formats import postfix, sshd
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.parsed import Parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFormat:
    """A format whose signals are lines of text."""

    #: Block of whole lines -> records; moves the clock on.
    parse: Callable[[bytes, LineClock], Parsed]
    #: Everything that one line's body states, by name, given its program.
    fields: Callable[[str, str], dict[str, object]]
    #: Place of a record among records of one instant that stand in different files.
    rank: Callable[[tuple[Any, ...]], int]


#: Postfix record kinds in the order of a message's life; what is not here comes in between.
_LIFE = {"C": 0, "P": 0, "M": 1, "Q": 2, "A": 3, "N": 5, "E": 5, "R": 6}
_OUTCOME = 4


def _postfix_rank(record: tuple[Any, ...]) -> int:
    return _LIFE.get(record[0], _OUTCOME)


def _no_rank(_: tuple[Any, ...]) -> int:
    """Lines of this format need no order among those of one instant."""
    return 0


LINE_FORMATS: Mapping[str, LineFormat] = {
    "postfix": LineFormat(parse=postfix.parse, fields=postfix.fields, rank=_postfix_rank),
    "sshd": LineFormat(parse=sshd.parse, fields=sshd.fields, rank=_no_rank),
}

#: Format name -> kind of event that its rows are.
FORMATS: Mapping[str, str] = {
    "postfix": "mail",
    "sshd": "login",
    "netflow5": "flow",
    "report": "report",
}
