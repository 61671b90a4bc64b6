"""How fast many process rules are judged at once: public Sigma rules over made-up command lines.

Usage: POLARS_MAX_THREADS=1 python benchmarks/many_rules.py DIR [ROWS]. DIR holds Sigma rules; those
about created processes are taken. One row in twenty holds texts that the rules look for. Each kind
of data (every line another one, and lines that come back) is judged by the matcher and, to compare,
by one expression a rule in a single select; both must find the same rows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from aupkeep.detection.conditions import Conversion
from aupkeep.detection.expressions import expression, folded, leaves, lower_name
from aupkeep.detection.matching import Matcher
from aupkeep.detection.rule import Glob, Selection

SEED = 7
ROUNDS = 3
SHARE = 0.05
PROGRAMS = ("php-fpm8.2", "python3", "node", "bash", "mysqld", "rsync", "tar", "git", "apache2")
PLACES = ("/usr/bin/", "/usr/sbin/", "/opt/app/bin/", "/home/u/bin/")
WORDS = ("--port", "-c", "pool www", "run", "--config", "/etc/app.conf", "-i", "sync", "-m", "http")

Rules = list[Selection]
Masks = Mapping[str, NDArray[np.bool_]]


class Anything(dict[str, pl.DataType]):
    """Every field there is, as text."""

    def __missing__(self, name: str) -> pl.DataType:
        self[name] = pl.String()
        return self[name]

    def __contains__(self, name: object) -> bool:
        return True


def read(folder: Path) -> tuple[Rules, list[str]]:
    """Return the process rules below `folder` and the fields they read."""
    fields = Anything()
    rules = []
    for path in sorted(folder.rglob("*.yml")):
        try:
            documents = SigmaCollection.from_yaml(path.read_text(encoding="utf-8")).rules
        except SigmaError:
            continue
        for one in documents:
            if not isinstance(one, SigmaRule) or one.logsource.category != "process_creation":
                continue
            conversion = Conversion(fields, lambda number: number)
            predicate = conversion.predicate(one.detection.parsed_condition[0].parsed)
            if not conversion.refusals:
                found = Selection(
                    id=str(one.id), name="", title="", kind="process", predicate=predicate
                )
                rules.append(found)
    return rules, sorted(fields)


def wanted(rules: Rules) -> list[str]:
    """Return texts that the rules look for."""
    return sorted(
        {
            piece
            for rule in rules
            for leaf in leaves(rule.predicate)
            if isinstance(leaf, Glob)
            for piece in leaf.pieces
            if isinstance(piece, str)
        }
    )


def lines(rules: Rules, fields: list[str], count: int, *, distinct: bool) -> pl.DataFrame:
    """Return made-up processes; with `distinct` every command line is another one."""
    roll = Random(SEED)
    texts = wanted(rules)

    def command(number: int) -> str:
        words = [roll.choice(PLACES) + roll.choice(PROGRAMS), *roll.sample(WORDS, 4)]
        if roll.random() < SHARE:
            words += roll.sample(texts, 2)
        return " ".join([*words, f"--id={number}"])

    pool = [command(number) for number in range(count if distinct else count // 100)]
    columns = {
        name: [roll.choice(PLACES) + roll.choice(PROGRAMS) for _ in range(count)] for name in fields
    }
    columns["CommandLine"] = pool if distinct else [roll.choice(pool) for _ in range(count)]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String()))


def one_by_one(rules: Rules, frame: pl.DataFrame) -> Masks:
    """Judge by one expression a rule, all in one select, each column lower-cased once."""
    names = sorted(set().union(*(folded(rule.predicate, frame.schema) for rule in rules)))
    lower = [pl.col(name).str.to_lowercase().alias(lower_name(name)) for name in names]
    asks = [expression(rule.predicate, frame.schema).alias(rule.id) for rule in rules]
    told = frame.with_columns(lower).select(asks)
    return {column.name: column.to_numpy() for column in told.get_columns()}


def best(judge: Callable[[], Masks]) -> tuple[float, Masks]:
    seconds, masks = [], {}
    for _ in range(ROUNDS):
        began = time.process_time()
        masks = dict(judge())
        seconds.append(time.process_time() - began)
    return min(seconds), masks


def main() -> None:
    rules, fields = read(Path(sys.argv[1]))
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    print(f"{len(rules)} rules, {count} rows")
    for distinct in (True, False):
        frame = lines(rules, fields, count, distinct=distinct)
        matcher = Matcher(rules, frame.schema)
        plain, expected = best(partial(one_by_one, rules, frame))
        ours, found = best(partial(matcher.masks, frame))
        for rule in rules:
            if not np.array_equal(found[rule.id], expected[rule.id]):
                raise RuntimeError(f"{rule.id}: not the same rows")
        hits = sum(int(mask.sum()) for mask in found.values())
        kind = "every line another one" if distinct else "lines come back a hundred times"
        for name, seconds in (("one expression a rule", plain), ("matcher", ours)):
            rate = count / seconds
            print(
                f"{kind}: {name}: {rate:,.0f} events/s, {rate * len(rules):,.0f} rules/s,"
                f" {hits} hits"
            )


if __name__ == "__main__":
    main()
