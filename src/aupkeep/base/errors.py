"""Faults a person can act on: where, what, what would be allowed, and a hint.

In: a place and words. Out: `Fault` values, gathered (all at once) in one `AupkeepError`.
Only `cli` and the desk turn them into text for people, by `render`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: A line is quoted whole up to this many characters.
_LONGEST = 240


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A point in a text: 1-based line and column (0 = the whole file) and the line itself."""

    file: str
    line: int = 0
    column: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, in lower case and without a full stop."""

    #: Stable machine word, such as `unknown-key`.
    code: str
    what: str
    place: Place | None = None
    #: The words that would have been accepted, where they can be listed.
    allowed: tuple[str, ...] = ()
    hint: str = ""


class AupkeepError(Exception):
    """Something a person must change; carries every fault that was found in one pass."""

    #: Exit code of the command line: 1 faults in what was checked, 2 misuse, 3 job not done.
    exit_code = 3

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        """Keep `faults` sorted by place."""
        listed = (faults,) if isinstance(faults, Fault) else tuple(faults)
        self.faults: tuple[Fault, ...] = tuple(sorted(listed, key=_by_place))
        super().__init__("; ".join(fault.what for fault in self.faults))


class MisuseError(AupkeepError):
    """The command was called in a way that cannot work."""

    exit_code = 2


def one_line(error: AupkeepError) -> str:
    """Return every fault of `error` in one line, hints in brackets."""
    return "; ".join(
        fault.what + (f" ({fault.hint})" if fault.hint else "") for fault in error.faults
    )


def near(word: str, allowed: Sequence[str]) -> str:
    """Return the allowed word that `word` was probably meant to be, or an empty string."""
    close = difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)
    return close[0] if close else ""


def unknown_word(word: str, allowed: Sequence[str], *, what: str, place: Place | None) -> Fault:
    """Build the fault for a word that is not among `allowed`, with the nearest one as hint."""
    guess = near(word, allowed)
    return Fault(
        code="unknown-word",
        what=f"`{word}` is not {what}",
        place=place,
        allowed=tuple(allowed),
        hint=f"did you mean `{guess}`?" if guess else "",
    )


def render(fault: Fault) -> str:
    """Return the text a person reads: `file:line:col: what`, the line, a caret, words, hint."""
    lines = []
    place = fault.place
    if place is None:
        lines.append(_shown(fault.what))
    elif place.line == 0:
        lines.append(_shown(f"{place.file}: {fault.what}"))
    else:
        lines.append(_shown(f"{place.file}:{place.line}:{place.column}: {fault.what}"))
        margin = f"{place.line:5d} | "
        text, column = _cut(place.text, place.column)
        # Tabs stay tabs, so that the caret stands below what it points at.
        head = text[: max(column - 1, 0)]
        before = "".join("\t" if sign == "\t" else " " for sign in _shown(head))
        behind = " " * (column - 1 - len(head))
        lines.append(margin + _shown(text))
        lines.append(" " * len(margin) + before + behind + "^")
    if fault.allowed:
        lines.append("        allowed: " + _shown(", ".join(fault.allowed)))
    if fault.hint:
        lines.append("        hint: " + _shown(fault.hint))
    return "\n".join(lines)


def _cut(text: str, column: int) -> tuple[str, int]:
    """Return the part of a long line around `column`, and where the column is in it."""
    if len(text) <= _LONGEST:
        return text, column
    start = max(0, min(column - 1, len(text)) - _LONGEST // 2)
    end = start + _LONGEST
    head, tail = "..." if start else "", "..." if end < len(text) else ""
    return head + text[start:end] + tail, column - start + len(head)


def _shown(text: str) -> str:
    """Return text without what could drive a terminal; a tab stays, the rest is escaped."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign == "\t" or sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in text
    )


def _by_place(fault: Fault) -> tuple[str, int, int, str]:
    place = fault.place or Place(file="")
    return (place.file, place.line, place.column, fault.what)
