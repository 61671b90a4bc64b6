"""How the acting half of an installation stands: processes, powers, letters, record.

In: an installation. Out: plain values and troubles in plain words. Nothing is changed.
"""

from __future__ import annotations

import fcntl
import os
import socket
from dataclasses import dataclass

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import powers
from aupkeep.flow.installation import Installation
from aupkeep.flow.reconciling import reconcile
from aupkeep.record.checkpoint import read, reference
from aupkeep.sanctions.sanction import State
from aupkeep.store import alarms, arming, chain, sanctions

#: Seconds that the desk has to take a call.
PATIENCE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What there is to say."""

    #: Provider -> armed powers and clauses, as words.
    armed: dict[str, dict[str, list[str]]]
    #: Process -> whether it is at work.
    processes: dict[str, bool]
    #: Provider -> its last signed checkpoint, or why there is none.
    checkpoints: dict[str, str]
    #: How many sanctions are in each state, would-do ones apart.
    sanctions: dict[str, int]
    alarms: int
    troubles: tuple[str, ...]


def examine(installation: Installation) -> Health:
    """Look at everything that acts."""
    armed: dict[str, dict[str, list[str]]] = {}
    for item in arming.armed():
        armed.setdefault(item.provider, {}).setdefault(item.kind, []).append(item.name)
    open_alarms = alarms.alarms()
    processes = at_work(installation)
    troubles = [*_powers(installation), *_marks(installation), *_waiting()]
    troubles += [
        f"{one.called} of {one.provider} is paused: {one.reason}" for one in arming.paused()
    ]
    troubles += [f"alarm {one.id[:12]}: {one.text}" for one in open_alarms]
    troubles += _unsent(open_alarms)
    running = any(processes.values())
    troubles += [
        f"{name} is not at work" for name, there in processes.items() if running and not there
    ]
    checkpoints, unplaced = _checkpoints(installation)
    return Health(
        armed=armed,
        processes=processes,
        checkpoints=checkpoints,
        sanctions=_counts(),
        alarms=len(open_alarms),
        troubles=(*troubles, *unplaced),
    )


def at_work(installation: Installation) -> dict[str, bool]:
    """Return process -> whether it is at work; the desk must take a call."""
    return {
        "engine": _held(installation, "engine"),
        "hand": _held(installation, "hand"),
        "web": _answers(installation.settings.desk.listen),
    }


def _held(installation: Installation, name: str) -> bool:
    """Whether some process holds the lock of that name."""
    try:
        lock = os.open(installation.data / f"{name}.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _answers(listen: str) -> bool:
    host, _, port = listen.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def _powers(installation: Installation) -> list[str]:
    """Return why powers and letters could not work now."""
    found = []
    for (provider, measure), power in powers.holds(installation).items():
        found += [f"{measure} of {provider}: {why}" for why in power.troubles()]
    try:
        channel = powers.channel(installation)
    except AupkeepError as fault:
        return [*found, f"letters: {fault}"]
    return found + [f"letters: {why}" for why in (channel.troubles() if channel else [])]


def _marks(installation: Installation) -> list[str]:
    try:
        found = reconcile(powers.holds(installation))
    except AupkeepError as fault:
        return [f"what is in force cannot be listed: {fault}"]
    orphans = [
        f"orphan: {one.measure} on {one.mark.target}: {one.why}: {one.mark.text}"
        for one in found.orphans
    ]
    return orphans + [
        f"missing: {one.measure} on {one.target}: sanction {one.id[:12]} has no mark"
        for one in found.missing
    ]


def _waiting() -> list[str]:
    return [
        f"sanction {one.sanction.id[:12]} is {one.sanction.state}: {one.trouble}"
        for one in sanctions.all_sanctions()
        if one.trouble
    ]


def _unsent(listed: list[alarms.Alarm]) -> list[str]:
    return [f"alarm {one.id[:12]} reached nobody: {one.trouble}" for one in listed if one.trouble]


def _counts() -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in sanctions.all_sanctions():
        one = item.sanction
        name = "would do" if one.would_do and one.state is State.PROPOSED else one.state.value
        counts[name] = counts.get(name, 0) + 1
    return counts


def _checkpoints(installation: Installation) -> tuple[dict[str, str], list[str]]:
    said, troubles = {}, []
    for provider in installation.settings.provider:
        known = chain.latest_checkpoint(provider.name)
        if known is None:
            said[provider.name] = "nothing has been signed yet: `aupkeep run` does it each minute"
            continue
        last = read(known[0])
        said[provider.name] = f"{reference(last)}, signed {format_instant(last.at)}"
        if known[1] is None:
            troubles.append(f"checkpoint {reference(last)} has not reached the second place")
    return said, troubles
