"""Which proposals may be carried out: what is armed, and which power could do it.

In: an installation. Out: for each provider and clause, what `propose` asks. Read anew at each
commit, so that arming holds from the next batch on.
"""

from __future__ import annotations

from aupkeep.decisions.decision import Proposal
from aupkeep.flow import powers
from aupkeep.flow.arming import CLAUSE, POWER
from aupkeep.flow.installation import Installation
from aupkeep.sanctions.proposing import Standing, StandingOf
from aupkeep.store import arming


class Arms:
    """What is armed at one moment."""

    def __init__(self, installation: Installation) -> None:
        """Read what is armed; the settings say which powers there are."""
        self._named = powers.named(installation)
        self._holds = powers.holds(installation)
        self._since = {(item.provider, item.kind, item.name): item.since for item in arming.armed()}

    def of(self, provider: str, clause: str) -> StandingOf:
        """Return what stands for proposals of `clause`."""

        def standing(proposal: Proposal) -> Standing:
            measure = proposal.measure.value
            if measure not in self._named.get(provider, ()):
                return Standing()
            door = self._holds.get((provider, measure))
            if door is not None and door.carries(proposal.scope, proposal.target):
                return Standing()
            both = [
                self._since.get((provider, POWER, measure)),
                self._since.get((provider, CLAUSE, clause)),
            ]
            armed = [since for since in both if since is not None]
            return Standing(measure, max(armed) if len(armed) == len(both) else None)

        return standing
