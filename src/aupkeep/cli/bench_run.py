"""The program that `aupkeep bench` runs in a process of its own: one measured job, JSON out.

Usage: python -m aupkeep.cli.bench_run stateless|windowed FILE [--rounds N] [--batch N]
[--workers N]. How many threads Polars has is said by the environment (POLARS_MAX_THREADS).
"""

from __future__ import annotations

import argparse
import json
import resource
from importlib.metadata import version
from pathlib import Path

from aupkeep.flow.trial.catalogue import trial_rules
from aupkeep.flow.trial.running import Trial, run_stateless, run_windowed


def _run(given: argparse.Namespace) -> list[Trial]:
    rules = trial_rules(windows=given.job == "windowed")
    path = Path(given.file)
    if given.job == "stateless":
        return [run_stateless(path, rules) for _ in range(given.rounds)]
    return [
        run_windowed(path, rules, size=given.batch, workers=given.workers)
        for _ in range(given.rounds)
    ]


def main() -> None:
    """Run the job and print what it found and took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=("stateless", "windowed"))
    parser.add_argument("file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=1)
    runs = _run(parser.parse_args())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    best = min(runs, key=lambda run: run.cpu)
    print(
        json.dumps(
            {
                "version": version("aupkeep"),
                "hits": best.hits,
                "cpu": [run.cpu for run in runs],
                "wall": [run.wall for run in runs],
                "batches": best.each,
                "peak_mib": peak,
            }
        )
    )


if __name__ == "__main__":
    main()
