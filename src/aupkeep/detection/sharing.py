"""Which keys belong to one of several engines that share the work.

In: rules, and the number of a share out of how many. Out: for each rule, which of its keys are in
the share. Rules linked by references are dealt together, by the values that all of them group by;
those without a common field go whole, by the id of their first rule. The same on every machine.
"""

from __future__ import annotations

import numpy as np

from aupkeep.base.canonical import digest
from aupkeep.detection.codes import Codes
from aupkeep.detection.naming import parts_of
from aupkeep.detection.rule import Rule, RuleSet
from aupkeep.detection.tables import Bools, Ints


class Deal:
    """The keys of one rule that are in a share."""

    def __init__(
        self, codes: Codes, places: tuple[int, ...], group: str, share: tuple[int, int]
    ) -> None:
        """`places` are those of the values that decide; with none of them, `group` does."""
        self._codes = codes
        self._places = places
        self._share = share
        self._whole = None if places else _bucket([group], share[1]) == share[0]
        self._edition = codes.edition
        self._mine = np.zeros(0, dtype=np.int8)

    def of(self, codes: Ints) -> Bools:
        """Return which of the keys `codes` are in the share."""
        if self._whole is not None:
            return np.full(codes.size, self._whole)
        if self._edition != self._codes.edition or self._mine.size < self._codes.bound:
            self._renew()
        for code in np.unique(codes[self._mine[codes] < 0]).tolist():
            values = self._codes.values(code)
            decisive = [values[place] for place in self._places]
            self._mine[code] = _bucket(decisive, self._share[1]) == self._share[0]
        return self._mine[codes] == 1

    def _renew(self) -> None:
        known = self._mine if self._edition == self._codes.edition else self._mine[:0]
        self._mine = np.full(2 * self._codes.bound, -1, dtype=np.int8)
        self._mine[: known.size] = known
        self._edition = self._codes.edition


def _bucket(values: list[object], count: int) -> int:
    texts = [None if value is None else str(value) for value in values]
    return int(digest(texts)[:16], 16) % count


def groups(rules: RuleSet) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return for each rule the first of its group, and the fields that the group is dealt by."""
    first = {rule: rule for rule in rules.rules}
    for rule in rules.rules.values():
        for part in parts_of(rule):
            if part in first:
                old, new = first[part], first[rule.id]
                first = {one: new if group == old else group for one, group in first.items()}
    members: dict[str, list[Rule]] = {}
    for name, head in first.items():
        members.setdefault(head, []).append(rules.rules[name])
    found = {}
    for group in members.values():
        head = min(rule.id for rule in group)
        for rule in group:
            found[rule.id] = (head, _common(group))
    return found


def _common(group: list[Rule]) -> tuple[str, ...]:
    if len(group) == 1:
        return group[0].group_by
    named = {name for rule in group for name in rule.aliases}
    return tuple(
        name
        for name in group[0].group_by
        if name not in named and all(name in rule.group_by for rule in group)
    )
