"""People of the abuse desk, and the links by which they sign in.

A person signs in by a link that works once; nobody has a password.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from aupkeep.record.rights import USUAL


class People(BaseUserManager["Person"]):
    """Finds people by their name, which Django's sessions ask for."""


class Person(AbstractBaseUser):
    """Somebody who works at the desk."""

    #: As it stands in the record for what they decided.
    name = models.CharField(max_length=100, unique=True)
    email = models.CharField(max_length=320, default="", blank=True)
    active = models.BooleanField(default=True)
    #: What they may read (`record.rights`).
    role = models.CharField(max_length=20, default=USUAL)
    made_at = models.BigIntegerField()

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[People] = People()

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django reads it, our column says it
        """Whether the person may sign in."""
        return self.active


class SignInLink(models.Model):  # noqa: DJ008  # nothing ever prints one
    """A link that signs one person in, once; only the hash of its secret is kept."""

    hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    made_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    used_at = models.BigIntegerField(null=True)
