"""A million keys, each active in at most three of twenty rules: how much memory an engine takes.

    python benchmarks/million_keys.py [--keys 1000000] [--json]

In: a number of keys. Out: the largest size of the process, and its time. Half of the rules count
distinct values exactly; every key has rows in three rules, all inside one window at the end.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import polars as pl

from aupkeep.detection.engine import Engine
from aupkeep.detection.rule import Aup, OneOf, RuleSet, Selection, Threshold, Window
from aupkeep.events.schema import ATTRIBUTED, COMMON, Schema
from aupkeep.policy.model import Tier

RULES = 20
ACTIVE = 3
BATCH = 50_000
HOUR = 3_600_000_000
KINDS: dict[str, Schema] = {
    "mail": {"login": pl.String(), "recipient": pl.String(), "group": pl.Int64()}
}


def rules() -> RuleSet:
    """Return twenty windows of a day; rule n looks at the rows of group n."""
    selections, windows = {}, {}
    for number in range(RULES):
        selections[f"s{number}"] = Selection(
            id=f"s{number}",
            name=f"s{number}",
            title="",
            kind="mail",
            predicate=OneOf(field="group", values=(number,)),
        )
        distinct = number % 2 == 0
        windows[f"w{number}"] = Window(
            id=f"w{number}",
            name=f"w{number}",
            title="",
            version="1",
            measure="value_count" if distinct else "event_count",
            kind="mail",
            rules=(f"s{number}",),
            group_by=("login",),
            timespan=24 * HOUR,
            op="gte",
            threshold=Threshold(default=50),
            field="recipient" if distinct else "",
            aup=Aup(clause="c", tier=Tier.FACT, status="review"),
            detection=f"w{number}",
        )
    return RuleSet(selections=selections, rules=windows, kinds=KINDS)


def batch(keys: int, start: int, dice: np.random.Generator) -> pl.DataFrame:
    """Return rows of the keys that come next: each in a rule of its own three."""
    number = np.arange(start, start + BATCH)
    key, turn = number % keys, number // keys
    group = (key * 7 + (turn % ACTIVE) * 5) % RULES
    columns = {
        "event_time": number * 7_000,
        "observed_at": number * 7_000,
        "stream": np.ones(BATCH, dtype=np.int64),
        "position": number,
        "part": np.zeros(BATCH, dtype=np.int64),
        "source": np.zeros(BATCH, dtype=np.int32),
        "group": group,
        "login": [f"login-{one:07d}@shop.example" for one in key.tolist()],
        "recipient": [f"r{one}@b.example" for one in dice.integers(0, 400_000, BATCH).tolist()],
    }
    frame = pl.DataFrame(columns).with_columns(
        provider=pl.lit("p"),
        authenticated=pl.lit(value=True),
        late=pl.lit(value=False),
        customer=pl.lit("c"),
        attribution=pl.lit("attributed"),
        actor=pl.lit("login:a"),
        forgeable=pl.lit(value=False),
    )
    schema = COMMON | ATTRIBUTED | KINDS["mail"]
    given = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    ]
    return frame.select(given)


def measure(keys: int) -> dict[str, float]:
    """Return what an engine with `keys` keys in three rules each takes."""
    engine = Engine({"p": (rules(), "1")}, key_cap=keys)
    dice = np.random.default_rng(1)
    spent = 0.0
    for start in range(0, 2 * ACTIVE * keys, BATCH):
        frame = batch(keys, start, dice)
        begun = time.process_time()
        engine.feed({"mail": frame}, int(frame["event_time"][-1]))
        spent += time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if engine.degraded():
        raise SystemExit("\n".join(engine.degraded()))
    return {"keys": keys, "rows": 2 * ACTIVE * keys, "cpu": spent, "peak_mib": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of a million keys.")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = measure(args.keys)
    if args.json:
        print(json.dumps(found))
        return
    rate = found["rows"] / found["cpu"] / 1e6
    print(f"{args.keys:,} keys, {found['rows']:,} rows: {found['peak_mib']:,.0f} MiB at most,")
    print(f"{found['cpu']:.1f} s of CPU time, {rate:.2f} million rows a second")


if __name__ == "__main__":
    main()
