"""What was said to customers, and what they answered."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """One message to a customer, as it was or will be sent."""

    id = models.CharField(max_length=32, primary_key=True)
    sanction = models.CharField(max_length=32, db_index=True)
    case = models.CharField(max_length=32, db_index=True)
    at = models.BigIntegerField()
    #: When it had left; None: not yet.
    sent_at = models.BigIntegerField(null=True)
    body = models.TextField()


class Answer(models.Model):
    """What a customer wrote back on the page of a notice, word for word."""

    id = models.CharField(max_length=32, primary_key=True)
    notice = models.CharField(max_length=32, db_index=True)
    case = models.CharField(max_length=32, db_index=True)
    at = models.BigIntegerField()
    text = models.TextField()
