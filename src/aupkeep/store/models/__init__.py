"""Dumb rows: no logic, constraints in the database, references by id.

Instants are microseconds UTC. `body` columns hold the canonical JSON of a frozen value, which
`store.rows` turns back; the other columns repeat what queries filter by.
"""

from aupkeep.store.models.evidence import Case, Decision, Finding, Sanction
from aupkeep.store.models.ground import Holding, PolicyVersion, Profile
from aupkeep.store.models.intake import Commit, Rejected, SourceState
from aupkeep.store.models.record import Entry

__all__ = [
    "Case",
    "Commit",
    "Decision",
    "Entry",
    "Finding",
    "Holding",
    "PolicyVersion",
    "Profile",
    "Rejected",
    "Sanction",
    "SourceState",
]
