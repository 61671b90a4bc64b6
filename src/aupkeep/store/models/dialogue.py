"""What was said to customers, what became of it, and what they answered."""

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
    #: Id of the letter that carries it together with others; empty: one of its own.
    letter = models.CharField(max_length=32, default="", db_index=True)
    #: It went to nothing but the mailbox that the measure falls on.
    held_only = models.BooleanField(default=False)
    #: When it came back, and why; None: it has not.
    bounced_at = models.BigIntegerField(null=True)
    bounce = models.TextField(default="")
    #: When somebody did something on its page; None: not yet.
    seen_at = models.BigIntegerField(null=True)
    body = models.TextField()


class DueLetter(models.Model):
    """A letter of the talk that the hand must write and send."""

    #: The id that its notice has or will have.
    id = models.CharField(max_length=32, primary_key=True)
    next_at = models.BigIntegerField(null=True, db_index=True)
    attempts = models.IntegerField(default=0)
    trouble = models.TextField(default="")
    body = models.TextField()


class Answer(models.Model):
    """What a customer wrote back on the page of a notice, word for word."""

    id = models.CharField(max_length=32, primary_key=True)
    notice = models.CharField(max_length=32, db_index=True)
    case = models.CharField(max_length=32, db_index=True)
    at = models.BigIntegerField()
    #: `answer`, or `fixed`: the customer says that the cause is gone.
    kind = models.CharField(max_length=20, default="answer", db_index=True)
    text = models.TextField()


class Attachment(models.Model):
    """A file that a customer sent along; its bytes lie apart and are never shown."""

    id = models.CharField(max_length=32, primary_key=True)
    notice = models.CharField(max_length=32, db_index=True)
    case = models.CharField(max_length=32, db_index=True)
    at = models.BigIntegerField()
    name = models.TextField()
    kind = models.CharField(max_length=20)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)


class Appeal(models.Model):
    """An appeal in its present state."""

    id = models.CharField(max_length=32, primary_key=True)
    sanction = models.CharField(max_length=32, db_index=True)
    case = models.CharField(max_length=32, db_index=True)
    provider = models.CharField(max_length=100)
    at = models.BigIntegerField()
    #: Empty: somebody must decide it.
    outcome = models.CharField(max_length=20, db_index=True)
    body = models.TextField()
