"""Findings, cases, decisions, sanctions: what the stages said, as canonical JSON."""

from __future__ import annotations

from django.db import models


class Finding(models.Model):
    """A finding in its present state."""

    id = models.CharField(max_length=32, primary_key=True)
    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200, null=True)
    clause = models.CharField(max_length=100)
    first = models.BigIntegerField()
    case = models.CharField(max_length=32, default="", db_index=True)
    #: Id of the exception that covers it or covered it, and whether it does and it still holds.
    exception = models.CharField(max_length=32, default="", db_index=True)
    covered = models.BooleanField(default=False, db_index=True)
    body = models.TextField()


class Case(models.Model):
    """Findings about one customer and one clause."""

    id = models.CharField(max_length=32, primary_key=True)
    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200, null=True)
    clause = models.CharField(max_length=100)
    state = models.CharField(max_length=20, db_index=True)
    aware_at = models.BigIntegerField()
    #: When the decision must be looked at again because something has lasted long enough.
    due = models.BigIntegerField(null=True, db_index=True)
    #: When its cause is looked at next by the time of events, and when by probes.
    look_at = models.BigIntegerField(null=True, db_index=True)
    probe_at = models.BigIntegerField(null=True, db_index=True)
    #: The reseller whose customer it is; empty where there is none.
    reseller = models.CharField(max_length=200, default="", db_index=True)
    #: The case that took it over, or empty.
    merged_into = models.CharField(max_length=32, default="", db_index=True)
    #: The decision in force.
    decision = models.CharField(max_length=32, default="")
    body = models.TextField()


class Decision(models.Model):
    """What the policy said to do about a case."""

    id = models.CharField(max_length=32, primary_key=True)
    case = models.CharField(max_length=32, db_index=True)
    at = models.BigIntegerField()
    body = models.TextField()


class Sanction(models.Model):
    """One measure on one target for one case."""

    id = models.CharField(max_length=32, primary_key=True)
    case = models.CharField(max_length=32, db_index=True)
    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200)
    measure = models.CharField(max_length=40)
    state = models.CharField(max_length=20, db_index=True)
    body = models.TextField()
    #: When the hand must look at it next; None: nothing to do.
    next_at = models.BigIntegerField(null=True, db_index=True)
    #: How often in a row it failed, and why it waits or failed last.
    attempts = models.IntegerField(default=0)
    trouble = models.TextField(default="")
