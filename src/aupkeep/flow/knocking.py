"""A knock at the hand's door: look at this sanction now.

In: a sanction's id. Out: a line over the unix socket in the data folder. The hand re-reads the
database itself and would find it in a moment anyway, so a knock that nobody hears is no fault.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from aupkeep.outlets.knock import knock as say

#: The socket's name in the data folder.
SOCKET = "hand.sock"


def knock(data: Path, sanction: str) -> None:
    """Tell the hand of the installation with the folder `data` to look at `sanction`."""
    with contextlib.suppress(OSError):
        say(data / SOCKET, sanction)
