"""Aliases: one name in `group-by` for fields that are called otherwise in each rule's rows.

In: a draft and the rules it refers to. Out: name -> id of a rule -> field, and faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aupkeep.detection.correlating import Draft
from aupkeep.detection.rule import Aliases
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: It says whose finding it is, and what is known of it is filled in; so it is never renamed.
_CUSTOMER = "customer"


def read_aliases(draft: Draft, words: Mapping[str, Iterable[str]], shape: Shape) -> Aliases:
    """Return the aliases of `draft`; `words` are the words for each rule by its id."""
    grouped = {node.text for node in draft.group_by}
    ids = {word: key for key, several in words.items() for word in several}
    found = {}
    for name, fields in draft.aliases.items():
        node = draft.body.at("aliases").at(name)
        if name not in grouped:
            place = node.key_place
            shape.unknown(name, grouped, what="a name in group-by", place=place)
        elif name == _CUSTOMER:
            shape.fault("alias", "`customer` says whose the finding is: it is no alias", node)
        found[name] = _fields(name, node, fields, ids, shape)
        _complete(name, node, found[name], words, draft, shape)
    return found


def _fields(
    name: str, node: Node, fields: Mapping[str, Node], ids: Mapping[str, str], shape: Shape
) -> dict[str, str]:
    found: dict[str, str] = {}
    for word, field in fields.items():
        rule = ids.get(word)
        if rule is None:
            place = node.at(word).key_place
            shape.unknown(word, ids, what="a rule of this correlation", place=place)
        elif rule in found:
            shape.fault("twice", f"`{name}` has two fields for the rule `{word}`", field)
        elif field.text == _CUSTOMER:
            shape.fault(
                "alias",
                f"`{name}` cannot stand for `customer`",
                field,
                hint="group by `customer` itself: every kind of event has it",
            )
        else:
            found[rule] = field.text
    return found


def _complete(
    name: str,
    node: Node,
    found: Mapping[str, str],
    words: Mapping[str, Iterable[str]],
    draft: Draft,
    shape: Shape,
) -> None:
    """Complain of a rule that an alias leaves out, unless its entry has a fault already."""
    given = set(node.value) if isinstance(node.value, dict) else set()
    for rule, several in words.items():
        if rule not in found and not given.intersection(several):
            word = next((one.text for one in draft.references if one.text in several), rule)
            shape.fault("alias", f"`{name}` names no field for the rule `{word}`", node)
