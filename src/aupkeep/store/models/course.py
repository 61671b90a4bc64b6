"""How many rows a minute there were of customers with findings."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Minute(models.Model):
    """Rows of one customer in one minute of event time, by kind and what became of them."""

    provider = models.CharField(max_length=100)
    customer = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    #: What became of the rows: a status, an outcome, a kind of report; empty where nothing is said.
    mark = models.CharField(max_length=100)
    #: Start of the minute.
    at = models.BigIntegerField()
    n = models.BigIntegerField()

    class Meta:
        """One count a customer, kind, mark and minute; read by customer and time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "customer", "kind", "mark", "at"], name="one_count_a_minute"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "customer", "at"], name="minute_by_customer")
        ]
