"""The acts of placing and releasing a hold on events.

In: what must stay, why, by whom. Out: the hold, entered. Neither retention nor erasure takes a row
that is under hold; after its release, both go on where they had stopped.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.canonical import digest
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.base.ids import make_id
from aupkeep.flow.erasing import PATIENCE
from aupkeep.flow.installation import Installation
from aupkeep.flow.recording import Recording
from aupkeep.store.archive import catalog, locks
from aupkeep.store.archive.standing import Hold
from aupkeep.store.database import unit
from aupkeep.store.rows import to_text


def place(installation: Installation, wanted: Hold, *, patience: float = PATIENCE) -> Hold:
    """Place a hold from now on and return it; raises `MisuseError` where it says nothing.

    It keeps the id that it has; without one it gets one. `patience` is for whoever rewrites, in
    seconds.
    """
    if not (wanted.customer or wanted.kind or wanted.since is not None or wanted.until is not None):
        raise MisuseError(
            Fault(
                code="hold-of-everything",
                what="a hold says of whom, of which kind, or from when to when",
            )
        )
    hold = replace(wanted, id=wanted.id or make_id("archive_hold", to_text(wanted)))
    # Nothing is taken out while the hold comes into force.
    with locks.rewriting(installation.archive, patience=patience), unit():
        if any(hold.id == one.id for one in catalog.holds(every=True)):
            return hold
        catalog.put_hold(hold)
        recording = Recording()
        body = {"by": hold.by, "content": digest(to_text(hold))}
        recording.enter(hold.provider, "archive_held", hold.id, body, at=hold.at)
        recording.keep()
    return hold


def release(
    installation: Installation, beginning: str, *, now: int, by: str, patience: float = PATIENCE
) -> Hold:
    """Release the hold whose id begins so; raises `MisuseError` where it is not one in force."""
    with locks.rewriting(installation.archive, patience=patience), unit():
        found = [hold for hold in catalog.holds() if beginning and hold.id.startswith(beginning)]
        if len(found) != 1:
            raise MisuseError(
                Fault(
                    code="no-such-hold",
                    what=f"no hold in force, or more than one, has an id that begins with "
                    f"`{beginning}`",
                    hint="`aupkeep archive hold list` names them all",
                )
            )
        hold = found[0]
        catalog.release(hold.id, now=now, by=by)
        # What was erased while it was held goes now.
        catalog.look_again(hold.provider)
        recording = Recording()
        recording.enter(hold.provider, "archive_released", hold.id, {"by": by}, at=now)
        recording.keep()
    return hold
