"""How long a power takes to act, to look and to undo: docs/reference/figures.md.

Usage: python benchmarks/powers.py [ROUNDS]. Each kind of power in the world in which its contract
is tested, with the real program, as root; what cannot be tried here is left out. Printed are the
median by the clock and the mean CPU time of this process and the programs that it called.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "outlets")]

from power_worlds import WORLDS  # noqa: E402  # found beside the tests alone
from power_worlds.world import Shared, World  # noqa: E402

ROUNDS = 30


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Return seconds by the clock and of CPU time."""
    begin, clock = spent(), time.perf_counter()
    act()
    return time.perf_counter() - clock, spent() - begin


def spent() -> float:
    """Return the CPU seconds of this process and of the programs that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def rounds(world: World, count: int) -> dict[str, list[tuple[float, float]]]:
    power, order = world.power, world.order()
    found: dict[str, list[tuple[float, float]]] = {"apply": [], "look": [], "undo": []}
    for _ in range(count):
        for act, taken in found.items():
            taken.append(measured(lambda act=act: getattr(power, act)(order)))  # type: ignore[misc]
        assert not power.look(order).in_force
    return found


def main(count: int) -> None:
    print("| power | apply, ms (CPU) | look, ms (CPU) | undo, ms (CPU) |")
    print("| --- | --- | --- | --- |")
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        shared = Shared(stack)
        for kind, worlds in WORLDS.items():
            for name, made in worlds.items():
                if made.missing():
                    continue
                own = Path(folder, f"{kind}-{name}")
                own.mkdir()
                with made.make(shared, own) as world:
                    figures = rounds(world, count)
                cells = [
                    f"{statistics.median(one[0] for one in taken) * 1000:.1f} "
                    f"({statistics.fmean(one[1] for one in taken) * 1000:.1f})"
                    for taken in figures.values()
                ]
                print(f"| `{kind}`, {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
