"""Dumb rows: no logic, constraints in the database, references by id.

Instants are microseconds UTC. `body` columns hold the canonical JSON of a frozen value, which
`store.rows` turns back; the other columns repeat what queries filter by.
"""

from aupkeep.store.models.archive import (
    ArchiveErasure,
    ArchiveFile,
    ArchiveHold,
    ArchiveSweep,
)
from aupkeep.store.models.cases import CaseAct
from aupkeep.store.models.course import Minute
from aupkeep.store.models.dialogue import Answer, Appeal, Attachment, DueLetter, Notice
from aupkeep.store.models.enforcement import Afresh, Alarm, Armed, Pause
from aupkeep.store.models.evidence import Case, Decision, Finding, Sanction
from aupkeep.store.models.exceptions import PolicyException
from aupkeep.store.models.fees import Booking, Heartbeat
from aupkeep.store.models.ground import Holding, PolicyVersion, Profile
from aupkeep.store.models.intake import Commit, Rejected, SourceState
from aupkeep.store.models.record import Checkpoint, Entry

__all__ = [
    "Afresh",
    "Alarm",
    "Answer",
    "Appeal",
    "ArchiveErasure",
    "ArchiveFile",
    "ArchiveHold",
    "ArchiveSweep",
    "Armed",
    "Attachment",
    "Booking",
    "Case",
    "CaseAct",
    "Checkpoint",
    "Commit",
    "Decision",
    "DueLetter",
    "Entry",
    "Finding",
    "Heartbeat",
    "Holding",
    "Minute",
    "Notice",
    "Pause",
    "PolicyException",
    "PolicyVersion",
    "Profile",
    "Rejected",
    "Sanction",
    "SourceState",
]
