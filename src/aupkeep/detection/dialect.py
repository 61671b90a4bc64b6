"""Whether a text is a regular expression that the engine takes: the Rust dialect, linear in time.

In: a pattern and its flags. Out: why it is not taken, and what would do.
"""

from __future__ import annotations

import re

import polars as pl
from polars.exceptions import ComputeError

from aupkeep.detection.predicates import regex

_AROUND = re.compile(r"(?<!\\)\(\?<?[=!]")
_BACK = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]|\(\?P=")
_OWN = re.compile(r"(?<!\\)\(\?>|[*+?}]\+")


def not_taken(pattern: str, flags: str = "") -> tuple[str, str] | None:
    """Return what is wrong with `pattern` and a hint; None where it is taken."""
    try:
        pl.Series([""]).str.contains(regex(pattern, flags))
    except ComputeError as error:
        shown = pattern if len(pattern) <= _SHOWN else pattern[:_SHOWN] + "..."
        if "size limit" in str(error):
            return f"`{shown}` repeats too much: compiled, it is too large", "repeat less"
        return f"`{shown}` is no regular expression of the Rust dialect", _hint(pattern)
    return None


#: So much of a pattern is quoted.
_SHOWN = 120


def _hint(pattern: str) -> str:
    if _AROUND.search(pattern):
        return "it has no look-ahead or look-behind: they cannot be evaluated in linear time"
    if _BACK.search(pattern):
        return "it has no back-references: they cannot be evaluated in linear time"
    if _OWN.search(pattern):
        return "it has no atomic groups and possessive repeats; plain ones never backtrack here"
    return ""
