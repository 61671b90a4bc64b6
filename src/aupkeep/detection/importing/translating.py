"""The detection part of a public rule in our columns and our strict form.

In: plain YAML values as they stand in the rule. Out: the same selections and condition, by the
names of our columns, with every value of the column's type; and each thing that cannot be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

from sigma.conditions import ConditionIdentifier, ConditionItem, ConditionNOT, ConditionSelector
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from aupkeep.base.errors import near
from aupkeep.detection.bounds import within_bounds
from aupkeep.detection.fields import is_number, is_text, word
from aupkeep.detection.importing.fields import NUMBERED
from aupkeep.detection.importing.joined import HASHES, JOINED, of_joined
from aupkeep.detection.importing.sources import SEARCHED, Source
from aupkeep.detection.selecting import MODIFIERS, NOT_TAKEN
from aupkeep.detection.shape import Shape
from aupkeep.events.schema import KINDS, Schema
from aupkeep.policy.nodes import Marks, Node

#: The selection that holds what the log source asks for; `them` does not mean it.
SOURCE = "_source"

_COMPARED = frozenset({"lt", "lte", "gt", "gte"})
_OF_TEXT = frozenset(MODIFIERS) - _COMPARED - {"all", "cased", "exists", "fieldref", "neq"}
_TRUE, _FALSE = frozenset({"true", "t", "1", "yes"}), frozenset({"false", "f", "0", "no"})
_OPERATOR = re.compile(r"\b(?:AND|OR|NOT)\b")

Selected = dict[str, object]


class Translation:
    """One rule's detection; what cannot be said is gathered in `refusals`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.columns: Schema = KINDS[source.kind]
        self.refusals: list[str] = []

    def detection(self, stated: Mapping[str, object]) -> dict[str, object]:
        """Return `stated`, a rule's detection, in the strict form."""
        condition = self._condition(stated)
        if self.refusals:
            return {}
        named, negated = self._named(stated, condition)
        selections: dict[str, object] = {}
        for name, selected in stated.items():
            if name in named:
                maps = self._maps(selected)
                if not maps and not self.refusals:
                    self._refuse(f"the selection `{name}` is empty")
                if name in negated:
                    maps = [_said(one) for one in maps]
                selections[name] = maps[0] if len(maps) == 1 else maps
        if not self.source.only:
            return {**selections, "condition": condition}
        only = {SOURCE: dict(self.source.only)}
        return {**only, **selections, "condition": f"{SOURCE} and ({condition})"}

    def _refuse(self, why: str) -> None:
        if why not in self.refusals:
            self.refusals.append(why)

    def _condition(self, stated: Mapping[str, object]) -> str:
        value = stated.get("condition")
        listed = value if isinstance(value, list) else [value]
        texts = [_OPERATOR.sub(lambda word: word[0].lower(), str(one)) for one in listed]
        if value is None or any(not isinstance(one, str) for one in listed):
            self._refuse("the detection has no condition as text")
        elif "timeframe" in stated or any(re.search(r"\||\bnear\b", text) for text in texts):
            self._refuse("it counts in the old way, behind the condition: write a correlation")
        condition = texts[0] if len(texts) == 1 else " or ".join(f"({text})" for text in texts)
        shape = Shape()
        within_bounds(_node({"detection": {"condition": condition}}), shape)
        for fault in shape.faults:
            self._refuse(fault.what)
        return condition

    def _named(self, stated: Mapping[str, object], condition: str) -> tuple[set[str], set[str]]:
        """Return the selections that the condition names, and those of them under a `not`."""
        names = [name for name in stated if name not in ("condition", "timeframe")]
        document = {
            "title": "rule",
            "logsource": {"category": self.source.kind},
            # The selections themselves are read when they are translated.
            "detection": {**{name: {"field": 1} for name in names}, "condition": condition},
        }
        try:
            parsed = SigmaRule.from_dict(document).detection.parsed_condition[0]
            tree = parsed.parse(False)  # noqa: FBT003 - no other form
        except (SigmaError, RecursionError, TypeError, AttributeError) as error:
            what = str(error).strip().splitlines() or ["the condition cannot be read"]
            self._refuse(what[0].rstrip(".").replace("'", "`"))
            return set(), set()
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for pattern, negated in _patterns(tree, negated=False):
            expression = re.compile(
                "[^_].*" if pattern == "them" else re.escape(pattern).replace(r"\*", ".*")
            )
            found[negated] |= {name for name in names if expression.fullmatch(name)}
        named = found[True] | found[False]
        if not named:
            self._refuse("the condition names no selection that there is")
        return named, found[True]

    def _maps(self, selected: object) -> list[Selected]:
        """Return a selection as mappings of which one must hold."""
        if isinstance(selected, Mapping):
            return self._mapping(selected)
        listed = selected if isinstance(selected, list) else [selected]
        words = [one for one in listed if not isinstance(one, Mapping | list)]
        maps = [
            one
            for entry in listed
            if isinstance(entry, Mapping | list)
            for one in self._maps(entry)
        ]
        if None in words:
            self._refuse("a word to search for is missing")
        return [*(self._words("", words) if words else []), *maps]

    def _mapping(self, selected: Mapping[object, object]) -> list[Selected]:
        """Return a mapping as one; as several where words are searched for in several columns."""
        alternatives: list[list[Selected]] = []
        for key, value in selected.items():
            field, *modifiers = str(key).split("|")
            if not self._known(modifiers):
                continue
            if not field:
                words = value if isinstance(value, list) else [value]
                alternatives.append(self._words("|".join(modifiers), words))
            else:
                alternatives.append([self._item(field, modifiers, value)])
        return [self._together(parts) for parts in product(*alternatives)] if alternatives else []

    def _known(self, modifiers: list[str]) -> bool:
        for modifier in modifiers:
            if modifier in NOT_TAKEN:
                self._refuse(f"the modifier `{modifier}` is not taken: {NOT_TAKEN[modifier]}")
            elif modifier not in MODIFIERS:
                self._refuse(f"the modifier `{modifier}` is not known")
        return all(modifier in MODIFIERS for modifier in modifiers)

    def _together(self, parts: tuple[Selected, ...]) -> Selected:
        joined: Selected = {}
        for part in parts:
            for key, value in part.items():
                if key in joined and joined[key] != value:
                    self._twice(key, value, joined)
                else:
                    joined[key] = value
        return joined

    def _twice(self, key: str, value: object, joined: Selected) -> None:
        """Two fields of the rule are one column here: both must hold."""
        if isinstance(value, list) or isinstance(joined[key], list) or value is None:
            self._refuse(f"two of its fields are the one column `{key.partition('|')[0]}` here")
        else:
            joined[f"{key}|all"] = [joined.pop(key), value]

    def _words(self, modifiers: str, words: list[object]) -> list[Selected]:
        """Return mappings that search for `words` in the columns that hold running text."""
        given = modifiers.split("|") if modifiers else []
        if not _placed(given):
            given = ["contains", *given]
        texts = _once([_as_text(one) for one in words])
        value: object = texts[0] if len(texts) == 1 else texts
        if len(texts) == 1:
            given = [one for one in given if one != "all"]
        return [{"|".join((column, *given)): value} for column in SEARCHED[self.source.kind]]

    def _item(self, field: str, modifiers: list[str], value: object) -> Selected:
        column = self._column(field)
        if not column:
            return {}
        if column in NUMBERED and all(_number(one) is not None for one in _listed(value)):
            column = NUMBERED[column]
        if "exists" in modifiers:
            return {f"{column}|exists": _truth(value) is not False}
        if "fieldref" in modifiers:
            others = [self._column(str(one)) for one in _listed(value)]
            return {"|".join((column, *modifiers)): others[0] if len(others) == 1 else others}
        if value == "*" and not modifiers and not is_text(self.columns[column]):
            return {f"{column}|exists": True}
        values = _once([self._value(field, column, modifiers, one) for one in _listed(value)])
        if not values:
            self._refuse(f"`{field}` has no value")
            return {}
        if column == HASHES and not _placed(modifiers):
            modifiers = ["contains", *modifiers]
        if column in JOINED and "all" not in modifiers:
            values, modifiers = of_joined(values, modifiers)
        if len(values) == 1:
            modifiers = [one for one in modifiers if one != "all"]
        key = "|".join((column, *modifiers))
        given: Selected = {f"{column}|exists": True} if "neq" in modifiers else {}
        return {key: values[0] if len(values) == 1 else values, **given}

    def _column(self, field: str) -> str:
        column = self.source.column(field)
        if not column:
            guess = near(field, list(self.source.fields))
            hint = f" (a near one is `{guess}`)" if guess else ""
            self._refuse(f"unknown field `{field}`: this source has no column for it{hint}")
        return column

    def _value(self, field: str, column: str, modifiers: list[str], value: object) -> object:
        """Return `value` as the type of `column`."""
        data = self.columns[column]
        if value is None:
            return None
        if is_text(data):
            if _COMPARED & set(modifiers):
                self._refuse(f"`{field}` is text here and cannot be compared as a number")
            return _as_text(value)
        if _OF_TEXT & set(modifiers):
            self._refuse(f"`{field}` holds {word(data)} here, so `{modifiers[0]}` means nothing")
            return value
        found = _number(value) if is_number(data) else _truth(value)
        if found is None:
            self._refuse(f"`{field}` holds {word(data)} here, not `{value}`")
        return found


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _placed(modifiers: list[str]) -> bool:
    """Whether a modifier says already where in the text a word stands."""
    return any(one in ("contains", "startswith", "endswith", "re") for one in modifiers)


def _number(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    text = str(value).strip()
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        return None


def _truth(value: object) -> bool | None:
    text = str(value).lower()
    return text in _TRUE if text in _TRUE | _FALSE else None


def _said(selected: Selected) -> Selected:
    """Return a selection under `not` that says what a missing field means: it does not match."""
    given = dict(selected)
    for key, value in selected.items():
        column, *modifiers = key.split("|")
        speaks = "exists" in modifiers or value is None
        if not speaks and not (isinstance(value, list) and None in value):
            given.setdefault(f"{column}|exists", True)
        if "fieldref" in modifiers:
            given.update({f"{other}|exists": True for other in _listed(value)})
    return given


def _patterns(item: object, *, negated: bool) -> list[tuple[str, bool]]:
    """Return the names and patterns of selections, and whether they stand under a `not`."""
    if isinstance(item, ConditionIdentifier):
        return [(item.identifier, negated)]
    if isinstance(item, ConditionSelector):
        return [(item.pattern, negated)]
    if isinstance(item, ConditionItem):
        below = negated or isinstance(item, ConditionNOT)
        return [one for part in item.args for one in _patterns(part, negated=below)]
    return []


def _node(value: object) -> Node:
    return Node(value=value, marks=Marks(file="", lines=(), keys={}, values={}))


def _once(values: list[object]) -> list[object]:
    """Return `values` without those that stand there before."""
    return list({(type(value), value): value for value in values}.values())
