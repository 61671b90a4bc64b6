"""What every peer program shares: its arguments, its clock, and the JSON it prints.

A peer counts what the forty rules of `aupkeep.demo.hosting` find in the same Parquet file, with
means of its own. Reading the file is part of each measured round; making things ready is not. One
thread; CPU time of the process. Usage of each: python PROGRAM JOB FILE [--rounds N] [--batch N].
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Mapping

#: Rule -> hits; of a windowed rule keys and the sum of the ids of their first events.
Hits = dict[str, list[int]]
#: Path of the file and events a batch -> hits.
Job = Callable[[str, int], Hits]


def run(version: str, jobs: Mapping[str, Job]) -> None:
    """Run the job that the command line names and print what it found and took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=sorted(jobs))
    parser.add_argument("file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=100_000)
    given = parser.parse_args()
    cpu, wall = [], []
    hits: Hits = {}
    for _ in range(given.rounds):
        began, at = time.process_time(), time.perf_counter()
        hits = jobs[given.job](given.file, given.batch)
        cpu.append(time.process_time() - began)
        wall.append(time.perf_counter() - at)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps({"version": version, "hits": hits, "cpu": cpu, "wall": wall, "peak_mib": peak})
    )
