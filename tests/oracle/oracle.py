"""What rules mean, in plain Python: every row is kept, every value is computed from scratch.

In: a rule set and rows as dictionaries (with `kind`). Out: findings as `Found`, one a change. This
is the definition that the compiled engine is held to; it is written to be read, not to be fast.
Here is which rows a rule sees, and for which keys. `oracle_predicates` says which rows a selection
means, `oracle_lives` when a finding opens, grows and ends.
"""

from __future__ import annotations

from typing import Any

from oracle_lives import AbsenceLife, BaselineLife, JoinLife, Life, WindowLife
from oracle_predicates import Row, clean, matches
from oracle_values import Found, Member, shown

from aupkeep.detection import rule as ir

__all__ = ["Found", "Oracle", "Row", "order"]

Weak = frozenset[str]
LIVES: dict[type[ir.Rule], type[Life]] = {
    ir.Window: WindowLife,
    ir.Conjunction: JoinLife,
    ir.Baseline: BaselineLife,
    ir.Absence: AbsenceLife,
}


def order(row: Row) -> tuple[int, int, int, int]:
    """Rows are evaluated in this order."""
    return (row["event_time"], row["stream"], row["position"], row["part"])


def visible(row: Row, provider: str) -> bool:
    return row["provider"] == provider and not row["late"] and row["attribution"] != "outsider"


def weak(row: Row) -> Weak:
    """A row of an unauthenticated source is faint, and so is one whose actor could be forged."""
    if row["forgeable"] is not False:
        return frozenset({"faint", "forged"})
    return frozenset() if row["authenticated"] else frozenset({"faint"})


class Oracle:
    """One provider's rules over all rows at once."""

    def __init__(self, rules: ir.RuleSet, provider: str) -> None:
        self.rules = rules
        self.provider = provider

    def run(self, rows: list[Row], frontier: int) -> tuple[list[Found], list[Found]]:
        """Return all changes up to `frontier`, and the findings open then."""
        seen = sorted((clean(row) for row in rows if visible(row, self.provider)), key=order)
        #: rule id -> the rows at which it holds, and the weaknesses in the window then.
        held: dict[str, dict[int, Weak]] = {}
        for one in self.rules.selections.values():
            held[one.id] = {
                at: weak(row)
                for at, row in enumerate(seen)
                if row["kind"] == one.kind and matches(one.predicate, row)
            }
        changes: list[Found] = []
        still: list[Found] = []
        for rule in self.rules.rules.values():
            held[rule.id] = {}
            for members in by_key(rule, seen, held):
                life = LIVES[type(rule)](rule, [member for _, member in members])
                changes += life.run(frontier)
                still += life.now()
                for (at, _), (holds, faint) in zip(members, life.marks, strict=False):
                    if holds:
                        held[rule.id][at] = held[rule.id].get(at, frozenset()) | faint
        return changes, still


def parts_of(rule: ir.Rule) -> tuple[str, ...]:
    """What a rule is made of, in the order in which it is listed."""
    if isinstance(rule, ir.Window) and rule.numerator:
        return (*rule.rules, rule.numerator)
    return (*rule.rules, *rule.after) if isinstance(rule, ir.Absence) else rule.rules


def by_key(
    rule: ir.Rule, seen: list[Row], held: dict[str, dict[int, Weak]]
) -> list[list[tuple[int, Member]]]:
    """The rows of each key. A row counts once for each distinct key that its rules give it."""
    groups: dict[tuple[Any, ...], list[tuple[int, Member]]] = {}
    field = rule.field if isinstance(rule, ir.Window | ir.Baseline) else ""
    for at, row in enumerate(seen):
        if field and row.get(field) is None:
            continue
        keys: dict[tuple[Any, ...], list[str]] = {}
        for part in parts_of(rule):
            if at in held[part]:
                keys.setdefault(key(rule, part, row), []).append(part)
        for found, bits in keys.items():
            below = held if isinstance(rule, ir.Conjunction) else {}
            faint = frozenset().union(*(below[bit][at] for bit in bits if below))
            member = Member(
                row=row,
                time=row["event_time"],
                weak=faint if below else weak(row),
                bits=frozenset(bits),
                key=tuple(shown(row.get(field_of(rule, n, bits[0]))) for n in rule.group_by),
            )
            groups.setdefault(found, []).append((at, member))
    return list(groups.values())


def field_of(rule: ir.Rule, name: str, part: str) -> str:
    """The field that stands for `name` in rows of `part`."""
    return rule.aliases[name][part] if name in rule.aliases else name


def key(rule: ir.Rule, part: str, row: Row) -> tuple[Any, ...]:
    """An unknown customer is told apart by the actor."""
    values = [row.get(field_of(rule, name, part)) for name in rule.group_by]
    return tuple(
        "?" + (row["actor"] or "") if name == "customer" and value is None else value
        for name, value in zip(rule.group_by, values, strict=True)
    )
