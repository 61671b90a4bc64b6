"""What stands before the first event: published policies, holdings and profiles."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class PolicyVersion(models.Model):
    """One published folder, word for word; never changed once it is there."""

    provider = models.CharField(max_length=100)
    version = models.CharField(max_length=100)
    hash = models.CharField(max_length=64)
    effective = models.BigIntegerField()
    published_at = models.BigIntegerField()
    #: JSON object: path -> text.
    files = models.TextField()

    class Meta:
        """A version is published once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "version"], name="one_hash_a_version")
        ]


class Holding(models.Model):
    """Who held a thing, from when to when."""

    provider = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=500)
    port_from = models.IntegerField(null=True)
    port_to = models.IntegerField(null=True)
    customer = models.CharField(max_length=200)
    service = models.CharField(max_length=200)
    plan = models.CharField(max_length=200)
    since = models.BigIntegerField()
    until = models.BigIntegerField(null=True)
    source = models.CharField(max_length=200)
    recorded_at = models.BigIntegerField()


class Profile(models.Model):
    """What was true of a customer or service."""

    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200)
    service = models.CharField(max_length=200)
    name = models.CharField(max_length=100)
    value = models.CharField(max_length=500)
    since = models.BigIntegerField()
    until = models.BigIntegerField(null=True)
    recorded_at = models.BigIntegerField()
