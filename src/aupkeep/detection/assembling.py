"""Drafts whose references are resolved, made into rules.

In: a draft, the rules it refers to and the hashes of those. Out: a rule with its own hash; faults
where it does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from aupkeep.detection import fingerprint
from aupkeep.detection.correlating import JOINS, Draft
from aupkeep.detection.fingerprint import Hashes
from aupkeep.detection.fitting import fit_absence, fit_baseline, fit_conjunction, fit_window
from aupkeep.detection.metrics import Habit
from aupkeep.detection.rule import (
    Absence,
    Aliases,
    Baseline,
    Conjunction,
    Measured,
    Op,
    Rule,
    Selection,
    Window,
)
from aupkeep.detection.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a draft refers to."""

    #: Every part, once, in the order of the references.
    all: tuple[Selection | Rule, ...]
    #: Ids under `rules` (for a ratio: the denominator), of the numerator, and under `after`.
    rules: tuple[str, ...]
    numerator: str
    after: tuple[str, ...]
    #: Id of a part -> the kinds of its rows.
    kinds: Mapping[str, tuple[str, ...]]
    aliases: Aliases

    @classmethod
    def of(
        cls,
        draft: Draft,
        parts: Sequence[Selection | Rule],
        kinds: Mapping[str, tuple[str, ...]],
        aliases: Aliases,
    ) -> Parts:
        """Return `parts`, which stand in the order of the draft's references, sorted out."""
        ids = [part.id for part in parts]
        count, above = len(draft.rules), 1 if draft.numerator else 0
        return cls(
            all=tuple({part.id: part for part in parts}.values()),
            rules=tuple(ids[:count]),
            numerator=ids[count] if above else "",
            after=tuple(ids[count + above :]),
            kinds=kinds,
            aliases=aliases,
        )

    @property
    def every_kind(self) -> tuple[str, ...]:
        """The kinds of all rows, sorted."""
        return tuple(sorted({kind for kinds in self.kinds.values() for kind in kinds}))


def assemble(draft: Draft, parts: Parts, hashes: Hashes, shape: Shape) -> Rule | None:
    """Return the rule of `draft`; None where it lacks something that a fault has named."""
    about: dict[str, Any] = {
        "id": draft.id,
        "name": draft.name,
        "title": draft.title,
        "version": draft.version,
        "group_by": tuple(node.text for node in draft.group_by),
        "aliases": parts.aliases,
        "aup": draft.block.aup if draft.block else None,
        "place": draft.node.place,
    }
    if draft.type in JOINS:
        return _conjunction(draft, parts, about, hashes, shape)
    if draft.type == "baseline":
        return _baseline(draft, parts, about, hashes, shape)
    if draft.type == "absence":
        return _absence(draft, parts, about, hashes, shape)
    return _window(draft, parts, about, hashes, shape)


def _window(
    draft: Draft, parts: Parts, about: Mapping[str, Any], hashes: Hashes, shape: Shape
) -> Window:
    window = Window(
        **about,
        measure=cast("Measured", draft.type),
        kind=parts.kinds[parts.rules[0]][0],
        rules=parts.rules,
        numerator=parts.numerator,
        timespan=draft.timespan,
        op=cast("Op", draft.comparison.op),
        threshold=draft.comparison.threshold,
        least=draft.least if draft.type == "ratio" else 0,
        field=draft.comparison.field,
    )
    fit_window(window, draft, cast("Sequence[Selection]", parts.all), parts.kinds, shape)
    above = hashes[parts.numerator] if parts.numerator else ""
    rows = [hashes[key] for key in parts.rules]
    return replace(window, detection=fingerprint.of_window(window, rows, above, hashes))


def _conjunction(
    draft: Draft, parts: Parts, about: Mapping[str, Any], hashes: Hashes, shape: Shape
) -> Conjunction:
    conjunction = Conjunction(
        **about,
        rules=parts.rules,
        kinds=parts.every_kind,
        timespan=draft.timespan,
        ordered=draft.type == "temporal_ordered",
    )
    fit_conjunction(conjunction, draft, parts.all, parts.kinds, shape)
    rows = [hashes[key] for key in parts.rules]
    return replace(conjunction, detection=fingerprint.of_conjunction(conjunction, rows, hashes))


def _baseline(
    draft: Draft, parts: Parts, about: Mapping[str, Any], hashes: Hashes, shape: Shape
) -> Baseline:
    habit = cast("Habit", draft.habit)
    baseline = Baseline(
        **about,
        kind=parts.kinds[parts.rules[0]][0],
        rules=parts.rules,
        bucket=habit.bucket,
        history=habit.history,
        least=habit.least,
        usual=habit.usual,
        top=habit.top,
        times=habit.times,
        threshold=draft.comparison.threshold,
        field=draft.comparison.field,
    )
    fit_baseline(baseline, draft, cast("Sequence[Selection]", parts.all), parts.kinds, shape)
    rows = [hashes[key] for key in parts.rules]
    return replace(baseline, detection=fingerprint.of_baseline(baseline, rows, hashes))


def _absence(
    draft: Draft, parts: Parts, about: Mapping[str, Any], hashes: Hashes, shape: Shape
) -> Absence:
    absence = Absence(
        **about,
        rules=parts.rules,
        after=parts.after,
        kinds=parts.every_kind,
        timespan=draft.timespan,
        forget=draft.forget,
    )
    fit_absence(absence, draft, parts.kinds, shape)
    rows = [hashes[key] for key in parts.rules]
    after = [hashes[key] for key in parts.after]
    return replace(absence, detection=fingerprint.of_absence(absence, rows, after, hashes))
