"""What people did to cases, and why."""

from __future__ import annotations

from django.db import models


class CaseAct(models.Model):
    """One act on a case, by a person or by the program; `seq` is the order in which they came."""

    seq = models.BigAutoField(primary_key=True)
    id = models.CharField(max_length=32, unique=True)
    case = models.CharField(max_length=32, db_index=True)
    at = models.BigIntegerField()
    body = models.TextField()
