"""The rows of the record, read although they were damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError
from aupkeep.record.entry import Entry, Head, append
from aupkeep.store import chain, ground
from aupkeep.store.database import close_store, open_store, snapshot, unit
from aupkeep.store.stored import kept


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A database with two chains that were written in turns."""
    file = tmp_path / "store.sqlite3"
    open_store(file)
    heads = {name: Head(name) for name in ("jasmo", "brand")}
    entries: list[Entry] = []
    for number in range(60):
        name = "jasmo" if number % 3 else "brand"
        body = {"words": "x" * 300}
        entries.append(append(heads[name], at=number, act="case_opened", subject="c", body=body))
        heads[name] = entries[-1].head
    with unit():
        chain.put_entries(entries)
    yield file
    close_store()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as store, store:
        assert store.execute(statement).rowcount > 0


def test_rows_come_in_the_order_of_writing_and_lines_by_provider(path: Path) -> None:
    rows = list(chain.rows())
    assert [row.provider for row in rows[:4]] == [b"brand", b"jasmo", b"jasmo", b"brand"]
    assert all(row.sound for row in rows)
    assert [row.number for row in rows if row.provider == b"brand"] == [
        str(number).encode() for number in range(20)
    ]
    by_provider = sorted(rows, key=lambda row: (row.provider, int(row.number)))
    assert list(chain.lines()) == [row.line for row in by_provider]
    assert list(chain.lines("jasmo")) == [row.line for row in by_provider[20:]]
    chain.check_pages()
    assert path.exists()


def test_text_that_is_none_comes_as_its_bytes(path: Path) -> None:
    change(path, "UPDATE store_entry SET line = CAST(X'FF00' AS TEXT) WHERE id = 1")
    change(path, "UPDATE store_entry SET line = CAST(line AS BLOB), hash = X'FE' WHERE id = 2")
    first, second, *_ = chain.rows()
    assert (first.line, first.sound) == (b"\xff\x00", True)
    assert (second.hash, second.sound) == (b"\xfe", False)
    assert b"\xff\x00" in list(chain.lines())


def test_altered_columns_leave_the_order_as_it_is(path: Path) -> None:
    before = [row.line for row in chain.rows()]
    change(path, "UPDATE store_entry SET seq = -5 WHERE id = 40")
    change(path, "UPDATE store_entry SET provider = 'aaa' WHERE id = 41")
    assert [row.line for row in chain.rows()] == before


def test_a_damaged_page_is_named_with_the_entry_before_it(path: Path) -> None:
    lines = [row.line for row in chain.rows()]
    close_store()
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = store.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    start = data.index(lines[30]) // size * size
    data[start : start + size] = b"\xff" * size
    path.write_bytes(data)
    open_store(path)
    with pytest.raises(AupkeepError, match=r"cannot be read after entry .* of (jasmo|brand)"):
        list(chain.rows())
    with pytest.raises(AupkeepError):
        list(chain.lines())
    with pytest.raises(AupkeepError, match="damaged"):
        chain.check_pages()


def test_an_index_that_differs_from_the_rows_is_damage(path: Path) -> None:
    close_store()
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    # The type of a page is its first byte; ten is a leaf of an index.
    leaves = (start for start in range(0, len(data), 4096) if data[start] == 10)
    found = (data.find(b"brand", start, start + 4096) for start in leaves)
    at = next(place for place in found if place >= 0)
    data[at] ^= 1
    path.write_bytes(data)
    open_store(path)
    assert len(list(chain.rows())) == 60
    with pytest.raises(AupkeepError, match="damaged"):
        chain.check_pages()


def test_providers_are_expected_for_what_is_stored_of_them(path: Path) -> None:
    version = ground.Published(
        provider="acme", version="1", hash="h", effective=0, published_at=0, files={}
    )
    with unit():
        ground.put_published(version)
    assert chain.expected(["jasmo"]) == {"acme": "a policy of it is published", "jasmo": ""}
    assert [(item.kind, item.id, item.content) for item in kept()] == [("policy", "acme 1", "h")]
    change(path, "UPDATE store_policyversion SET provider = CAST(X'FF' AS TEXT)")
    with pytest.raises(AupkeepError):
        chain.expected([])


def test_a_snapshot_does_not_see_what_is_written_meanwhile_and_hinders_nobody(path: Path) -> None:
    with snapshot():
        before = len(list(chain.rows()))
        change(path, "DELETE FROM store_entry WHERE id > 50")
        assert len(list(chain.rows())) == before
    assert len(list(chain.rows())) == 50
