"""A public rule, taken as the importer takes it, and asked about rows."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from aupkeep.detection.fields import fields_of
from aupkeep.detection.importing.taking import Ask, Outcome, take
from aupkeep.detection.predicates import masks
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import Selection
from aupkeep.policy.model import RuleFile

ASK = Ask(clause="misuse")


def taken(text: str, file: str = "rule.yml") -> Outcome:
    """Return what becomes of the one rule in `text`; it must be taken."""
    (outcome,) = take(text, file, ASK)
    assert outcome.taken, outcome.reason
    return outcome


def refused(text: str) -> str:
    """Return why the one rule in `text` is refused."""
    (outcome,) = take(text, "rule.yml", ASK)
    assert not outcome.taken
    return outcome.reason


def selection(outcome: Outcome) -> Selection:
    """Return the base rule of what was written, as the strict reader reads it."""
    file = RuleFile(path="rules/a.yml", text=outcome.text, documents=outcome.documents)
    (found,) = read_rules([file], clauses=[ASK.clause], plans=None).selections.values()
    return found


def means(rule: Selection, *rows: Mapping[str, object]) -> list[bool]:
    """Return for each row whether `rule` means it."""
    fields = fields_of(rule.kind)
    frame = pl.DataFrame([{**dict.fromkeys(fields), **row} for row in rows], schema=fields)
    return [bool(one) for one in masks(frame, [rule])[rule.id]]


def rule(source: str, detection: str, **more: str) -> str:
    """Return a made-up public rule."""
    about = "".join(f"{key}: {value}\n" for key, value in more.items())
    body = "".join(f"  {line}\n" for line in detection.splitlines())
    return (
        "title: Made up\nid: 0a1b2c3d-0000-4000-8000-000000000001\nauthor: A. Maker\n"
        f"{about}logsource: {source}\ndetection:\n{body}"
    )
