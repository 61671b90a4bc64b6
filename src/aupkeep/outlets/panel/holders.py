"""Which sanctions hold which things at a door that cannot keep our marks.

In: names as the panel has them, ids of sanctions. Out: the same from a file, whole at any moment.
A panel knows one suspension of a thing; two sanctions may want it, and people may as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.canonical import canonical
from aupkeep.outlets import durable


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """A file of notes; changed under its lock alone."""

    file: Path
    patience: float = 10.0

    def prepare(self) -> None:
        """Make the folder of the file."""
        durable.folder(self.file.parent, mode=0o700)

    def locked(self) -> AbstractContextManager[None]:
        """Be the only one who changes the notes in the block."""
        lock = self.file.with_name(f"{self.file.name}.lock")
        return durable.locked(lock, patience=self.patience)

    def every(self) -> Mapping[str, list[str]]:
        """Return name -> ids of the sanctions that hold it."""
        try:
            found: dict[str, list[str]] = json.loads(self.file.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise durable.refused(self.file, "cannot be read", error) from None
        except ValueError:
            what = "is broken: it is no JSON"
            raise durable.fault("notes", what, self.file, retry=False) from None
        return found

    def of(self, name: str) -> list[str]:
        """Return the ids of the sanctions that hold `name`."""
        return self.every().get(name, [])

    def put(self, name: str, sanction: str) -> None:
        """Note that `sanction` holds `name`."""
        held = self.of(name)
        if sanction not in held:
            self._write({**self.every(), name: [*held, sanction]})

    def drop(self, name: str, sanction: str) -> None:
        """Note that `sanction` holds `name` no more."""
        left = [one for one in self.of(name) if one != sanction]
        others = {key: ids for key, ids in self.every().items() if key != name}
        self._write({**others, name: left} if left else others)

    def _write(self, notes: Mapping[str, list[str]]) -> None:
        durable.write(self.file, canonical(notes), mode=0o600)
