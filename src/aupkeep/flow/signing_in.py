"""Links by which people sign in: made for a person, used once.

In: a name. Out: a token that nobody can guess, of which only the hash is kept.
"""

from __future__ import annotations

import secrets

from aupkeep.base.clock import DAY
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.flow.recording import Recording
from aupkeep.record.rights import Role
from aupkeep.store import links
from aupkeep.store.database import unit

#: Bytes of chance in a token.
STRENGTH = 32


def add_person(name: str, providers: tuple[str, ...], *, now: int, email: str = "") -> bool:
    """Let `name` work at the desk; False where they do already. Entered in every chain."""
    word = name.strip()
    if not word or not word.isprintable():
        raise MisuseError(Fault(code="no-name", what=f"`{name}` is no name for a person"))
    with unit():
        if not links.put_person(word, email=email, now=now):
            return False
        recording = Recording()
        for provider in providers:
            recording.enter(provider, "person_added", word, {}, at=now)
        recording.keep()
    return True


def remove_person(name: str, providers: tuple[str, ...], *, now: int) -> None:
    """Let `name` in no more, from their next page on; what they decided stays in the record.

    Raises `MisuseError` where nobody who may sign in is called so.
    """
    with unit():
        if not links.remove_person(name):
            raise MisuseError(_nobody(name))
        recording = Recording()
        for provider in providers:
            recording.enter(provider, "person_removed", name, {}, at=now)
        recording.keep()


def give_role(name: str, role: Role, providers: tuple[str, ...], *, by: str, now: int) -> bool:
    """Let `name` read what `role` may (`record.rights`); False where that is so already.

    Raises `MisuseError` where nobody who may sign in is called so.
    """
    with unit():
        if name not in {person for person, active in links.people() if active}:
            raise MisuseError(_nobody(name))
        if not links.put_role(name, role):
            return False
        recording = Recording()
        for provider in providers:
            recording.enter(provider, "person_role", name, {"role": role, "by": by}, at=now)
        recording.keep()
    return True


def make_link(name: str, *, now: int, days: int = 1) -> str:
    """Return a token that signs `name` in once; raises `MisuseError` where nobody is called so."""
    token = secrets.token_urlsafe(STRENGTH)
    with unit():
        if not links.put_link(name, token, now=now, expires_at=now + days * DAY):
            raise MisuseError(_nobody(name))
    return token


def _nobody(name: str) -> Fault:
    return Fault(
        code="no-such-person",
        what=f"nobody who may sign in is called `{name}`",
        allowed=tuple(person for person, active in links.people() if active),
        hint="`aupkeep person add NAME` lets somebody in",
    )


def link_person(token: str, *, now: int) -> str | None:
    """Return whom `token` would sign in, without using it."""
    return links.link_person(token, now=now)


def sign_in(token: str, *, now: int) -> str | None:
    """Use `token` up and return whom it signs in; None where it is wrong, used or too old."""
    if links.link_person(token, now=now) is None:
        return None
    with unit():
        name = links.link_person(token, now=now)
        if name is not None:
            links.use_link(token, now=now)
    return name
