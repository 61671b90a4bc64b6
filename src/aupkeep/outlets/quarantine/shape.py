"""The table `[[power]]` of files that are taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from aupkeep.outlets.quarantine.power import Quarantine
from aupkeep.outlets.shape import PowerShape


def _whole(path: str) -> str:
    if not path.startswith("/") or any(name in ("", ".", "..") for name in path[1:].split("/")):
        raise ValueError("a whole path is wanted, without . or .. and without / at its end")
    return path


_Folder = Annotated[str, AfterValidator(_whole)]


class QuarantineShape(PowerShape):
    """Files of customers on this machine."""

    by: Literal["quarantine"]
    measure: Literal["quarantine_file", "remove_content"]
    #: Folder of the copies, relative to the settings file.
    folder: str = Field(min_length=1)
    #: Folders of customers that it may act in.
    roots: list[_Folder] = Field(min_length=1)
    #: Host of a web address -> the folder, under one of `roots`, that its paths are in.
    sites: dict[str, _Folder] = Field(default_factory=dict)

    def opened(self, folder: Path) -> Quarantine:
        """Return the power."""
        return Quarantine(
            measure=self.measure,
            folder=(folder / self.folder).absolute(),
            roots=tuple(self.roots),
            sites={host.lower(): place for host, place in self.sites.items()},
        )
