"""The acts on holdings and profiles: import as an interval difference.

In: a CSV's values and the name of their source. Out: rows and an entry in the record. What the
source no longer lists ends at the import's instant; an import that would end more than a twentieth
of what is held is refused, because a cut-off export looks just like that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aupkeep.attribution.difference import Changes, difference
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.base.errors import Fault, unknown_word
from aupkeep.flow.recording import Recording
from aupkeep.store import ground
from aupkeep.store.database import unit


def import_holdings(
    listed: Sequence[Holding], *, source: str, now: int, forced: bool = False
) -> Changes:
    """Take over the holdings that `source` lists; raises `AupkeepError` when it ends too many."""
    with unit():
        # Read where it is written: of two imports at once, neither may undo the other.
        before = ground.holdings()
        changes = difference(before, listed, source, at=now, forced=forced)
        if not changes.opened and not changes.ended:
            return changes
        ending = set(changes.ending)
        staying = [item for item in before if item not in ending]
        ground.put_holdings((*staying, *changes.ended, *changes.opened))
        recording = Recording()
        for provider in sorted({item.provider for item in (*changes.opened, *changes.ended)}):
            body = {
                "source": source,
                "opened": sum(item.provider == provider for item in changes.opened),
                "ended": sum(item.provider == provider for item in changes.ended),
                "kept": sum(item.provider == provider for item in changes.kept),
            }
            recording.enter(provider, "holdings_imported", source, body, at=now)
        recording.keep()
    return changes


def import_profiles(listed: Sequence[Profile], *, source: str, now: int) -> int:
    """Take over profile statements that are new; return how many there were."""
    with unit():
        before = ground.profiles()
        there = set(before)
        new = [item for item in listed if item not in there]
        if not new:
            return 0
        ground.put_profiles((*before, *new))
        recording = Recording()
        for provider in sorted({item.provider for item in new}):
            body = {"source": source, "new": sum(item.provider == provider for item in new)}
            recording.enter(provider, "profiles_imported", source, body, at=now)
        recording.keep()
    return len(new)


def not_listed(provider: str, field: str, word: str) -> list[Fault]:
    """Return why `word` is no `field` (customer or service) of `provider` that a list names.

    Where no list says anything, or nothing was asked for, there is nothing to compare with.
    """
    listed: list[Holding | Profile] = [*ground.holdings(), *ground.profiles()]
    names = {str(getattr(item, field)) for item in listed if item.provider == provider}
    if not word or not names or word in names:
        return []
    fault = unknown_word(word, sorted(names), what=f"a {field} of {provider}", place=None)
    # Not all customers of a hoster fit on a screen.
    return [replace(fault, allowed=())]
