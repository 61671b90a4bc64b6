"""The dictionaries of one provider's rules: a code for each key and each counted value.

In: rules, and columns of frames. Out: codes. Rules that group by the same columns share a
dictionary, and dictionaries share the values of a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from aupkeep.detection.codes import SLACK, Codes, Column, plain, swept
from aupkeep.detection.evaluating import Evaluates
from aupkeep.detection.evaluator import Evaluator
from aupkeep.detection.fields import fields_of
from aupkeep.detection.naming import CUSTOMER, key_fields, kinds_of
from aupkeep.detection.rule import Rule, RuleSet, Window
from aupkeep.detection.tables import Bools

_Named = tuple[str, str]


class Dictionaries:
    """Every dictionary, by the names and types of its columns."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._columns: dict[_Named, Column] = {}
        self._keys: dict[tuple[_Named, ...], Codes] = {}
        self._values: dict[_Named, Codes] = {}

    def column(self, name: str, dtype: pl.DataType) -> Column:
        """Return the values of the columns called `name`."""
        kept = plain(dtype)
        return self._columns.setdefault((name, str(kept)), Column(kept))

    def keys(self, rule: Rule) -> Codes:
        """Return the dictionary of the keys of `rule`."""
        types = [self._type(rule, name) for name in rule.group_by]
        columns = [
            self.column(CUSTOMER if name == "customer" else name, dtype)
            for name, dtype in zip(rule.group_by, types, strict=True)
        ]
        names = tuple(zip(rule.group_by, map(str, types), strict=True))
        return self._keys.setdefault(names, Codes(columns))

    def values(self, rule: Rule) -> Codes:
        """Return the dictionary of the values that `rule` counts; empty for other rules."""
        if not isinstance(rule, Window) or rule.measure != "value_count":
            return Codes([])
        dtype = plain(fields_of(rule.kind, self._rules.kinds)[rule.field])
        column = self.column(rule.field, dtype)
        return self._values.setdefault((rule.field, str(dtype)), Codes([column]))

    def _type(self, rule: Rule, name: str) -> pl.DataType:
        if name == "customer":
            return pl.String()
        part = next(iter(rule.aliases.get(name, {"": ""})))
        kind = kinds_of(rule)[0]
        if part in self._rules.selections:
            kind = self._rules.selections[part].kind
        elif part in self._rules.rules:
            kind = kinds_of(self._rules.rules[part])[0]
        (field,) = key_fields(rule, part, (name,))
        return plain(fields_of(kind, self._rules.kinds)[field])

    def clean(self, evaluators: Sequence[Evaluates]) -> None:
        """Free the codes and values that no rule holds, now and then."""
        for codes in self._keys.values():
            _keep(codes, [one.live_keys for one in evaluators if one.keys is codes])
        for codes in self._values.values():
            users = (one for one in evaluators if isinstance(one, Evaluator))
            _keep(codes, [one.live_values for one in users if one.values is codes])
        holders = [*self._keys.values(), *self._values.values()]
        for column in self._columns.values():
            swept(column, [codes for codes in holders if column in codes.columns])


def _keep(codes: Codes, live: Sequence[Callable[[int], Bools]]) -> None:
    if len(codes) <= 2 * codes.held + SLACK:
        return
    alive = np.zeros(codes.bound, dtype=np.bool_)
    for one in live:
        alive |= one(codes.bound)
    codes.keep(alive)
