"""What customers owe, and when somebody last heard that all is well."""

from __future__ import annotations

from django.db import models


class Booking(models.Model):
    """One booking of the ledger; it is never changed."""

    #: One of each kind for a sanction: the key alone keeps a fee from being charged twice.
    id = models.CharField(max_length=32, primary_key=True)
    sanction = models.CharField(max_length=32, db_index=True)
    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200, db_index=True)
    kind = models.CharField(max_length=16)
    at = models.BigIntegerField()
    body = models.TextField()


class Heartbeat(models.Model):
    """The last sign of life that left; one row."""

    id = models.IntegerField(primary_key=True)
    at = models.BigIntegerField()
    #: Why the latest one did not leave.
    trouble = models.TextField(default="")
