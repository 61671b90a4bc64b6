"""The keys of envelopes: durable before they are used, gone when they are destroyed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError
from aupkeep.record.envelope import Key
from aupkeep.store import keyring
from aupkeep.store.database import close_store, open_store
from aupkeep.store.envelopes import opened, sealed
from aupkeep.store.keyring import SERVES, Chosen


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> Iterator[Path]:
    database = tmp_path / "data" / "store.sqlite3"
    database.parent.mkdir()
    open_store(database)
    keyring.place(database, tmp_path / "keys" / "keys.sqlite3")
    yield keyring.path()
    keyring.close()
    close_store()


def made(customer: str = "c1", part: str = "case", at: int = 0) -> Key:
    chosen = Chosen()
    key = chosen.key("jasmo", customer, part, at=at)
    chosen.keep()
    return key


def test_a_group_keeps_its_key_and_no_two_share_one(keys: Path) -> None:
    one = made()
    assert made() == one
    assert made(part="other") != one
    assert made(customer="c2") != one
    assert made(at=SERVES) != one, "after a month it gets another one"
    assert keys.stat().st_mode & 0o777 == 0o600


def test_what_was_never_kept_is_not_there() -> None:
    key = Chosen().key("jasmo", "c1", "case", at=0)
    assert keyring.secret_of(key.id) is None
    assert not keyring.was_destroyed(key.id)


def test_nothing_is_left_of_a_destroyed_key(keys: Path) -> None:
    others = [made(customer=f"c{number}.", part=str(number)) for number in range(200)]
    key = others[77]
    envelope = sealed(key, {"customer": "c77."}, ("jasmo", 1))
    assert opened(envelope, ("jasmo", 1)).personal == {"customer": "c77."}
    assert key.secret in keys.read_bytes()
    held = keyring.held("jasmo", customer="c77.", until=1)
    assert [one.id for one in held] == [key.id]
    assert keyring.destroy([key.id], gone="e1") == 1
    assert keyring.destroy([key.id], gone="e2") == 0
    files = list(keys.parent.iterdir())
    assert not any(key.secret in path.read_bytes() for path in files)
    assert not any(b"c77." in path.read_bytes() for path in files)
    assert opened(envelope, ("jasmo", 1)).state == "erased"
    assert keyring.secret_of(others[78].id) == others[78].secret
    assert made(customer="c77.", part="77") != key


def test_a_lost_key_is_told_from_an_erased_one() -> None:
    envelope = sealed(Key(id=b"?" * 16, secret=b"k" * 32), {"customer": "c"}, ("jasmo", 1))
    assert opened(envelope, ("jasmo", 1)).state == "lost"
    assert opened(None, ("jasmo", 1)).state == "none"
    assert opened(b"text", ("jasmo", 1)).state == "damaged"
    mine = sealed(made(), {"customer": "c"}, ("jasmo", 1))
    assert opened(mine, ("jasmo", 2)).state == "damaged"


def test_a_file_that_was_put_in_its_place_is_read_at_once(keys: Path, tmp_path: Path) -> None:
    one = made()
    assert keyring.backup(tmp_path / "copy") == 1
    two = made(part="later")
    (tmp_path / "copy").replace(keys)
    assert keyring.secret_of(one.id) == one.secret
    assert keyring.secret_of(two.id) is None
    with pytest.raises(FileExistsError):
        keyring.backup(keys)


def test_threads_and_other_processes_may_use_them_at_once() -> None:
    found: list[Key] = []

    def work(number: int) -> None:
        found.extend(made(part=f"{number}.{turn}") for turn in range(20))
        keyring.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({key.id for key in found}) == 80
    assert all(keyring.secret_of(key.id) == key.secret for key in found)


def test_what_is_no_file_of_keys_is_a_fault_that_says_what_to_do(keys: Path) -> None:
    keys.parent.mkdir(exist_ok=True)
    keys.write_bytes(b"no database at all" * 100)
    with pytest.raises(AupkeepError, match="keys of envelopes cannot be used") as caught:
        made()
    assert "backup" in caught.value.faults[0].hint
    keys.unlink()
    with closing(sqlite3.connect(keys)) as newer:
        newer.execute("PRAGMA user_version = 9")
    with pytest.raises(AupkeepError, match="a newer Aupkeep wrote them, form 9"):
        made()
