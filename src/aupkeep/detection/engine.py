"""The detection engine: every provider's rules over every row, once and in order.

In: attributed frames by kind, sorted by (event_time, stream, position, part), and the frontier.
Out: findings that opened, grew or ended, in the order of their instants. The result depends on the
rows alone: neither on how they are cut into feeds nor on saving and restoring in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

import polars as pl

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.finding import Finding
from aupkeep.detection.gaps import Shortfall
from aupkeep.detection.rule import RuleSet
from aupkeep.detection.watch import Look, Placed, Watch, one_by_one
from aupkeep.policy.model import Tier

T = TypeVar("T")
#: Rows by kind.
Frames = Mapping[str, pl.DataFrame]

#: Most keys a rule holds at a time.
KEY_CAP = 1_000_000
#: Version of the saved form; an older one is read, a newer one refused.
STATE_VERSION = 2


class Engine:
    """Rules of all providers with their state."""

    def __init__(
        self,
        rulesets: Mapping[str, tuple[RuleSet, str]],
        *,
        key_cap: int = KEY_CAP,
        workers: int = 1,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        """Start with empty windows; `rulesets` maps a provider to rules and policy version.

        `workers` threads do the work, with the same result. Of `share` (i, n) the engine sees only
        the keys of part i: what the n engines find together is what one finds alone.
        """
        self._threads = _Threads(workers) if workers > 1 else None
        work = self._threads or one_by_one
        self._watches = {
            provider: Watch(provider, rules, version, key_cap, share=share, work=work)
            for provider, (rules, version) in sorted(rulesets.items())
        }

    def feed(self, frames: Frames, frontier: int) -> list[Finding]:
        """Evaluate rows; return findings that changed, in the order of the instants.

        `frames` holds sorted rows by kind, none later than `frontier` (microseconds UTC), none
        before those of earlier feeds. Ends up to `frontier` are noticed even without rows.
        """
        looks = {provider: watch.look(frames) for provider, watch in self._watches.items()}
        return self._judge(looks, frontier)

    def stream(self, feeds: Iterable[tuple[Frames, int]]) -> Iterator[list[Finding]]:
        """Feed one after the other, each as `feed` takes it, and yield what it returns.

        With several workers the next one is read and looked at while the present one is judged.
        """
        todo = iter(feeds)
        if self._threads is None:
            for frames, frontier in todo:
                yield self.feed(frames, frontier)
            return
        coming = self._threads.later(partial(self._ahead, todo))
        while (ready := coming.result()) is not None:
            coming = self._threads.later(partial(self._ahead, todo))
            yield self._judge(*ready)

    def _ahead(self, todo: Iterator[tuple[Frames, int]]) -> tuple[dict[str, Look], int] | None:
        """Return the next feed looked at, in one piece of work; None where there is none."""
        for frames, frontier in todo:
            looks = {
                provider: watch.look(frames, work=one_by_one)
                for provider, watch in self._watches.items()
            }
            return looks, frontier
        return None

    def _judge(self, looks: Mapping[str, Look], frontier: int) -> list[Finding]:
        placed: list[Placed] = []
        for provider, look in looks.items():
            placed += self._watches[provider].judge(look, frontier)
        return _in_order(placed)

    def finish(self) -> list[Finding]:
        """Return the findings that are still open, with peak and last row so far; ends nothing."""
        return _in_order([one for watch in self._watches.values() for one in watch.present()])

    def forget(self, provider: str, clause: str, customer: str | None) -> list[Finding]:
        """Let the windows of one clause begin anew, for one customer or for all (None).

        Returns the findings that were open and are open no more, with their last state.
        """
        watch = self._watches.get(provider)
        return watch.forget(clause, customer) if watch else []

    def degraded(self) -> list[str]:
        """Return a line for each rule that could not evaluate every row."""
        return [line for watch in self._watches.values() for line in watch.degraded()]

    def shortfalls(self) -> list[Shortfall]:
        """Return why and since when some rules could not see everything they need."""
        return [one for watch in self._watches.values() for one in watch.shortfalls()]

    def save(self) -> dict[str, Any]:
        """Return the whole state as plain values and bytes, fit for msgpack."""
        return {
            "version": STATE_VERSION,
            "providers": {provider: _saved(watch) for provider, watch in self._watches.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> list[Finding]:
        """Take over what `save` returned, for every rule whose detection part is the same.

        A rule that is new or detects otherwise starts empty. Returns the findings that were open
        and that no rule goes on with. Raises `AupkeepError` for the state of a newer program.
        """
        if state["version"] > STATE_VERSION:
            raise AupkeepError(
                Fault(
                    code="newer-state",
                    what=f"the saved state has version {state['version']}, this program reads"
                    f" up to {STATE_VERSION}",
                )
            )
        dropped: list[Finding] = []
        for provider, rules in state["providers"].items():
            watch = self._watches.get(provider)
            for rule, body in rules.items():
                evaluator = watch.evaluators.get(rule) if watch else None
                found = {int(slot): _finding(one) for slot, one in body["open"].items()}
                if watch and evaluator and evaluator.rule.detection == body["detection"]:
                    evaluator.restore(body["windows"])
                    watch.gaps.restore(rule, body.get("gaps", {}), evaluator.refused)
                    watch.open[rule] = found
                else:
                    dropped += found.values()
        return dropped


class _Threads:
    """Does pieces of work side by side; compiled code and Polars let others run meanwhile."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count)

    def __call__(self, pieces: Iterable[Callable[[], Any]]) -> list[Any]:
        """Return what `pieces` returned, in their order."""
        return [done.result() for done in [self._pool.submit(piece) for piece in pieces]]

    def later(self, piece: Callable[[], T]) -> Future[T]:
        """Begin `piece` as soon as a thread is free, before whatever comes after it."""
        return self._pool.submit(piece)


def _in_order(placed: list[Placed]) -> list[Finding]:
    return [finding for _, finding in sorted(placed, key=lambda one: one[0])]


def _saved(watch: Watch) -> dict[str, Any]:
    rules = {}
    for rule, evaluator in watch.evaluators.items():
        windows = evaluator.save()
        order = windows.pop("order")
        rules[rule] = {
            "detection": evaluator.rule.detection,
            "windows": windows,
            "gaps": watch.gaps.save(rule),
            "open": {str(order[slot]): _plain(one) for slot, one in watch.now(rule).items()},
        }
    return rules


def _plain(finding: Finding) -> dict[str, Any]:
    """Return the fields of `finding`, none copied: nothing in a finding ever changes."""
    return {field.name: getattr(finding, field.name) for field in fields(finding)}


def _finding(saved: Mapping[str, Any]) -> Finding:
    """Return a finding from its saved fields; an older program saved fewer of them."""
    values = {**saved, "tier": Tier(saved["tier"]), "events": tuple(saved["events"])}
    if saved.get("window"):
        values["window"] = tuple(saved["window"])
    return Finding(**values)
