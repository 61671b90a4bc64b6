"""Why an act was refused, shown above the form it came of, with what had been typed.

In: the error of an act. Out: `Trouble` and the status of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aupkeep.base.errors import AupkeepError, Fault

#: Codes of faults in what was typed; every other refusal is about the state things are in.
_TYPED = frozenset({"no-reason", "no-length", "not-milder", "long-reason"})
BAD_REQUEST, CONFLICT = 400, 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One refused act."""

    #: What the act was on: an id, or a name.
    subject: str
    #: The act's name, as its address says it.
    act: str
    faults: tuple[Fault, ...]
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status of the page that shows it."""
        return BAD_REQUEST if all(item.code in _TYPED for item in self.faults) else CONFLICT


def trouble(subject: str, act: str, error: AupkeepError, typed: Mapping[str, str]) -> Trouble:
    """Return `error` as trouble with `act` on `subject`."""
    return Trouble(subject=subject, act=act, faults=error.faults, typed=typed)
