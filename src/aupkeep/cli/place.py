"""Which installation a command works on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.flow.installation import Installation, open_installation

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir", envvar="AUPKEEP_DIR", help="folder of the installation; default: this folder"
    ),
]
Place = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="folder of the installation; default: this folder"),
]
Provider = Annotated[
    str, typer.Option(help="only for this provider; default: for all that have it")
]


def opened(folder: Path | None) -> Installation:
    """Open the installation in `folder`, or in the present folder; raises `AupkeepError`."""
    return open_installation(folder or Path())
