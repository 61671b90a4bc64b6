"""Which installation a command works on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.flow.forgetting import apply
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
    installation = open_installation(folder or Path())
    # Whoever was erased stays so, also where an older copy of the keys was brought back.
    apply(installation.folder)
    return installation
