"""The table `[[power]]` of a hold by Postfix."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from aupkeep.outlets.postfix_hold.power import PostfixHold
from aupkeep.outlets.shape import PowerShape


class PostfixHoldShape(PowerShape):
    """An access map of Postfix."""

    by: Literal["postfix_hold"] = "postfix_hold"
    measure: Literal["hold_mail"]
    #: The text of the map, relative to the settings file; only Aupkeep's `hand` writes our lines.
    map: str = Field(min_length=1)
    #: The map's type; empty: lmdb where Postfix has it, else hash.
    type: Literal["", "lmdb", "hash"] = ""
    #: Folder of the main.cf whose smtpd asks the map; empty: no Postfix does, only the file is
    #: written.
    config: str = ""
    #: What the login handed in before and is still queued is held as well.
    queued: bool = False

    def opened(self, folder: Path) -> PostfixHold:
        """Return the power."""
        return PostfixHold(
            map=(folder / self.map).absolute(),
            type=self.type,
            queued=self.queued,
            config=(folder / self.config).absolute() if self.config else None,
        )
