"""A text that a regular expression matches, made from its parsed form.

In: a pattern, and a number that asks for another of the possible texts. Out: a text, to be tried
with the real engine; an empty one where none was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

#: Python's own parser of patterns; what differs in the Rust dialect shows when the text is tried.
_PARSER: Any = import_module("re._parser")
_TRIED = "ax1-_/ .=A~%:"
#: More repetitions than this make no example for people.
_LONGEST = 4_096


def example(pattern: str, turn: int = 0) -> str:
    """Return a text that `pattern` probably matches somewhere."""
    try:
        parsed = _PARSER.parse(pattern)
        return _sequence(parsed, turn)
    except (re.error, RecursionError, OverflowError, ValueError):
        return ""


def _sequence(parsed: Any, turn: int) -> str:
    return "".join(_one(str(kind), argument, turn) for kind, argument in parsed)


def _one(kind: str, argument: Any, turn: int) -> str:
    make = _MAKERS.get(kind)
    return make(argument, turn) if make else ""


def _repeated(argument: Any, turn: int) -> str:
    """Return the inner text as often as it must be, by some turns once more."""
    least, most, inner = argument
    times = min(int(most), int(least) + turn % 2)
    if times > _LONGEST:
        raise ValueError
    return _sequence(inner, turn) * times


def _member(items: Any, turn: int) -> str:
    """Return a sign of a set such as `[a-z_]` or `[^ ]`."""
    parts = [(str(kind), argument) for kind, argument in items]
    if parts[0][0] == "NEGATE":
        return next(
            (sign for sign in _TRIED if not any(_holds(part, sign) for part in parts[1:])), ""
        )
    kind, argument = parts[turn % len(parts)]
    if kind == "LITERAL":
        return chr(argument)
    if kind == "RANGE":
        return chr(argument[0])
    return next((sign for sign in _TRIED if _holds((kind, argument), sign)), "")


def _holds(part: tuple[str, Any], sign: str) -> bool:
    kind, argument = part
    if kind == "LITERAL":
        return ord(sign) == argument
    if kind == "RANGE":
        return bool(argument[0] <= ord(sign) <= argument[1])
    name = str(argument)
    plain = name.replace("_NOT_", "_")
    if plain not in _CATEGORIES:
        return False
    return _CATEGORIES[plain](sign) is ("_NOT_" not in name)


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


_CATEGORIES: Mapping[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": _is_word,
}
#: Part of a parsed pattern -> a text for it; what stands for a place between signs has none.
_MAKERS: Mapping[str, Callable[[Any, int], str]] = {
    "LITERAL": lambda code, _: chr(code),
    "NOT_LITERAL": lambda code, _: next(sign for sign in _TRIED if ord(sign) != code),
    "ANY": lambda *_: "x",
    "IN": _member,
    "BRANCH": lambda parts, turn: _sequence(parts[1][turn % len(parts[1])], turn),
    "SUBPATTERN": lambda parts, turn: _sequence(parts[-1], turn),
    "ATOMIC_GROUP": _sequence,
    "MAX_REPEAT": _repeated,
    "MIN_REPEAT": _repeated,
    "POSSESSIVE_REPEAT": _repeated,
}
