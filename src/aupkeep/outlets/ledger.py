"""What is kept of targets that sanctions of ours hold, where the door itself has no room for it.

In: the key of a target. Out: which sanctions hold it, and what stood there before the first of
them. One small file a target in a folder that only the hand can read; each is whole or not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from aupkeep.base.clock import format_instant
from aupkeep.outlets import durable
from aupkeep.sanctions.power import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One target that is held."""

    target: str
    #: What stood there before, as the power reads it; plain JSON values.
    before: Mapping[str, Any]
    #: Id of each sanction that holds it -> when it ends (µs UTC); None: a person lifts it.
    sanctions: Mapping[str, int | None]

    def under(self, order: Order) -> Held:
        """Return it held for `order` too."""
        return replace(self, sanctions={**self.sanctions, order.sanction: order.until})

    def without(self, sanction: str) -> Held:
        """Return it no longer held for `sanction`."""
        left = {name: until for name, until in self.sanctions.items() if name != sanction}
        return replace(self, sanctions=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The folder of such files."""

    folder: Path
    #: Seconds to wait for another process that writes in it.
    patience: float

    def prepare(self) -> None:
        """Make the folder; raises `PowerFault`."""
        durable.folder(self.folder, mode=0o700)

    def locked(self) -> AbstractContextManager[None]:
        """Be the only one that changes it within the block."""
        return durable.locked(self.folder / "lock", patience=self.patience)

    def read(self, target: str) -> Held | None:
        """Return what is known of `target`; None: it is not held."""
        return self._read(self._file(target))

    def write(self, held: Held) -> None:
        """Keep `held` for good."""
        told = {
            "target": held.target,
            "before": dict(held.before),
            "sanctions": dict(held.sanctions),
        }
        durable.write(self._file(held.target), json.dumps(told, indent=1).encode(), mode=0o600)

    def drop(self, target: str) -> None:
        """Forget `target`."""
        path = self._file(target)
        try:
            path.unlink(missing_ok=True)
            durable.flush_folder(self.folder)
        except OSError as error:
            raise durable.refused(path, "cannot be removed", error) from error

    def all(self) -> list[Held]:
        """Return everything that is held."""
        try:
            paths = sorted(self.folder.glob("*.json"))
        except OSError as error:
            raise durable.refused(self.folder, "cannot be read", error) from error
        return [held for path in paths if (held := self._read(path)) is not None]

    def troubles(self) -> list[str]:
        """Return why it could not be used now."""
        there = self.folder.is_dir()
        return [] if there else [f"the folder `{self.folder}` is not there"]

    def key(self, target: str) -> str:
        """Return the name that stands for `target` in the folder."""
        return sha256(target.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def _file(self, target: str) -> Path:
        return self.folder / f"{self.key(target)}.json"

    def _read(self, path: Path) -> Held | None:
        try:
            told = json.loads(path.read_bytes())
            return Held(target=told["target"], before=told["before"], sanctions=told["sanctions"])
        except FileNotFoundError:
            return None
        except OSError as error:
            raise durable.refused(path, "cannot be read", error) from error
        except (ValueError, KeyError, TypeError) as error:
            what = "is no file of ours, or was damaged"
            raise durable.fault("ledger", what, path, retry=False) from error


def until_text(until: int | None) -> str:
    """Return in words when a sanction ends."""
    return f"until {format_instant(until)}" if until is not None else "until a person lifts it"
