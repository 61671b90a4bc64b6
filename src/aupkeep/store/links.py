"""Links that cannot be guessed: to a notice, signed; to sign in, kept by hash and used once.

In: ids, names, a secret. Out: tokens, and what they stand for, or None. Writing happens inside
`database.unit()` only.
"""

from __future__ import annotations

import hashlib

from django.core.signing import BadSignature, Signer

from aupkeep.record.rights import ROLES, Role
from aupkeep.store.people.models import Person, SignInLink


def notice_token(notice: str, secret: bytes) -> str:
    """Return the token of the page of `notice`, signed with HMAC-SHA256."""
    return _signer(secret).sign(notice)


def read_notice(token: str, secret: bytes) -> str | None:
    """Return the notice that `token` is for, or None where it was not signed with `secret`."""
    try:
        return _signer(secret).unsign(token)
    except BadSignature:
        return None


def _signer(secret: bytes) -> Signer:
    return Signer(key=secret.hex(), salt="notice", sep=".", algorithm="sha256")


def put_person(name: str, *, email: str = "", now: int) -> bool:
    """Store a person; False where one of that name is there."""
    person, made = Person.objects.get_or_create(
        name=name, defaults={"email": email, "made_at": now, "password": "!"}
    )
    if made or person.active:
        return made
    person.active = True
    person.save()
    return True


def remove_person(name: str) -> bool:
    """Let `name` in no more, from their next page on; False where nobody is called so."""
    if not Person.objects.filter(name=name, active=True).update(active=False):
        return False
    SignInLink.objects.filter(person__name=name, used_at=None).delete()
    return True


def put_role(name: str, role: Role) -> bool:
    """Store what `name` may read; False where nobody is called so, or has that role already."""
    return bool(Person.objects.filter(name=name).exclude(role=role).update(role=role))


def role_of(name: str) -> Role:
    """Return what `name` may read; an unknown person and an unknown word are an auditor's."""
    said = Person.objects.filter(name=name).values_list("role", flat=True).first()
    return next((role for role in ROLES if role == said), "auditor")


def people() -> list[tuple[str, bool]]:
    """Return (name, may sign in) of everybody, by name."""
    return list(Person.objects.order_by("name").values_list("name", "active"))


def put_link(name: str, token: str, *, now: int, expires_at: int) -> bool:
    """Store the hash of `token`, which signs `name` in; False where nobody is called so."""
    person = Person.objects.filter(name=name, active=True).first()
    if person is None:
        return False
    SignInLink.objects.create(hash=_hash(token), person=person, made_at=now, expires_at=expires_at)
    return True


def link_person(token: str, *, now: int) -> str | None:
    """Return whom `token` would sign in, or None."""
    row = (
        SignInLink.objects.filter(hash=_hash(token), used_at=None, expires_at__gt=now)
        .select_related("person")
        .first()
    )
    return row.person.name if row and row.person.active else None


def use_link(token: str, *, now: int) -> None:
    """Store that `token` has been used."""
    SignInLink.objects.filter(hash=_hash(token), used_at=None).update(used_at=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
