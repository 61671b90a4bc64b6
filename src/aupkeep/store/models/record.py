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
    #: What the line is about, for finding it; no proof rests on it.
    subject = models.CharField(max_length=200, default="", db_index=True)
    #: What is personal of it, encrypted; the line holds its hash. Null: nothing is.
    envelope = models.BinaryField(null=True)

    class Meta:
        """A chain has one entry a number."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "seq"], name="one_entry_a_number")
        ]


class Checkpoint(models.Model):
    """What was signed of one provider's chain."""

    provider = models.CharField(max_length=100)
    size = models.BigIntegerField()
    at = models.BigIntegerField()
    #: The signed text.
    text = models.TextField()
    #: When it had reached the second place; None: not yet.
    placed_at = models.BigIntegerField(null=True)

    class Meta:
        """One checkpoint a size."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "size"], name="one_checkpoint_a_size")
        ]
