"""What every act of a person needs: somebody who works here, and a reason.

In: a name, words. Out: what is wrong with them.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.errors import Fault, unknown_word
from aupkeep.store import links

#: Characters of a reason.
LONGEST_REASON = 1000


def no_reason(reason: str) -> list[Fault]:
    """Return what is wrong with `reason`."""
    if not reason.strip():
        hint = "say why in a few words"
        return [Fault(code="no-reason", what="a reason is needed", hint=hint)]
    if len(reason) > LONGEST_REASON:
        what = f"a reason has {LONGEST_REASON} characters at most"
        return [Fault(code="long-reason", what=what)]
    return []


def no_person(name: str) -> list[Fault]:
    """Return why `name` is nobody who may act."""
    people = tuple(person for person, active in links.people() if active)
    if name in people:
        return []
    fault = unknown_word(name, people, what="a person of this installation", place=None)
    hint = fault.hint or "`aupkeep person add NAME` lets somebody in"
    return [replace(fault, code="no-such-person", hint=hint)]
