"""Which columns and kinds a rule looks at.

In: a rule. Out: names of columns and kinds.
"""

from __future__ import annotations

from collections.abc import Sequence

from aupkeep.detection.fields import fields_of
from aupkeep.detection.predicates import read_fields
from aupkeep.detection.rule import Absence, Baseline, Conjunction, Rule, RuleSet, Window
from aupkeep.events.schema import ATTRIBUTED, COMMON

#: Stands in a key for the customer column: an unknown customer is told apart by the actor.
CUSTOMER = "~customer"


def kinds_of(rule: Rule) -> tuple[str, ...]:
    """Return the kinds of the rows that `rule` looks at."""
    return (rule.kind,) if isinstance(rule, Window | Baseline) else rule.kinds


def parts_of(rule: Rule) -> tuple[str, ...]:
    """Return the ids of the selections and rules whose rows `rule` looks at, as listed."""
    if isinstance(rule, Window) and rule.numerator:
        return (*rule.rules, rule.numerator)
    return (*rule.rules, *rule.after) if isinstance(rule, Absence) else rule.rules


def key_fields(rule: Rule, part: str, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns that make the key in rows of `part`; all of them, or those `names`."""
    fields = (
        rule.aliases[name][part] if name in rule.aliases else name
        for name in names or rule.group_by
    )
    return tuple(CUSTOMER if name == "customer" else name for name in fields)


def levels_of(rules: RuleSet) -> list[list[Rule]]:
    """Return the rules in turns: each after those it refers to, by no more turns than needed."""
    turn: dict[str, int] = {}
    turns: list[list[Rule]] = []
    for rule in rules.rules.values():
        below = [turn[part] for part in parts_of(rule) if part in turn]
        turn[rule.id] = 1 + max(below, default=-1)
        while len(turns) <= turn[rule.id]:
            turns.append([])
        turns[turn[rule.id]].append(rule)
    return turns


def referred(rules: RuleSet) -> set[str]:
    """Return the ids of what other rules join."""
    joining = (rule for rule in rules.rules.values() if isinstance(rule, Conjunction))
    return {part for rule in joining for part in rule.rules}


def needed_columns(rules: RuleSet) -> dict[str, list[str]]:
    """Return the columns that must be kept of each kind that a rule reads."""
    needed: dict[str, set[str]] = {}
    for selection in rules.selections.values():
        columns = needed.setdefault(selection.kind, {*COMMON, *ATTRIBUTED})
        columns |= read_fields(selection.predicate)
    for rule in rules.rules.values():
        names = {*rule.group_by, *(rule.aup.fields if rule.aup else ())}
        names |= {field for fields in rule.aliases.values() for field in fields.values()}
        if isinstance(rule, Window | Baseline):
            names.add(rule.field)
        for kind in kinds_of(rule):
            needed[kind] |= names & set(fields_of(kind, rules.kinds))
    return {kind: sorted(columns) for kind, columns in needed.items()}
