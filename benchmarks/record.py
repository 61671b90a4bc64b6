"""How fast the record is written, verified and proven, and what envelopes cost: figures.md.

Usage: python benchmarks/record.py [ENTRIES]. Records ENTRIES entries (40 thousand) in durable
batches of 5,000 into a SQLite database, with and without an envelope in each, reads them back
through the verifier as a database and as an export, and makes and checks one proof. CPU time, best
of five; for writing also by the clock, since the disk must have it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from aupkeep.flow.founding import found
from aupkeep.flow.recording import Recording
from aupkeep.record.checkpoint import read, sign, write
from aupkeep.record.proof_file import check, prove, read_proof
from aupkeep.record.signing import make_pair, read_private
from aupkeep.record.tree import EMPTY, add
from aupkeep.record.verify import verify, verify_stored
from aupkeep.store import chain, keyring
from aupkeep.store.database import close_store, unit

BATCH = 5_000
ROUNDS = 5
#: Entries of one case.
IN_A_CASE = 10
AT = 1_772_438_400_000_000
SETTINGS = '[[provider]]\nname = "jasmo"\npolicy = "policies/jasmo"\n'
LOOP = 2_000_000

Value = TypeVar("Value")


def main() -> None:
    """Measure and print one line a figure."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    loop = _best(_loop)[0]
    print(f"loop {loop:.3f} s")
    for sealed in (False, True):
        words = "with an envelope each" if sealed else "without envelopes"
        cpu, wall, size = min(_written(entries, sealed=sealed) for _ in range(ROUNDS))
        print(
            f"record {words}: {entries / cpu:,.0f} entries/s of CPU, {entries / wall:,.0f} by the "
            f"clock, {entries * loop / cpu:,.0f} a loop, {size / entries:,.0f} bytes an entry"
        )
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder), entries, sealed=True)
        stored = _best(lambda: verify_stored(chain.rows(), expected={}))[0]
        print(f"verify, a database: {entries / stored:,.0f} entries/s")
        lines = list(chain.lines("jasmo"))
        exported = _best(lambda: verify(lines))[0]
        print(f"verify, an export: {entries / exported:,.0f} entries/s")
        _prove(lines)
        close_store()
        keyring.close()


def _prove(lines: list[bytes]) -> None:
    key = read_private(make_pair("aupkeep/jasmo", b"k" * 32).private, name="aupkeep/jasmo")
    peaks = add(EMPTY, lines)
    checkpoint = read(sign(write("jasmo", peaks, head="0" * 64, at=AT), key))
    seconds, proof = _best(lambda: prove(lines, [len(lines) // 3], checkpoint))
    print(f"prove one of {len(lines):,}: {seconds:.3f} s, {len(proof):,} bytes")
    seen = read_proof(proof, file="proof")
    seconds, _ = _best(lambda: check(seen, [key.public], [], file="proof"))
    print(f"check it: {seconds * 1e6:,.0f} microseconds")


def _written(entries: int, *, sealed: bool) -> tuple[float, float, float]:
    """Return CPU seconds, seconds by the clock, and bytes of the database and keys."""
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = _fill(Path(folder), entries, sealed=sealed)
        close_store()
        keyring.close()
        files = [*Path(folder).rglob("*.sqlite3"), *Path(folder).rglob("*.sqlite3-wal")]
        return cpu, wall, sum(path.stat().st_size for path in files)


def _fill(folder: Path, entries: int, *, sealed: bool) -> tuple[float, float]:
    found(folder / "i", SETTINGS, policies=("jasmo",), now=AT)
    cpu, wall = time.process_time(), time.perf_counter()
    for start in range(0, entries, BATCH):
        with unit():
            recording = Recording()
            for number in range(start, min(start + BATCH, entries)):
                recording.enter(
                    "jasmo", "sanction_proposed", f"s{number}", _body(number, sealed), at=AT
                )
            recording.keep()
    return time.process_time() - cpu, time.perf_counter() - wall


def _body(number: int, sealed: bool) -> dict[str, object]:  # noqa: FBT001  # one caller
    case = number // IN_A_CASE
    body: dict[str, object] = {
        "case": f"{case:032x}",
        "measure": "hold_mail",
        "scope": "mailbox",
        "people": 0,
        "would_do": False,
        "content": f"{number:064x}",
    }
    if sealed:
        body |= {"customer": f"jas-{case % 5000}", "target": f"somebody{number}@shop.example"}
    return body


def _loop() -> int:
    total = 0
    for number in range(LOOP):
        total += number
    return total


def _best(work: Callable[[], Value]) -> tuple[float, Value]:
    """Return the least CPU time of five turns, and what the last returned."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        value = work()
        times.append(time.process_time() - start)
    return min(times), value


if __name__ == "__main__":
    main()
