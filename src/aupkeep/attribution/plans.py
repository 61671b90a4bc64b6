"""Which plans a customer and a service had at an instant.

In: holders, holdings and profiles. Out: `PlanBook`, which answers whole columns at once.
A holding's own plan comes first, then the service's `plan` profile, then the customer's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from aupkeep.attribution.coding import Ints
from aupkeep.attribution.holders import Holder, Holders
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import PLAN, Profile
from aupkeep.attribution.timeline import FOREVER, NONE, Stretch, Timeline, build_timeline

#: Between the plans of a customer who has several.
SEPARATOR = "|"

#: provider, customer, service (empty = the customer as a whole).
_About = tuple[str, str, str]


class _Words:
    """Texts by number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def column(self) -> pl.Series:
        return pl.Series(list(self.numbers), dtype=pl.String)


class PlanBook:
    """Immutable once built."""

    def __init__(
        self, holders: Holders, holdings: Iterable[Holding], profiles: Iterable[Profile]
    ) -> None:
        """Index the plans; `holders` must already know every holder there will be."""
        words, joined = _Words(), _Words()
        stated = _stated(profiles)
        keys = {about: key for key, about in enumerate(stated)}
        self._profiles = _profile_timeline(list(stated.values()), words)
        spans = _spans(holdings, list(keys), self._profiles, words)
        self._together = _together(holders, spans, list(words.numbers), joined)
        self._own = np.array([_number(words, row[3]) for row in holders.rows], dtype=np.int64)
        self._services = _profile_keys(holders.rows, keys, whole=False)
        self._wholes = _profile_keys(holders.rows, keys, whole=True)
        self._customers = np.array(holders.customers, dtype=np.int64)
        self._plan_texts = words.column()
        self._joined_texts = joined.column()

    def plan(self, answers: Ints, times: Ints) -> pl.Series:
        """Return the plan under which each row's holder held it then, or null."""
        plans = _take(self._own, answers)
        for keys in (self._services, self._wholes):
            found, _ = self._profiles.at(_take(keys, answers), times)
            plans = np.where(plans == NONE, found, plans)
        return texts(self._plan_texts, plans)

    def plans(self, answers: Ints, times: Ints) -> pl.Series:
        """Return all plans each row's customer had then, sorted, joined by `|`, or null."""
        found, _ = self._together.at(_take(self._customers, answers), times)
        return texts(self._joined_texts, found)


def texts(column: pl.Series, numbers: Ints) -> pl.Series:
    """Return the text of each number; null for a negative one."""
    wanted = pl.Series(numbers)
    return column.gather(wanted.set(wanted < 0, None))


def _take(values: Ints, answers: Ints) -> Ints:
    return np.append(values, NONE)[np.maximum(answers, NONE)]


def _number(words: _Words, text: str) -> int:
    return words.number(text) if text else NONE


def _stated(profiles: Iterable[Profile]) -> dict[_About, list[Profile]]:
    stated: dict[_About, list[Profile]] = defaultdict(list)
    for profile in profiles:
        if profile.name == PLAN:
            stated[profile.provider, profile.customer, profile.service].append(profile)
    return stated


def _profile_timeline(groups: Sequence[Sequence[Profile]], words: _Words) -> Timeline:
    def decide(items: Sequence[Profile]) -> int:
        last = max(items, key=lambda item: (item.recorded_at, item.since, item.value))
        return _number(words, last.value)

    return build_timeline([[(p.since, p.until, p) for p in group] for group in groups], decide)


def _spans(
    holdings: Iterable[Holding], abouts: Sequence[_About], stated: Timeline, words: _Words
) -> dict[tuple[tuple[str, str], int], list[Stretch[int]]]:
    """Gather the stretches of each (customer, plan)."""
    spans: dict[tuple[tuple[str, str], int], list[Stretch[int]]] = defaultdict(list)
    for holding in holdings:
        if holding.plan:
            plan = words.number(holding.plan)
            customer = (holding.provider, holding.customer)
            spans[customer, plan].append((holding.since, holding.until, plan))
    for key, since, until, plan in stated.stretches():
        provider, customer_name, _ = abouts[key]
        spans[(provider, customer_name), plan].append((since, until, plan))
    return spans


def _together(
    holders: Holders,
    spans: dict[tuple[tuple[str, str], int], list[Stretch[int]]],
    plans: Sequence[str],
    joined: _Words,
) -> Timeline:
    def decide(items: Sequence[int]) -> int:
        return joined.number(SEPARATOR.join(sorted({plans[item] for item in items})))

    histories: list[list[Stretch[int]]] = [[] for _ in set(holders.customers)]
    numbers = dict(zip([row[:2] for row in holders.rows], holders.customers, strict=True))
    for (customer, _), stretches in spans.items():
        if customer in numbers:
            histories[numbers[customer]] += _merged(stretches)
    return build_timeline(histories, decide)


def _merged(stretches: Iterable[Stretch[int]]) -> list[Stretch[int]]:
    """Join stretches of one plan that meet, so that a thousand mailboxes are one stretch."""
    merged: list[Stretch[int]] = []
    for since, until, plan in sorted(stretches, key=lambda stretch: stretch[0]):
        end = FOREVER if until is None else until
        if merged:
            last = FOREVER if merged[-1][1] is None else merged[-1][1]
            if since <= last:
                latest = max(last, end)
                merged[-1] = (merged[-1][0], None if latest == FOREVER else latest, plan)
                continue
        merged.append((since, until, plan))
    return merged


def _profile_keys(rows: Sequence[Holder], keys: dict[_About, int], *, whole: bool) -> Ints:
    """Return each holder's key in the profile timeline, of its service or of all it has."""
    abouts = [(row[0], row[1], "" if whole else row[2]) for row in rows]
    return np.array([keys.get(about, NONE) for about in abouts], dtype=np.int64)
