"""The table `[[power]]` of users of this system."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from aupkeep.outlets.shape import PowerShape
from aupkeep.outlets.unix_account.power import UnixAccount


class UnixAccountShape(PowerShape):
    """Users in passwd and shadow of this machine."""

    by: Literal["unix_account"]
    measure: Literal["suspend_account", "suspend_service"]
    #: Folder for what was so before, relative to the settings file.
    state: str = Field(min_length=1)
    #: File with a line `TARGET USER` for each user of a customer or service; empty: they are
    #: called alike.
    users: str = ""
    #: Users with a smaller number are never met.
    least: int = Field(default=1000, ge=1)
    #: Seconds that processes are given to end by themselves.
    politely: int = Field(default=5, ge=0, le=60)

    def opened(self, folder: Path) -> UnixAccount:
        """Return the power."""
        return UnixAccount(
            measure=self.measure,
            state=(folder / self.state).absolute(),
            users=(folder / self.users).absolute() if self.users else None,
            least=self.least,
            politely=float(self.politely),
        )
