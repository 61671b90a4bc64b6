"""Doors that somebody else keeps: a program of the provider's, and a web address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import test_command

import receiver
from power_worlds.world import Kind, Shared, World


def missing() -> str:
    return ""


class Agreed(World):  # type: ignore[misc]  # found by pytest alone, so mypy does not know it
    """A world whose orders say who they are about and when people agreed, as the hand's do."""

    def order(self, sanction: str = "s1", target: str | None = None) -> Any:
        return replace(super().order(sanction, target), customer="c-1", agreed_at=1)


@contextmanager
def _program(_: Shared, folder: Path) -> Iterator[World]:
    with test_command.world(folder) as one:
        on = folder / "on"
        words = one.power.words | dict.fromkeys(one.power.words, (str(folder / "nosuch"),))
        yield Agreed(
            power=one.power,
            scope="service",
            target="svc-1",
            neighbour="svc-2",
            state=lambda: {path.name: path.read_text() for path in on.iterdir()},
            stopped=lambda: "svc-1" in {path.read_text() for path in on.iterdir()},
            broken=[(replace(one.power, words=words), False)],
        )


@contextmanager
def _webhook(_: Shared, folder: Path) -> Iterator[World]:
    with receiver.world(folder) as one:
        there = one.receiver

        def person() -> None:
            there.foreign["svc-9"] = "a person's"

        yield Agreed(
            power=one.power,
            scope="service",
            target="svc-1",
            neighbour="svc-2",
            state=lambda: (dict(there.standing), dict(there.foreign)),
            stopped=lambda: "svc-1" in there.standing.values(),
            person=person,
            broken=[(replace(one.power, key=folder / "nosuch"), False)],
        )


PROGRAM = {"a program": Kind(missing=missing, make=_program)}
WEBHOOK = {"a receiver": Kind(missing=missing, make=_webhook)}
