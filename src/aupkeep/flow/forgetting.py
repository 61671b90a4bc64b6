"""The act of erasing a customer from the record: the keys of their envelopes are destroyed.

In: whose, why, by whom. Out: entries that verify as before, and whose envelopes nobody opens again.
The list of erasures lies apart from the database and from the keys, so that an older copy of either
goes through it again. A legal hold beats erasure and retention; what was carried out once is
carried out again whatever an older database says of holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from aupkeep.base.canonical import digest
from aupkeep.base.clock import parse_duration
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.flow.erasing import PATIENCE, listed, put_on_list
from aupkeep.flow.installation import Installation
from aupkeep.flow.recording import Recording
from aupkeep.store import chain, keyring
from aupkeep.store.archive import catalog, locks
from aupkeep.store.archive.standing import Hold
from aupkeep.store.database import unit
from aupkeep.store.keyring import SERVES, Held
from aupkeep.store.rows import to_text

#: Why a key is gone that its time took.
RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A customer of `provider` who was erased from the record; the first member marks the line."""

    #: Keys made before this instant; a case of later is another matter.
    keys_before: int
    name: str = ""
    provider: str
    customer: str
    reason: str
    by: str
    at: int


def forget(installation: Installation, wanted: Forgotten) -> int:
    """Destroy the keys of a customer's envelopes and return how many; none are left.

    Raises `AupkeepError` where a hold is in force on one of them; then nothing is destroyed.
    """
    asked = replace(wanted, name=make_id("record_erased", to_text(wanted)))
    with locks.rewriting(installation.archive, patience=PATIENCE):
        replay(installation, wanted.at)
        with unit():
            # Whoever enters something has this transaction's place, so no key is made meanwhile.
            found = _keys(asked)
            _refuse_held(found, asked)
            line = put_on_list(installation, to_text(asked))
            try:
                _enter(asked, len(found), again=False)
            except BaseException:
                line.truncate()
                raise
            return _carry_out(asked)


def replay(installation: Installation, now: int) -> None:
    """Carry out every listed erasure that these keys have not seen, and enter it where it is new.

    An older copy of the keys has secrets that were destroyed; an older database has no entry.
    """
    apply(installation.folder)
    for item in listed(installation.folder, Forgotten, of_record=True):
        if not chain.entries_about(item.name):
            with unit():
                _enter(replace(item, at=now), 0, again=True)


def apply(folder: Path) -> None:
    """Destroy whatever listed erasures destroyed before, where these keys have not seen it.

    Called whenever a command opens an installation: no view may come before it.
    """
    asked = listed(folder, Forgotten, of_record=True)
    seen = keyring.erasures() if asked else set()
    for item in asked:
        if item.name not in seen:
            _carry_out(item)


def sweep(installation: Installation, now: int) -> int:
    """Destroy the keys whose time is over, but for those under hold; return how many went."""
    said = installation.settings.record.keep_personal
    if not said:
        return 0
    until = now - parse_duration(said) - SERVES
    count = 0
    for provider in (item.name for item in installation.settings.provider):
        with unit():
            holds = _holds(provider)
            old = [one for one in keyring.held(provider, until=until) if not _held(one, holds, now)]
            if not old:
                continue
            recording = Recording()
            recording.enter(provider, "record_swept", RETENTION, {"keys": len(old)}, at=now)
            recording.keep()
            count += keyring.destroy([one.id for one in old], gone=RETENTION)
    return count


def _keys(asked: Forgotten) -> list[Held]:
    return keyring.held(asked.provider, customer=asked.customer, until=asked.keys_before)


def _carry_out(asked: Forgotten) -> int:
    done = keyring.destroy([one.id for one in _keys(asked)], gone=asked.name)
    keyring.note_erasure(asked.name)
    return done


def _enter(asked: Forgotten, keys: int, *, again: bool) -> None:
    body: dict[str, object] = {"by": asked.by, "content": digest(to_text(asked)), "keys": keys}
    if again:
        body["again"] = True
    recording = Recording()
    recording.enter(asked.provider, "record_erased", asked.name, body, at=asked.at)
    recording.keep()


def _holds(provider: str) -> list[Hold]:
    """Return the holds that reach the record: those of no kind of event alone."""
    return [one for one in catalog.holds() if one.provider == provider and not one.kind]


def _held(key: Held, holds: Iterable[Hold], now: int) -> list[Hold]:
    """Return the holds that a key is under; it has served from its making until now."""
    return [
        one
        for one in holds
        if one.customer in ("", key.customer) and one.may_touch(key.provider, "", key.made_at, now)
    ]


def _refuse_held(found: Iterable[Held], asked: Forgotten) -> None:
    """Refuse the whole where a key is under hold, naming the holds."""
    holds = _holds(asked.provider)
    counts = Counter(hold.id for key in found for hold in _held(key, holds, asked.at))
    if counts:
        named = {hold.id: hold for hold in holds}
        raise AupkeepError(
            Fault(
                code="under-hold",
                what=f"what the record has of {n} cases or acts is under hold {name[:12]} "
                f"(by {named[name].by}: {named[name].reason})",
                hint=f"nothing was erased; `aupkeep archive hold release {name[:12]}` comes first",
            )
            for name, n in sorted(counts.items())
        )
