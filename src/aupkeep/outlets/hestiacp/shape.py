"""The table `[[power]]` of a HestiaCP."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from aupkeep.outlets.hestiacp.api import Hestia, Users, WebDomains
from aupkeep.outlets.panel.power import Panel
from aupkeep.outlets.panel.shape import PanelShape
from aupkeep.outlets.remit import Remit

#: Measure -> the scopes it can have here.
_SCOPES = {
    "suspend_account": ("account", "user"),
    "suspend_service": ("site", "service"),
    "lock_site": ("site",),
}


class HestiaShape(PanelShape):
    """A HestiaCP, by its API."""

    by: Literal["hestiacp"]
    measure: Literal["suspend_account", "suspend_service", "lock_site"]

    def opened(self, folder: Path) -> Panel:
        """Return the power."""
        hestia = Hestia(access=self.access(folder, "HestiaCP"))
        whole = self.measure == "suspend_account"
        return Panel(
            remit=Remit(measure=self.measure, scopes=_SCOPES[self.measure]),
            door=Users(hestia=hestia) if whole else WebDomains(hestia=hestia),
            holders=self.holders(folder),
            names=self.names,
        )
