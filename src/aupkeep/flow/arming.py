"""The acts of arming and disarming powers and clauses.

In: names of powers and clauses. Out: what is armed, entered. A measure is carried out only where
both its power and its clause are armed, and only for findings received after that: arming never
releases what was proposed before.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.base.errors import AupkeepError, Fault, MisuseError, unknown_word
from aupkeep.flow import powers
from aupkeep.flow.changing import keep
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.sanction import Sanction, State, move
from aupkeep.store import arming, sanctions
from aupkeep.store.arming import Armed
from aupkeep.store.database import unit

POWER, CLAUSE = "power", "clause"
_PROVIDER = "a provider of these settings"


def arm(
    installation: Installation, names: Iterable[str], *, provider: str = "", by: str, now: int
) -> list[Armed]:
    """Arm every one of `names` for `provider`, or for each provider that has it.

    Returns what is newly armed. Raises `MisuseError` for a name that is neither a power of the
    settings nor a clause, and `AupkeepError` for a power that could not work now.
    """
    wanted = _wanted(installation, list(names), provider, now)
    _refuse_broken(installation, wanted)
    new = []
    with unit():
        recording = Recording()
        for item in wanted:
            if arming.arm(item):
                new.append(item)
                body = {"kind": item.kind, "by": by}
                recording.enter(item.provider, "armed", item.name, body, at=now)
        _begin_anew(new, now)
        recording.keep()
    return new


def disarm(
    installation: Installation, names: Iterable[str], *, provider: str = "", by: str, now: int
) -> tuple[list[Armed], list[Sanction]]:
    """Disarm every one of `names`; what waits for people or the hand because of it is refused.

    What is in force stays in force until it ends or a person lifts it. Returns what was disarmed
    and what was refused.
    """
    wanted = _wanted(installation, list(names), provider, now)
    gone, refused = [], []
    with unit():
        recording = Recording()
        for item in wanted:
            if arming.disarm(item.provider, item.kind, item.name):
                gone.append(item)
                body = {"kind": item.kind, "by": by}
                recording.enter(item.provider, "disarmed", item.name, body, at=now)
        for item in gone:
            refused += _refuse_waiting(item, recording, by=by, now=now)
        recording.keep()
    return gone, refused


def _begin_anew(new: list[Armed], now: int) -> None:
    """Let the windows of what can act from now on begin empty: what came before only is history."""
    everything = arming.armed()
    for provider in dict.fromkeys(item.provider for item in new):
        powered = any(item.kind == POWER and item.provider == provider for item in new)
        for item in everything if powered else new:
            if item.provider == provider and item.kind == CLAUSE:
                arming.afresh(provider, item.name, None, now=now)


def _refuse_waiting(item: Armed, recording: Recording, *, by: str, now: int) -> list[Sanction]:
    refused = []
    states = [State.PROPOSED, State.APPROVED, State.FAILED]
    waiting = sanctions.all_sanctions(states=states, provider=item.provider)
    for one in waiting:
        sanction = one.sanction
        named = sanction.power if item.kind == POWER else sanction.clause
        if sanction.would_do or named != item.name:
            continue
        reason = f"{item.kind} {item.name} was disarmed"
        if sanction.state is State.FAILED:
            # It must not be tried again; what it may have left in force is taken back.
            if not sanction.ends_as:
                ending = {"ends_as": State.LIFTED.value, "lifted_by": by, "reason": reason}
                gone = move(sanction, State.LIFTING, **ending)
                keep(gone, recording, now=now, by=by, next_at=now)
                refused.append(gone)
            continue
        new = move(sanction, State.REFUSED, reason=reason, lifted_by=by, ended_at=now)
        keep(new, recording, now=now, by=by)
        refused.append(new)
    return refused


def _wanted(installation: Installation, names: list[str], provider: str, now: int) -> list[Armed]:
    named = powers.named(installation)
    if provider and provider not in named:
        raise MisuseError(
            unknown_word(provider, tuple(named), what="a provider of these settings", place=None)
        )
    in_force = PolicyBook(installation.policies()).in_force(now)
    words: dict[str, list[tuple[str, str]]] = {}
    for brand, measures in named.items():
        if provider and brand != provider:
            continue
        for measure in measures:
            words.setdefault(measure, []).append((brand, POWER))
        for clause in in_force[brand].policy.clauses:
            words.setdefault(clause, []).append((brand, CLAUSE))
    faults = [
        unknown_word(name, tuple(words), what="a power of these settings or a clause", place=None)
        for name in names
        if name not in words
    ]
    if faults:
        raise MisuseError(faults)
    return [
        Armed(provider=brand, kind=kind, name=name, since=now)
        for name in dict.fromkeys(names)
        for brand, kind in words[name]
    ]


def _refuse_broken(installation: Installation, wanted: list[Armed]) -> None:
    """Arm nothing that would then fail at three in the morning."""
    doors = powers.holds(installation)
    faults = []
    for item in wanted:
        if item.kind != POWER:
            continue
        if item.name == powers.WARN:
            channel = powers.channel(installation)
            troubles = channel.troubles() if channel else ["the settings name no way for letters"]
        elif (item.provider, item.name) not in doors:
            # A fee that no billing power carries on: the ledger lies in the database.
            continue
        else:
            door = doors[item.provider, item.name]
            door.prepare()
            troubles = door.troubles()
        faults += [
            Fault(code="power-cannot-work", what=f"`{item.name}` of {item.provider}: {why}")
            for why in troubles
        ]
    if faults:
        raise AupkeepError(faults)
