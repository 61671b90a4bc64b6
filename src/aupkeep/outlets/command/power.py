"""A power that runs a program of the provider's own, and believes only what it prints.

In: orders. Out: a program run with a fixed list of arguments, into which parts of the order go as
whole arguments. Exit code 0 means that the program did what it was asked, 75 that it is to be asked
again (EX_TEMPFAIL, sysexits.h); any other is a fault. What is in force the program says in words:
a script that broke off must not be able to say it by its exit code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault
from aupkeep.outlets.command.running import run
from aupkeep.outlets.remit import OtherDoor
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

#: What stands for a part of the order, as a whole argument.
PLACES: Final = (
    *("{target}", "{scope}", "{sanction}", "{case}"),
    *("{customer}", "{provider}", "{measure}", "{until}"),
)
#: What `look` prints on its first line.
IN_FORCE, NOT_IN_FORCE = "in force", "not in force"
AGAIN = 75
#: Bytes of output, and characters of it that are shown.
MOST, _SHOWN = 1 << 20, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(OtherDoor):
    """Carries a measure out by a program; see the module."""

    #: Argument lists by act: apply, look, undo (none where it cannot be taken back), marks.
    words: Mapping[str, Sequence[str]]
    patience: float = 30.0

    def apply(self, order: Order) -> None:
        """Run the program that carries it out."""
        self.remit.check_due(order)
        self._run("apply", self._filled("apply", order))

    def look(self, order: Order) -> Seen:
        """Run the program that looks; raises `PowerFault` where it does not say."""
        self.remit.check(order)
        said = self._run("look", self._filled("look", order))
        first, _, rest = said.partition("\n")
        if first.strip() not in (IN_FORCE, NOT_IN_FORCE):
            what = f"its first line is neither `{IN_FORCE}` nor `{NOT_IN_FORCE}`"
            raise self._fault("look", what, retry=True)
        how = f"`{self.words['look'][0]}` says: {first.strip()}"
        return Seen(in_force=first.strip() == IN_FORCE, how=f"{how}; {_shown(rest)}".rstrip("; "))

    def undo(self, order: Order) -> None:
        """Run the program that takes it back; what cannot be taken back is not asked for."""
        self.remit.check(order)
        if self.reversible:
            self._run("undo", self._filled("undo", order))

    def marks(self) -> list[Mark]:
        """Return what the program lists: a line a mark, `SANCTION TARGET`; `-` = not ours."""
        found = []
        given = {"{provider}": self.provider, "{measure}": self.measure}
        for line in self._run("marks", _fill(self.words["marks"], given)).splitlines():
            sanction, _, target = line.strip().partition(" ")
            if not target:
                raise self._fault("marks", "a line is not `SANCTION TARGET`", retry=True)
            ours = "" if sanction == "-" else sanction
            found.append(Mark(sanction=ours, target=target.strip(), text=_shown(line)))
        return found

    def troubles(self) -> list[str]:
        """Return why it could not work now; the program is asked for its list."""
        programs = sorted({self.words[act][0] for act in self.words})
        missing = [path for path in programs if not os.access(path, os.X_OK)]
        found = [f"`{path}` is not there or cannot be run by this user" for path in missing]
        found += [f"everybody may write to `{path}`" for path in programs if _loose(Path(path))]
        if found:
            return found
        try:
            self.marks()
        except PowerFault as fault:
            return [one.what for one in fault.faults]
        return []

    def _filled(self, act: str, order: Order) -> list[str]:
        until = "never" if order.until is None else format_instant(order.until)
        given = {
            "{target}": order.target,
            "{scope}": order.scope,
            "{sanction}": order.sanction,
            "{case}": order.case,
            "{customer}": order.customer,
            "{provider}": order.provider,
            "{measure}": order.measure,
            "{until}": until,
        }
        for place, value in given.items():
            if place in self.words[act] and (not value or value.startswith("-") or "\0" in value):
                what = f"`{place}` would be empty or could be read as an option"
                raise self._fault(act, what, retry=False)
        return _fill(self.words[act], given)

    def _run(self, act: str, words: Sequence[str]) -> str:
        said = run(words, patience=self.patience, most=MOST)
        if said.code != 0:
            told = _shown(said.err) or _shown(said.out)
            what = f"exit code {said.code}{f': {told}' if told else ''}"
            raise self._fault(act, what, retry=said.code == AGAIN)
        return said.out

    def _fault(self, act: str, what: str, *, retry: bool) -> PowerFault:
        said = f"`{self.words[act][0]}` ({act}): {what}"
        return PowerFault(Fault(code="command", what=said), retry=retry)


def _fill(words: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Return the words, each place replaced as a whole: a value is always one argument."""
    return [given.get(word, word) for word in words]


def _loose(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o002)
    except OSError:
        return False


def _shown(said: str) -> str:
    return " ".join(word for word in said.split() if word.isprintable())[:_SHOWN]
