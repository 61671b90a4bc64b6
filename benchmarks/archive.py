"""What the archive costs the engine, and how long a look-up takes: docs/reference/figures.md.

Usage: python benchmarks/archive.py [LINES [ROWS]]. Lets an engine read a mail log of LINES lines
(300 thousand) and adds up the CPU time that the archive takes of it; then fills an archive with
ROWS mail rows (10 million) of thirty days and 20,000 customers, and looks things up in it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from aupkeep.base.clock import DAY, parse_instant
from aupkeep.base.errors import Fault
from aupkeep.demo.bulk import bulk_holdings, write_mail_log
from aupkeep.events.schema import ATTRIBUTED, COMMON, MAIL
from aupkeep.flow import sweeping
from aupkeep.flow.archiving import Archiving
from aupkeep.flow.engine import run_to_end
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.store.archive import catalog, files, locks, look
from aupkeep.store.archive.batch import Batch
from aupkeep.store.archive.files import Stored
from aupkeep.store.archive.look import Wanted
from aupkeep.store.database import close_store, unit

END = parse_instant("2026-11-21T00:00:00Z")
SEED = 1
CUSTOMERS = 20_000
COMMIT = 50_000
SETTINGS = """
clock = "event"

[[provider]]
name = "{provider}"
policy = "policies/jasmo"

[[inlet]]
provider = "{provider}"
format = "postfix"
path = "mail.log"
"""


class Clock:
    """Adds up the CPU time of the functions that it is put around."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._inside = False

    def around(self, whole: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*words: Any, **named: Any) -> Any:
            if self._inside:
                return whole(*words, **named)
            began, self._inside = time.process_time(), True
            try:
                return whole(*words, **named)
            finally:
                self.spent += time.process_time() - began
                self._inside = False

        return timed


def engine_cost(folder: Path, lines: int) -> None:
    """Print what share of an engine's CPU time the archive takes."""
    holdings = folder / "holdings.csv"
    holdings.write_text(bulk_holdings(SEED, END), encoding="utf-8")
    place = folder / "installation"
    settings = SETTINGS.format(provider="jasmo")
    found(place, settings, policies=("jasmo",), holdings=holdings, now=END - 365 * DAY)
    written = write_mail_log(place / "mail.log", lines, SEED, END)
    clock = Clock()
    for owner, name in (
        (Batch, "see"),
        (Archiving, "write"),
        (Archiving, "name"),
        (Archiving, "tend"),
    ):
        setattr(owner, name, clock.around(getattr(owner, name)))
    began = time.process_time()
    running = run_to_end(open_installation(place), lambda: END)
    whole = time.process_time() - began
    kept = catalog.named()
    rows, size = sum(item.rows for item in kept), sum(item.size for item in kept)
    print(
        f"engine: {written:,} lines, {rows:,} rows in {running.number} commits, {whole:.2f} s CPU"
    )
    print(f"of this the archive: {clock.spent:.2f} s, {100 * clock.spent / whole:.1f} %")
    print(f"{1e6 * clock.spent / rows:.2f} microseconds and {size / rows:.1f} bytes a row")
    close_store()


def rows_of(number: int, count: int, day: int) -> pl.DataFrame:
    """Return `count` rows of one day such as a mail provider has."""
    dice = np.random.default_rng(number)
    who = dice.integers(0, CUSTOMERS, count)
    times = np.sort(dice.integers(0, DAY, count)) + day * DAY
    ids = pl.Series(np.arange(count) + number * COMMIT)
    owner = pl.Series(who)
    far = pl.Series(dice.integers(0, 2_000_000, count))
    text = {
        "customer": pl.format("c-{}", owner),
        "service": pl.format("c-{}-mail", owner),
        "login": pl.format("user{}@c{}.example", owner, owner),
        "sender": pl.format("user{}@c{}.example", owner, owner),
        "sender_domain": pl.format("c{}.example", owner),
        "recipient": pl.format("person{}@far{}.example", far, far % 5000),
        "recipient_domain": pl.format("far{}.example", far % 5000),
        "message_id": pl.format("{}.{}@c{}.example", ids * 7919 % 1_000_003, ids, owner),
        "queue_id": pl.format("4Z{}zz", ids),
        "client_ip": pl.format("198.51.{}.{}", owner // 250 % 250, owner % 250),
        "reply": pl.format("250 2.0.0 Ok: queued as {}", ids),
    }
    said: dict[str, Any] = {
        "event_time": times,
        "observed_at": times,
        "stream": np.full(count, 77 + number % 4),
        "position": np.arange(count) * 311 + number * COMMIT * 311,
        "part": np.zeros(count, np.int64),
        "source": np.zeros(count, np.int32),
        "size": dice.integers(500, 90_000, count),
    }
    constant = {"provider": "big", "attribution": "attributed", "status": "sent", "stage": "result"}
    frame = (
        pl.DataFrame(said)
        .with_columns(**text)
        .with_columns(
            **{name: pl.lit(value) for name, value in constant.items()}, late=pl.lit(value=False)
        )
    )
    schema = COMMON | MAIL | ATTRIBUTED
    return frame.select(
        pl.col(name).cast(type_) if name in frame.columns else pl.lit(None, type_).alias(name)
        for name, type_ in schema.items()
    )


def fill(folder: Path, rows: int) -> None:
    """Fill the archive commit by commit, and merge as the engine does."""
    began = time.process_time()
    for number in range(rows // COMMIT):
        batch = Batch()
        batch.see("mail", rows_of(number, COMMIT, 20_000 + number * 30 // (rows // COMMIT)))
        written = batch.write(folder, number, ["mail.log"], [], [])
        with unit():
            catalog.name(written)
    wrote = time.process_time() - began
    began = time.process_time()
    sweeping.merge_closed(folder, 30_000 * DAY)
    sweeping.remove_gone(folder, patience=0)
    kept = catalog.named()
    size = sum(item.size for item in kept)
    merged = time.process_time() - began
    print(f"{rows:,} rows made and written in {wrote:.1f} s CPU, merged in {merged:.1f} s")
    print(f"{len(kept)} files, {size / 1e6:.0f} MB, {size / rows:.1f} bytes a row")


def look_ups(folder: Path) -> None:
    """Print how long look-ups take and how many files each reads."""
    day = 20_015
    one = next(look.find(folder, Wanted(since=day * DAY), _broken))
    who = one["customer"]
    print(f"{'look-up':<34} {'rows':>7} {'files':>6} {'CPU':>8} {'wall':>8}")
    asked: dict[str, Wanted] = {
        "customer, a day": Wanted(customer=who, since=day * DAY, until=(day + 1) * DAY),
        "customer, thirty days": Wanted(customer=who),
        "message id": Wanted(message_id=one["message_id"]),
        "message id, a day": Wanted(
            message_id=one["message_id"], since=day * DAY, until=(day + 1) * DAY
        ),
        "address of a recipient": Wanted(address=one["recipient"]),
        "event id": Wanted(events=(look.parse_event(one["event"]),)),
    }
    for name, wanted in asked.items():
        opened: list[str] = []
        read = files.read

        def counted(place: Path, item: Stored, read: Any = read, opened: Any = opened) -> bytes:
            opened.append(item.path)
            return bytes(read(place, item))

        files.read = counted  # type: ignore[assignment]
        try:
            wall, began = time.perf_counter(), time.process_time()
            rows = sum(1 for _ in look.find(folder, wanted, _broken))
            spent, wall = time.process_time() - began, time.perf_counter() - wall
        finally:
            files.read = read
        print(f"{name:<34} {rows:>7} {len(opened):>6} {spent:>7.2f}s {wall:>7.2f}s")


def _broken(item: Stored, fault: Fault) -> None:
    raise RuntimeError(f"{item.path}: {fault.what}")


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine_cost(folder, lines)
        place = folder / "big"
        place.mkdir()
        (place / "aupkeep.toml").write_text(
            '[[provider]]\nname = "big"\npolicy = "policies/jasmo"\n', encoding="utf-8"
        )
        installation = open_installation(place)
        locks.make_ready(installation.archive)
        fill(installation.archive, rows)
        look_ups(installation.archive)
        close_store()


if __name__ == "__main__":
    main()
