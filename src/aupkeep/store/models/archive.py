"""Which files the event archive consists of, what must not go, and what must not come back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ArchiveFile(models.Model):
    """One file of events: of one provider, kind and day. What has no row here is no part of it."""

    #: Below the archive's folder.
    path = models.CharField(max_length=700, unique=True)
    #: Empty: its rows have none.
    provider = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    #: Days since 1970-01-01 of the event times in it.
    day = models.BigIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    rows = models.BigIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    #: Form of its columns.
    version = models.IntegerField()
    #: Its modification time in nanoseconds: another one means that somebody wrote to it.
    written = models.BigIntegerField()
    #: What was under hold when retention last looked at it.
    held = models.CharField(max_length=64, default="")
    #: The newest erasure that it has been through.
    erased = models.BigIntegerField(default=0)
    #: What is wrong with it, or empty.
    trouble = models.TextField(default="")
    #: It belongs to the archive no more, and is to be removed from the disk.
    gone = models.BooleanField(default=False)

    class Meta:
        """Read by provider, kind and day, and by time."""

        indexes: ClassVar = [
            models.Index(fields=["provider", "kind", "day"], name="archive_by_day"),
            models.Index(fields=["gone", "erased"], name="archive_by_state"),
        ]


class ArchiveHold(models.Model):
    """Rows that neither retention nor erasure may take; null and empty say nothing."""

    id = models.CharField(max_length=32, primary_key=True)
    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200, default="")
    kind = models.CharField(max_length=20, default="")
    since = models.BigIntegerField(null=True)
    until = models.BigIntegerField(null=True)
    reason = models.TextField()
    by = models.CharField(max_length=100)
    at = models.BigIntegerField()
    released_at = models.BigIntegerField(null=True)
    released_by = models.CharField(max_length=100, default="")


class ArchiveErasure(models.Model):
    """Rows that were erased, and are again wherever they turn up; `id` is their order."""

    #: The same here and in the list that is kept apart from the database.
    name = models.CharField(max_length=32, unique=True)
    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200, default="")
    address = models.CharField(max_length=400, default="")
    #: Rows of before this instant.
    until = models.BigIntegerField()
    reason = models.TextField()
    by = models.CharField(max_length=100)
    at = models.BigIntegerField()


class ArchiveSweep(models.Model):
    """When retention was last carried out."""

    #: Always 1: there is one row.
    id = models.IntegerField(primary_key=True)
    #: In the time of the installation's clock.
    at = models.BigIntegerField()
    #: Rows removed then.
    removed = models.BigIntegerField(default=0)
