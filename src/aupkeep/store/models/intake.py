"""How far the engine has read, and what it could not read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Commit(models.Model):
    """The one commit point: names the state file that belongs to everything else in here."""

    #: Always 1: there is one row.
    id = models.IntegerField(primary_key=True)
    number = models.BigIntegerField()
    state_file = models.CharField(max_length=200)
    #: Largest event time that has been evaluated.
    frontier = models.BigIntegerField()
    at = models.BigIntegerField()


class SourceState(models.Model):
    """Counters of one source, for people."""

    name = models.CharField(max_length=500)
    format = models.CharField(max_length=20)
    provider = models.CharField(max_length=100)
    #: JSON object of counters (lines, rows, rejects, late ...).
    counts = models.TextField()
    last_event = models.BigIntegerField(null=True)
    last_read = models.BigIntegerField(null=True)
    #: Why it cannot be read, or empty.
    trouble = models.TextField(default="")

    class Meta:
        """A source is known by name and format."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "format"], name="one_row_a_source")
        ]


class Rejected(models.Model):
    """Unreadable input, counted by source and reason, with the first samples."""

    source = models.CharField(max_length=500)
    reason = models.CharField(max_length=200)
    count = models.BigIntegerField()
    #: JSON list of {position, head}; bounded by the writer.
    samples = models.TextField()

    class Meta:
        """One row a source and reason."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "reason"], name="one_row_a_reason")
        ]
