"""The table `[[power]]` of a WHMCS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from aupkeep.outlets.panel.power import Panel
from aupkeep.outlets.panel.shape import PanelShape
from aupkeep.outlets.remit import Remit
from aupkeep.outlets.whmcs.api import Whmcs
from aupkeep.outlets.whmcs.billing import Billing
from aupkeep.outlets.whmcs.fee import Fees


class WhmcsShape(PanelShape):
    """A WHMCS, by its API."""

    by: Literal["whmcs"]
    measure: Literal["suspend_service", "fee"]

    def opened(self, folder: Path) -> Panel | Fees:
        """Return the power."""
        whmcs = Whmcs(access=self.access(folder, "WHMCS"))
        if self.measure == "fee":
            notes = (folder / self.notes / f"{self.provider}.whmcs").absolute()
            return Fees(billing=Billing(whmcs=whmcs, notes=notes, names=self.names))
        return Panel(
            remit=Remit(measure=self.measure, scopes=("service",)),
            door=whmcs,
            holders=self.holders(folder),
            names=self.names,
        )
