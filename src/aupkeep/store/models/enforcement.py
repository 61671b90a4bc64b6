"""What is armed, what is paused, what the operator must be told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Armed(models.Model):
    """A power or a clause that may act; there is no row for what is in observe."""

    provider = models.CharField(max_length=100)
    #: power or clause.
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=100)
    since = models.BigIntegerField()

    class Meta:
        """A thing is armed once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "kind", "name"], name="armed_once")
        ]


class Pause(models.Model):
    """A power that waits until a person says go on, or did until they said so."""

    provider = models.CharField(max_length=100)
    #: power, clause or all; and which, in the column `power`, empty for all.
    kind = models.CharField(max_length=10, default="power")
    power = models.CharField(max_length=100)
    since = models.BigIntegerField()
    reason = models.TextField()
    #: When a person said go on; None: it waits.
    resumed_at = models.BigIntegerField(null=True)

    class Meta:
        """Each thing is paused once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "kind", "power"], name="paused_once")
        ]


class Afresh(models.Model):
    """From here on a clause's windows begin anew: what came before has been dealt with."""

    provider = models.CharField(max_length=100)
    clause = models.CharField(max_length=100)
    #: Null: for every customer.
    customer = models.CharField(max_length=200, null=True)
    at = models.BigIntegerField()


class Alarm(models.Model):
    """A message to the operator, repeated until acknowledged."""

    id = models.CharField(max_length=32, primary_key=True)
    provider = models.CharField(max_length=100)
    #: What sort of trouble it is, and about what: the same one is not raised beside itself.
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    raised_at = models.BigIntegerField()
    #: How often it was sent, and when it is sent next; None: no more.
    sent = models.IntegerField(default=0)
    next_at = models.BigIntegerField(null=True, db_index=True)
    #: Why it could not be sent the last time.
    trouble = models.TextField(default="")
    acknowledged_at = models.BigIntegerField(null=True)
    acknowledged_by = models.CharField(max_length=100, default="")
