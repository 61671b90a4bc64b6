"""Exceptions from the policy: what a person approved, as canonical JSON."""

from __future__ import annotations

from django.db import models


class PolicyException(models.Model):
    """One exception in its present state; it stays when it is over."""

    id = models.CharField(max_length=32, primary_key=True)
    provider = models.CharField(max_length=100)
    made_at = models.BigIntegerField()
    body = models.TextField()
