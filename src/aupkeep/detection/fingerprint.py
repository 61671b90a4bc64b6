"""The hash of a rule's detection part: what its windows are made of, thresholds left out.

In: rules as values. Out: hexadecimal text. Two rules with the same hash have the same windows over
the same rows, whatever they are called and compared with, so state goes on from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from aupkeep.base.canonical import digest
from aupkeep.detection.rule import (
    Absence,
    Aliases,
    Baseline,
    Conjunction,
    Selection,
    Window,
)

#: Id of a selection or rule -> its hash.
Hashes = Mapping[str, str]


def of_selection(selection: Selection) -> str:
    """Return the hash of which rows `selection` means."""
    return digest([selection.kind, _plain(selection.predicate)])


def of_window(window: Window, rows: list[str], numerator: str, hashes: Hashes) -> str:
    """Return the hash of `window` over selections with the hashes `rows` and `numerator`."""
    parts: list[object] = [
        window.measure,
        sorted(rows),
        numerator,
        list(window.group_by),
        window.timespan,
        window.op,
        window.field,
    ]
    return digest(parts + _aliases(window.aliases, hashes))


def of_conjunction(conjunction: Conjunction, parts: list[str], hashes: Hashes) -> str:
    """Return the hash of `conjunction` over rules with the hashes `parts`, in their order."""
    what = "temporal_ordered" if conjunction.ordered else "temporal"
    plain: list[object] = [what, parts, list(conjunction.group_by), conjunction.timespan]
    return digest(plain + _aliases(conjunction.aliases, hashes))


def of_baseline(baseline: Baseline, rows: list[str], hashes: Hashes) -> str:
    """Return the hash of `baseline`; `times` and the floor are thresholds."""
    parts: list[object] = [
        "baseline",
        sorted(rows),
        list(baseline.group_by),
        baseline.bucket,
        baseline.history,
        baseline.least,
        [baseline.usual, baseline.top],
        baseline.field,
    ]
    return digest(parts + _aliases(baseline.aliases, hashes))


def of_absence(absence: Absence, rows: list[str], after: list[str], hashes: Hashes) -> str:
    """Return the hash of `absence` over selections with the hashes `rows` and `after`."""
    parts: list[object] = [
        "absence",
        sorted(rows),
        sorted(after),
        list(absence.group_by),
        absence.timespan,
        absence.forget,
    ]
    return digest(parts + _aliases(absence.aliases, hashes))


def _aliases(aliases: Aliases, hashes: Hashes) -> list[object]:
    """Return nothing without aliases, so that rules of older versions keep their hashes."""
    if not aliases:
        return []
    named = sorted(aliases.items())
    return [
        [
            [name, sorted([hashes[rule], field] for rule, field in fields.items())]
            for name, fields in named
        ]
    ]


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, one.name)) for one in fields(value))]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return ["float", repr(value)]
    return value
