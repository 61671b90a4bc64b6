"""The one way a sanction changes: read, moved, stored and entered in one transaction.

In: a sanction's id and a move. Out: the sanction after it. Whoever is second finds the state that
the first one left, so that no move is made twice.
"""

from __future__ import annotations

from collections.abc import Callable

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.moving import follow
from aupkeep.flow.recording import Recording
from aupkeep.record.entry import Entry
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import sanctions
from aupkeep.store.database import unit
from aupkeep.store.rows import to_text

#: State -> the act by which a sanction comes to it.
ACTS = {state: f"sanction_{state.value}" for state in State}

#: What is done in the same transaction after the entry was made.
After = Callable[[Sanction, Entry, Recording], None]


def change(  # noqa: PLR0913  # each but the first two is a keyword that most leave out
    identity: str,
    moved: Callable[[Sanction], Sanction],
    *,
    now: int,
    by: str = "",
    next_at: int | None = None,
    attempts: int = 0,
    trouble: str = "",
    after: After | None = None,
    act: str = "",
) -> Sanction:
    """Change the sanction `identity` by `moved`, which may refuse with `AupkeepError`.

    `by` is the person who does it, empty for the program; `next_at` is when the hand must look at
    it next; `attempts` is how often in a row it has not succeeded. Raises `AupkeepError` for an id
    that is not there.
    """
    with unit():
        before = sanctions.get_sanction(identity)
        if before is None:
            raise AupkeepError(
                Fault(
                    code="no-such-sanction",
                    what=f"no sanction, or more than one, has an id that begins with `{identity}`",
                    hint="`aupkeep sanction list` names them all",
                )
            )
        new = moved(before)
        if new == before:
            return new
        recording = Recording()
        entry = keep(
            new,
            recording,
            now=now,
            by=by,
            next_at=next_at,
            attempts=attempts,
            trouble=trouble,
            act=act,
        )
        if after is not None:
            after(new, entry, recording)
        recording.keep()
    return new


def keep(
    sanction: Sanction,
    recording: Recording,
    *,
    now: int,
    by: str = "",
    next_at: int | None = None,
    attempts: int = 0,
    trouble: str = "",
    act: str = "",
) -> Entry:
    """Store `sanction` with the entry of how it came to its state; inside a unit.

    `act` is what the entry calls it where the state did not change.
    """
    # What waits for people, or for nobody, is none of the hand's business.
    due = None if sanction.state in (State.PROPOSED, State.REFUSED) else next_at
    sanctions.put_sanction(sanction, next_at=due, attempts=attempts, trouble=trouble)
    if not act:
        agreed = sanction.state is State.PROPOSED and sanction.approved_by
        act = "sanction_agreed" if agreed else ACTS[sanction.state]
    body: dict[str, object] = {
        "case": sanction.case,
        "measure": sanction.measure,
        "scope": sanction.scope,
        "customer": sanction.customer,
        "target": sanction.target,
        "people": sanction.people,
        "would_do": sanction.would_do,
        "content": sha256(to_text(sanction).encode()),
    }
    if by:
        body["by"] = by
    entry = recording.enter(sanction.provider, act, sanction.id, body, at=now)
    follow(sanction, recording, now=now)
    return entry
