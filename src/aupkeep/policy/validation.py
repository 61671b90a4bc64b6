"""Pydantic's findings in our words, at their places.

In: a shape and a node. Out: the checked value, or `None`, and every fault of it at once.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aupkeep.base.errors import Fault, near, unknown_word
from aupkeep.policy.nodes import Node, Path

_Shape = TypeVar("_Shape", bound=BaseModel)

_WANTED: Final[Mapping[str, str]] = {
    "bool_type": "`true` or `false` is wanted here",
    "dict_type": "a mapping is wanted here",
    "int_type": "a whole number is wanted here",
    "list_type": "a list is wanted here",
    "model_type": "a mapping is wanted here",
    "string_type": "text is wanted here",
}


def validate(shape: type[_Shape], node: Node) -> tuple[_Shape | None, list[Fault]]:
    """Return the value of `node` as `shape`; `None` and the faults where it does not fit."""
    try:
        return shape.model_validate(node.value), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    return None, [_fault(shape, node, detail) for detail in details]


def _fault(shape: type[BaseModel], top: Node, detail: ErrorDetails) -> Fault:
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    node = Node(value=detail["input"], marks=top.marks, path=path)
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(shape, node)
    if kind == "missing":
        return _missing(node)
    if kind == "unknown_word":
        return _unknown_word(node, detail.get("ctx", {}))
    if "[key]" in detail["loc"]:
        return Fault(code="wrong-key", what=_words(detail), place=node.key_place)
    if kind == "too_short":
        return Fault(code="empty", what=_empty(node), place=node.place)
    return Fault(code="wrong-value", what=_words(detail), place=node.place)


def _unknown_key(shape: type[BaseModel], node: Node) -> Fault:
    key = str(node.path[-1])
    allowed = _keys(shape, node.path[:-1])
    guess = near(key, allowed)
    return Fault(
        code="unknown-key",
        what=f"`{key}` is not a key of {_owner(node.path)}",
        place=node.key_place,
        allowed=allowed,
        hint=f"did you mean `{guess}`?" if guess else "",
    )


def _missing(node: Node) -> Fault:
    what = f"`{node.path[-1]}` is missing from {_owner(node.path)}"
    return Fault(code="missing-key", what=what, place=node.marks.key(node.path[:-1]))


def _unknown_word(node: Node, context: Mapping[str, Any]) -> Fault:
    fault = unknown_word(context["word"], context["near"], what=context["what"], place=node.place)
    allowed = tuple(context.get("allowed", ()))
    return Fault(
        code=fault.code, what=fault.what, place=fault.place, allowed=allowed, hint=fault.hint
    )


def _empty(node: Node) -> str:
    return f"`{node.path[-1]}` is empty: at least one entry is wanted here"


def _owner(path: Path) -> str:
    """Return what a person calls the thing that holds the last part of `path`."""
    names = [str(part) for part in path[:-1] if isinstance(part, str)]
    if not names:
        return "the top level"
    return "`" + ".".join(names) + "`"


def _words(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "value_error":
        return str(context["error"])
    if kind in ("greater_than_equal", "less_than_equal"):
        side, bound = ("least", context.get("ge")) if "ge" in context else ("most", context["le"])
        return f"`{detail['input']}` is not taken here: at {side} {bound}"
    return _WANTED[kind]


def _keys(shape: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Return the keys that `shape` takes below `path`."""
    here: Any = shape
    for part in path:
        here = _below(here, part)
    return tuple(field.alias or name for name, field in here.model_fields.items())


def _below(here: Any, part: str | int) -> Any:
    if isinstance(here, type) and issubclass(here, BaseModel):
        return _bare(here.model_fields[str(part)].annotation)
    return _bare(typing.get_args(here)[-1])


def _bare(annotation: Any) -> Any:
    """Return the type inside `Annotated` and beside `None`."""
    if typing.get_origin(annotation) is Annotated:
        return _bare(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _bare(next(arg for arg in typing.get_args(annotation) if arg is not type(None)))
    return annotation
