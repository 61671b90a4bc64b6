"""A database that somebody altered: `record verify` names the entry, whichever bit it was.

(`conftest.Command` asserts for every call that no traceback is shown.)
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from installed import Command
from typer.testing import CliRunner

from aupkeep.cli.record import app
from aupkeep.store.database import close_store

SETTINGS = """
clock = "event"

[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[[inlet]]
provider = "jasmo"
format = "postfix"
path = "{path}"
"""


@pytest.fixture(scope="module")
def read_once(
    aupkeep: Command, mail: bytes, fortnight: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An installation with a case, its write-ahead log taken into the database."""
    folder = tmp_path_factory.mktemp("altered") / "installation"
    log = folder.parent / "machine/var/log/mail.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(mail)
    assert aupkeep("init", folder, "--policy", "jasmo", "--root", folder.parent).code == 0
    (folder / "aupkeep.toml").write_text(SETTINGS.format(path=log))
    books = fortnight / "holdings.csv"
    assert aupkeep("holdings", "import", books, "--source", "billing", "--dir", folder).code == 0
    assert aupkeep("run", folder, "--once").code == 0
    with closing(sqlite3.connect(database(folder))) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kinds = {act for (act,) in store.execute("SELECT line ->> 'act' FROM store_entry")}
    assert {"policy_published", "case_opened", "decision_made", "sanction_proposed"} <= kinds
    done = aupkeep("record", "verify", "--dir", folder)
    assert done.code == 0, done.out
    assert "all in order" in done.out
    assert "not compared: cases" in done.out
    return folder


@pytest.fixture
def folder(read_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(read_once, tmp_path / "copy"))


def database(folder: Path) -> Path:
    return folder / "data" / "aupkeep.sqlite3"


def change(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(database(folder))) as store, store:
        assert store.execute(statement, values).rowcount > 0


def verify(folder: Path) -> tuple[int, list[dict[str, Any]], str]:
    """Run the command in this process; return exit code, objects and what it complained about."""
    result = CliRunner().invoke(app, ["verify", "--dir", str(folder), "--json"])
    close_store()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return (
        result.exit_code,
        [json.loads(line) for line in result.stdout.splitlines()],
        result.stderr,
    )


def first_bad(folder: Path) -> dict[str, int]:
    code, objects, complaint = verify(folder)
    assert code == 1, complaint
    return {item["provider"]: item["first_bad"] for item in objects if not item["ok"]}


def places(data: bytes, lines: list[tuple[str, str]], dice: random.Random) -> list[int]:
    """Offsets in the file: forty inside hash columns and lines, both ends of both among them."""
    pieces = []
    for line, own in lines:
        piece = own.encode() + line.encode()
        # A line that goes on in another page is not found.
        if (start := data.find(piece)) >= 0:
            pieces.append((start, len(piece)))
    assert len(pieces) > 4
    found = []
    for start, size in dice.sample(pieces, 4):
        found += [start, start + 63, start + 64, start + size - 1]
    while len(found) < 40:
        start, size = dice.choice(pieces)
        found.append(start + dice.randrange(size))
    return found


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_flipped_bit_of_the_file_is_never_in_order(folder: Path, bit: int) -> None:
    path = database(folder)
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as store:
        lines = store.execute("SELECT line, hash FROM store_entry").fetchall()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    for offset in places(whole, lines, random.Random(bit)):
        data = bytearray(whole)
        data[offset] ^= bit
        path.write_bytes(data)
        code, objects, complaint = verify(folder)
        named = [item for item in objects if item["first_bad"] is not None]
        assert (code == 1 and named) or (code == 3 and "damaged" in complaint), offset
    path.write_bytes(whole)
    assert verify(folder)[0] == 0


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_flipped_bit_anywhere_gives_no_traceback(folder: Path, bit: int) -> None:
    """Headers, indexes and free space included; a page no entry is in may well be in order."""
    path = database(folder)
    whole = path.read_bytes()
    dice = random.Random(bit)
    for offset in [*range(16, 100, 9), *(dice.randrange(len(whole)) for _ in range(30))]:
        data = bytearray(whole)
        data[offset] ^= bit
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(data)
        assert verify(folder)[0] in (0, 1, 3)


@pytest.mark.parametrize(
    "what",
    [
        "line = CAST(X'FF' || CAST(line AS BLOB) AS TEXT)",
        "line = CAST(line AS BLOB)",
        "line = line || char(10)",
        "line = ' ' || line",
        "line = replace(line, 'jasmo', 'brand')",
        "line = ''",
        "line = 7",
        "hash = replace(hash, substr(hash, 1, 1), 'x')",
        "hash = CAST(hash AS BLOB)",
        "hash = ''",
        "provider = 'brand'",
        "provider = CAST(X'FF' AS TEXT)",
        "seq = 9000",
        "seq = -1",
        "seq = 'one'",
    ],
)
def test_every_altered_column_names_its_entry(folder: Path, what: str) -> None:
    change(folder, f"UPDATE store_entry SET {what} WHERE seq = 1")
    assert first_bad(folder) == {"jasmo": 1}


@pytest.mark.parametrize(
    "statement", ["DELETE FROM store_entry", "DELETE FROM store_entry WHERE seq = 0"]
)
def test_entries_taken_out_are_named(folder: Path, statement: str) -> None:
    change(folder, statement)
    assert first_bad(folder) == {"jasmo": 0}


def test_a_provider_without_policy_and_entry_is_listed(folder: Path) -> None:
    settings = folder / "aupkeep.toml"
    more = '\n[[provider]]\nname = "brand"\npolicy = "policies/jasmo"\n'
    settings.write_text(settings.read_text() + more)
    code, objects, _ = verify(folder)
    assert code == 0
    entries = {item["provider"]: item["entries"] for item in objects}
    assert entries["brand"] == 0
    assert entries["jasmo"] > 1


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("finding", "UPDATE store_finding SET body = replace(body, '\"value\":', '\"value\":1')"),
        ("finding", "DELETE FROM store_finding WHERE \"case\" <> ''"),
        ("decision", "UPDATE store_decision SET body = body || ' '"),
        ("decision", "DELETE FROM store_decision"),
        ("decision", "INSERT INTO store_decision VALUES ('d1', 'c1', 0, '{}')"),
        ("sanction", "UPDATE store_sanction SET body = replace(body, '@', '@x')"),
        ("sanction", "UPDATE store_sanction SET body = CAST(X'FF' AS TEXT)"),
        ("sanction", "DELETE FROM store_sanction"),
        ("policy", "UPDATE store_policyversion SET hash = 'other'"),
    ],
)
def test_what_was_altered_outside_the_chain_is_named(
    folder: Path, kind: str, statement: str
) -> None:
    change(folder, statement)
    code, objects, complaint = verify(folder)
    assert code == 1, complaint
    assert {item["altered"].split()[0] for item in objects if not item["ok"]} == {kind}


def test_a_torn_page_says_after_which_entry(folder: Path) -> None:
    path = database(folder)
    data = path.read_bytes()
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute("SELECT hash || line FROM store_entry ORDER BY id").fetchall()
        size = store.execute("PRAGMA page_size").fetchone()[0]
    at = data.index(rows[-1][0].encode()[:64])
    start = at - at % size
    torn = data[:start] + b"\xff" * size + data[start + size :]
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    path.write_bytes(torn)
    code, _, complaint = verify(folder)
    assert code == 3
    assert "of jasmo" in complaint
    assert "aupkeep.sqlite3" in complaint
