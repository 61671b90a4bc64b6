"""The record's entries, word for word."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """One entry of one provider's chain; `line` is exactly what was hashed and is exported."""

    provider = models.CharField(max_length=100)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    line = models.TextField()

    class Meta:
        """A chain has one entry a number."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "seq"], name="one_entry_a_number")
        ]
