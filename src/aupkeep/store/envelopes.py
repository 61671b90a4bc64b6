"""Envelopes made and opened with the keys that lie apart.

In: bodies to be sealed, or envelopes. Out: envelopes, or what is in them, or why nobody can tell.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aupkeep.record.envelope import NONCE, Key, key_of, seal, unseal
from aupkeep.store import keyring

#: none: nothing is personal; open; erased: its key was destroyed; lost: its key is not here;
#: damaged: it is none, or was written for another entry.
State = Literal["none", "open", "erased", "lost", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is in an envelope."""

    state: State
    personal: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Opened(state="none")


def sealed(key: Key, personal: Mapping[str, object], place: tuple[str, int]) -> bytes:
    """Return a new envelope for the entry at `place`."""
    return seal(key, secrets.token_bytes(NONCE), personal, place)


def opened(envelope: bytes | None, place: tuple[str, int]) -> Opened:
    """Return what is in `envelope`, which stands beside the entry at `place`."""
    if envelope is None:
        return NOTHING
    identity = key_of(envelope)
    if identity is None:
        return Opened(state="damaged")
    secret = keyring.secret_of(identity)
    if secret is None:
        return Opened(state="erased" if keyring.was_destroyed(identity) else "lost")
    personal = unseal(secret, envelope, place)
    return Opened(state="damaged") if personal is None else Opened(state="open", personal=personal)
