"""The figures of docs/reference/figures.md: CPU time, best of five, as a ratio to a fixed loop.

Usage: python benchmarks/run.py [LINES [MEMORY_LINES]]. Writes a Postfix log of at least LINES lines
with the demo's generator (1 million), joins it, and runs the installed `aupkeep detect` on it,
start-up included. With MEMORY_LINES (5 million) it compares the peak memory of a log that long.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aupkeep.base.clock import parse_instant
from aupkeep.demo.bulk import bulk_holdings, write_mail_log
from aupkeep.events.mail import MailJoin
from aupkeep.flow.trial.clock import calibrate
from aupkeep.inlets.files.blocks import read_blocks
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.formats.postfix import parse

END = parse_instant("2026-11-21T00:00:00Z")
SEED = 1
ROUNDS = 5


def best(measure: Callable[[], float]) -> float:
    return min(measure() for _ in range(ROUNDS))


def join(path: Path) -> float:
    """Return the CPU seconds from bytes to mail rows."""
    began = time.process_time()
    clock, made, rows = LineClock(now=END), MailJoin(), 0
    with path.open("rb") as opened:
        for block in read_blocks(opened, str(path)):
            parsed = parse(block.data, clock)
            positions = parsed.offsets + block.offset
            made.take(parsed.records, parsed.times, positions, source=0, stream=1)
            rows += made.rows().height
    if rows == 0:
        raise RuntimeError("no line became a row")
    return time.process_time() - began


def command(path: Path, holdings: Path) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of the installed command over `path`."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    words = [str(Path(sys.executable).with_name("aupkeep")), "detect", str(path), "--as", "postfix"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words, "--holdings", str(holdings), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    more = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as folder:
        holdings = Path(folder) / "holdings.csv"
        holdings.write_text(bulk_holdings(SEED, END), encoding="utf-8")
        log = Path(folder) / "mail.log"
        written = write_mail_log(log, lines, SEED, END)
        unit = best(calibrate)
        print(f"calibration loop: {unit:.3f} s CPU; figures are lines a second and lines a loop")
        joined = best(lambda: join(log))
        _say("join", written, joined, unit)
        runs = [command(log, holdings) for _ in range(ROUNDS)]
        _say("line to finding", written, min(seconds for seconds, _ in runs), unit)
        peak = max(memory for _, memory in runs)
        print(f"peak memory: {peak:.0f} MiB at {written} lines")
        if more:
            longer = Path(folder) / "longer.log"
            written = write_mail_log(longer, more, SEED, END)
            _, larger = command(longer, holdings)
            print(f"peak memory: {larger:.0f} MiB at {written} lines, {larger / peak:.2f} times")
    print(f"of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _say(what: str, lines: int, seconds: float, unit: float) -> None:
    rate = lines / seconds
    print(f"{what}: {rate:,.0f} lines/s ({seconds:.2f} s CPU), {rate * unit:,.0f} lines a loop")


if __name__ == "__main__":
    main()
