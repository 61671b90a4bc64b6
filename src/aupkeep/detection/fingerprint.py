"""The hash of a rule's detection part: what its windows are made of, thresholds left out.

In: rules as values. Out: hexadecimal text. Two rules with the same hash have the same windows over
the same rows, whatever they are called and compared with, so state goes on from one to the other.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from aupkeep.base.canonical import digest
from aupkeep.detection.rule import Conjunction, Selection, Window


def of_selection(selection: Selection) -> str:
    """Return the hash of which rows `selection` means."""
    return digest([selection.kind, _plain(selection.predicate)])


def of_window(window: Window, rows: list[str], numerator: str) -> str:
    """Return the hash of `window` over selections with the hashes `rows` and `numerator`."""
    return digest(
        [
            window.measure,
            sorted(rows),
            numerator,
            list(window.group_by),
            window.timespan,
            window.op,
            window.field,
        ]
    )


def of_conjunction(conjunction: Conjunction, parts: list[str]) -> str:
    """Return the hash of `conjunction` over rules with the hashes `parts`, in their order."""
    return digest(["temporal", parts, list(conjunction.group_by), conjunction.timespan])


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, one.name)) for one in fields(value))]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return ["float", repr(value)]
    return value
