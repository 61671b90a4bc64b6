"""The act of looking at everything: what else is shown shortened, or not at all.

In: whose case, who looks, why. Out: an entry, made before anything is shown.
"""

from __future__ import annotations

from aupkeep.base.errors import Fault, MisuseError
from aupkeep.flow.recording import Recording
from aupkeep.store import evidence
from aupkeep.store.database import unit

#: Characters of a purpose.
LONGEST = 1000


def viewed_case(case: str, *, by: str, purpose: str, how: str, now: int) -> None:
    """Enter that `by` saw all of the case with the id `case`; raises `MisuseError` without why."""
    found = evidence.get_case(case)
    if found is None:
        raise MisuseError(Fault(code="no-such-case", what=f"`{case}` is no case"))
    viewed(
        found.provider,
        found.id,
        by=by,
        purpose=purpose,
        how=how,
        now=now,
        customer=found.customer,
    )


def viewed(
    provider: str,
    subject: str,
    *,
    by: str,
    purpose: str,
    how: str,
    now: int,
    customer: str | None = None,
    manifest: str = "",
) -> None:
    """Enter that `by` saw all of `subject`, a case or `record`; raises `MisuseError` without why.

    `how` is one word for the way: page, export, proof, bag; `manifest` is the hash of a bag's list.
    """
    said = purpose.strip()
    if not said or len(said) > LONGEST:
        what = f"a full view needs a reason of at most {LONGEST} characters"
        raise MisuseError(Fault(code="no-reason", what=what, hint="it is entered in the record"))
    body: dict[str, object] = {"by": by, "how": how, "customer": customer, "purpose": said}
    if manifest:
        body["manifest"] = manifest
    with unit():
        recording = Recording()
        recording.enter(provider, "record_viewed", subject, body, at=now)
        recording.keep()
