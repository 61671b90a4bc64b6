"""What the tables `[[power]]` of control panels say alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from aupkeep.outlets import asked
from aupkeep.outlets.calling import Caller
from aupkeep.outlets.panel.access import Access
from aupkeep.outlets.panel.holders import Holders
from aupkeep.outlets.shape import PowerShape


class PanelShape(PowerShape):
    """A control panel or billing system."""

    #: Where its API is.
    url: Annotated[str, AfterValidator(asked.address)]
    #: File that holds `NAME:SECRET`, relative to the settings file.
    key_file: str = Field(min_length=1)
    #: File of the authorities whose certificates are taken; empty: the usual ones.
    ca_file: str = ""
    #: What the panel calls our customers, services or sites, where that differs.
    names: dict[str, str] = Field(default_factory=dict)
    #: Folder of our notes, relative to the settings file.
    notes: str = "doors"
    #: Seconds for each step of a call.
    patience: int = Field(default=20, ge=1, le=60)

    def access(self, folder: Path, name: str) -> Access:
        """Return the way to the panel that people know as `name`."""
        caller = Caller(
            url=self.url,
            name=name,
            code="panel",
            patience=self.patience,
            ca=(folder / self.ca_file).absolute() if self.ca_file else None,
        )
        return Access(caller=caller, key=(folder / self.key_file).absolute())

    def holders(self, folder: Path) -> Holders:
        """Return the notes on what our sanctions hold there."""
        name = f"{self.provider}.{self.measure}.{self.by}.json"
        return Holders(file=(folder / self.notes / name).absolute())
