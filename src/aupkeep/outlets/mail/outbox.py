"""A folder into which letters are put as files, for another program, or a person, to take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aupkeep.outlets import durable
from aupkeep.outlets.mail.channel import Outcome
from aupkeep.outlets.mail.letter import Letter, file, message


@dataclass(frozen=True, slots=True)
class Outbox:
    """Writes `ID.eml`, whole and once."""

    folder: Path

    def send(self, letter: Letter) -> Outcome:
        """Put the letter into the folder; one that is there already stays as it is."""
        path = file(self.folder, letter.id, ".eml")
        if path.exists():
            return Outcome(doubtful=False, how=f"it was in the outbox already: {path}")
        data = message(letter)
        durable.folder(self.folder)
        durable.write(path, data, mode=0o640)
        return Outcome(doubtful=False, how=f"it is in the outbox: {path}")

    def may_have_left(self, letter: str) -> bool:
        """Return whether the letter with that id is in the folder."""
        return file(self.folder, letter, ".eml").exists()

    def troubles(self) -> list[str]:
        """Return why no letter could be put there now."""
        place = self.folder if self.folder.exists() else self.folder.parent
        if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
            return []
        return [f"the folder `{place}` is not there or cannot be written to by this user"]
