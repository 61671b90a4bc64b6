"""The powers `quarantine_file` and `remove_content` on files of this machine.

In: orders on files. Out: files taken away, a copy and a manifest of each in a folder of the hand's
own, and given back as they were. The order of steps is what makes it safe to be killed anywhere:
copy, manifest, ledger, and only then the file's name goes; back comes the file first, and only then
the copy goes.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from aupkeep.base.errors import Fault
from aupkeep.outlets import durable
from aupkeep.outlets.ledger import Held, Ledger, until_text
from aupkeep.outlets.quarantine import copy
from aupkeep.outlets.quarantine.copy import Manifest
from aupkeep.outlets.quarantine.place import Spot, spot
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

#: In the ledger, of a file that has been given back: number of the copy that may go.
_DONE = "given_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Takes files away and gives them back; see the module."""

    measure: str
    #: Folder of the copies; only the hand may read it.
    folder: Path
    #: Folders of customers that it may act in.
    roots: tuple[str, ...]
    #: Host of a web address -> the folder that its paths are in.
    sites: Mapping[str, str] = field(default_factory=dict)
    #: Seconds to wait for another process that works in the folder.
    patience: float = 10.0
    reversible: bool = True

    def prepare(self) -> None:
        """Make the folder of the copies."""
        self._ledger.prepare()

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot take `target`, or an empty string."""
        if scope not in ("file", "path"):
            return f"this power takes one file away, not a {scope}"
        try:
            spot(target, self.roots, self.sites)
        except ValueError as error:
            return str(error)
        return ""

    def plan(self, order: Order) -> str:
        """Return what stands there, and which sanctions have taken it; changes nothing."""
        where = self._spot(order)
        held = self._ledger.read(where.path)
        now = copy.status(where)
        if held is None or now is not None:
            copy.check(where, now)
        told = {} if now is None else {"size": now.st_size, "mtime": now.st_mtime_ns}
        return json.dumps({"held_by": list(held.sanctions) if held else [], **told})

    def apply(self, order: Order) -> None:
        """Take the file away, or keep it away."""
        where = self._spot(order)
        with self._ledger.locked():
            held = self._settled(where)
            away = held is not None and copy.status(where) is None
            taken = None if away else self._taken(where)
            held = held or Held(target=where.path, before={}, sanctions={})
            if held.sanctions.get(order.sanction, 0) != order.until:
                self._ledger.write(held.under(order))
            if taken is not None and not copy.remove(where, taken):
                what = "another file was put there meanwhile"
                raise durable.fault("changing", what, Path(where.path), retry=True)

    def look(self, order: Order) -> Seen:
        """Look whether nothing stands at the path and the copy is whole."""
        where = self._spot(order)
        held = self._ledger.read(where.path)
        if held is None or order.sanction not in held.sanctions:
            return Seen(in_force=False, how=f"{where.path}: not taken away for this sanction")
        if copy.status(where) is not None:
            return Seen(in_force=False, how=f"{where.path}: a file stands there again")
        number = self._last(where)
        if not number:
            how = f"{where.path}: nothing stands there; its copy was purged"
            return Seen(in_force=True, how=how)
        kept = copy.read_manifest(self._manifest(where, number))
        others = f"; {kept.links - 1} other names of it still stand" if kept.links > 1 else ""
        how = f"{where.path}: nothing stands there; copy {kept.sha256}, {kept.size} bytes{others}"
        return Seen(in_force=True, how=how)

    def undo(self, order: Order) -> None:
        """Give the file back, as far as no other sanction keeps it away."""
        where = self._spot(order)
        with self._ledger.locked():
            held = self._settled(where)
            if held is None or order.sanction not in held.sanctions:
                return
            left = held.without(order.sanction)
            if left.sanctions:
                self._ledger.write(left)
                return
            self._give_back(where, left)

    def marks(self) -> list[Mark]:
        """Return the files that are away, one mark a sanction."""
        return [
            Mark(sanction=name, target=held.target, text=f"file away {until_text(until)}")
            for held in self._ledger.all()
            for name, until in held.sanctions.items()
        ]

    def troubles(self) -> list[str]:
        """Return why it could not work now, in plain words."""
        found = self._ledger.troubles()
        if os.geteuid() != 0:
            found.append("only root may give a file back to its owner")
        for root in (*self.roots, *self.sites.values()):
            if why := _unfit(root):
                found.append(f"the folder `{root}` {why}")
        return found

    @property
    def _ledger(self) -> Ledger:
        return Ledger(folder=self.folder, patience=self.patience)

    def _spot(self, order: Order) -> Spot:
        why = self.carries(order.scope, order.target)
        if why:
            raise PowerFault(Fault(code="target", what=why), retry=False)
        return spot(order.target, self.roots, self.sites)

    def _taken(self, where: Spot) -> Manifest:
        """Return the manifest of the copy of what stands there, which is made where there is none.

        A file that was put there after another was taken gets a copy of its own.
        """
        number, now = self._last(where), copy.status(where)
        if number and now is not None:
            known = copy.read_manifest(self._manifest(where, number))
            if copy.identity(now) == known.identity:
                return known
        copy.check(where, now)
        durable.folder(self._copies(where), mode=0o700)
        made = copy.take(where, self._content(where, number + 1))
        durable.write(self._manifest(where, number + 1), made.text(), mode=0o600)
        return made

    def _give_back(self, where: Spot, held: Held) -> None:
        number = self._last(where)
        if not number:
            what = "its copy was purged, so it cannot be given back"
            raise durable.fault("purged", what, Path(where.path), retry=False)
        kept = copy.read_manifest(self._manifest(where, number))
        copy.give_back(where, kept, self._content(where, number))
        done = replace(held, before={_DONE: number})
        self._ledger.write(done)
        self._clear(where, done)

    def _settled(self, where: Spot) -> Held | None:
        """Return what is known of the path, after what was begun has been brought to its end."""
        held = self._ledger.read(where.path)
        if held is not None and _DONE in held.before:
            self._clear(where, held)
            return None
        return held

    def _clear(self, where: Spot, held: Held) -> None:
        number = held.before[_DONE]
        try:
            self._manifest(where, number).unlink(missing_ok=True)
            self._content(where, number).unlink(missing_ok=True)
            if not any(self._copies(where).iterdir()):
                self._copies(where).rmdir()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise durable.refused(self._copies(where), "cannot be cleared", error) from error
        self._ledger.drop(where.path)

    def _last(self, where: Spot) -> int:
        """Return the number of the newest copy that has a manifest; 0: there is none."""
        numbers = [int(path.stem) for path in self._copies(where).glob("[0-9]*.json")]
        return max(numbers, default=0)

    def _copies(self, where: Spot) -> Path:
        return self.folder / self._ledger.key(where.path)

    def _content(self, where: Spot, number: int) -> Path:
        return self._copies(where) / f"{number}.content"

    def _manifest(self, where: Spot, number: int) -> Path:
        return self._copies(where) / f"{number}.json"


def _unfit(root: str) -> str:
    """Return why files could not be given back under `root`, or an empty string."""
    try:
        os.close(os.open(root, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        return f"cannot take files back: {(error.strerror or str(error)).lower()}"
    return "is no folder" if not stat.S_ISDIR(Path(root).stat().st_mode) else ""
