"""The keys of envelopes, in a file of their own, apart from the database that holds the envelopes.

In: subjects, groups, ids. Out: keys. A key that is made is durable before the transaction that uses
it commits. A key that is destroyed is overwritten, and its id stays, so that an erased envelope can
be told from one whose key was lost. Each thread has a connection of its own.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connections

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.record.envelope import ID, KEY, Key
from aupkeep.store.archive.owner import make_own, open_own

#: Behind the name of a database: where its keys lie if nobody said it.
SUFFIX = ".keys"
#: A key serves its group so long; then the group gets another one, so that retention, which goes
#: by a key's age, is late by no more than this.
SERVES = 30 * DAY
#: Grows when the tables change; a newer file is refused.
_FORM = 1
_BUSY = 10.0
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    id BLOB PRIMARY KEY, provider TEXT NOT NULL, customer TEXT NOT NULL, part TEXT NOT NULL,
    made_at INTEGER NOT NULL, secret BLOB, gone TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS keys_of ON keys (provider, customer, part, made_at);
CREATE TABLE IF NOT EXISTS erasures (name TEXT PRIMARY KEY);
"""

#: Path of a database -> path of its keys.
_PLACES: dict[str, Path] = {}
_LOCAL = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One key that there is, without its secret."""

    id: bytes
    provider: str
    customer: str
    #: The group of entries whose envelopes it opens.
    part: str
    made_at: int


class Chosen:
    """The keys that one transaction seals with; new ones become durable by `keep`."""

    def __init__(self) -> None:
        """Begin without keys."""
        self._keys: dict[tuple[str, str, str], Key] = {}
        self._new: list[tuple[bytes, str, str, str, int, bytes]] = []

    def key(self, provider: str, customer: str, part: str, *, at: int) -> Key:
        """Return the key of a subject and group: the one there is, or a new one."""
        whose = (provider, customer, part)
        found = self._keys.get(whose)
        if found is None:
            found = self._keys[whose] = _latest(whose, at) or self._make(whose, at)
        return found

    def _make(self, whose: tuple[str, str, str], at: int) -> Key:
        key = Key(id=secrets.token_bytes(ID), secret=secrets.token_bytes(KEY))
        self._new.append((key.id, *whose, at, key.secret))
        return key

    def keep(self) -> None:
        """Make new keys durable; called before the transaction commits what they sealed."""
        if not self._new:
            return
        query = (
            "INSERT INTO keys (id, provider, customer, part, made_at, secret) "
            "VALUES (?, ?, ?, ?, ?, ?)"
        )
        with _written() as store:
            store.executemany(query, self._new)
        self._new = []


def place(database: Path, keys: Path) -> None:
    """Say that the keys of `database` lie in the file `keys`, which is made when it is needed."""
    _PLACES[str(database)] = keys


def path() -> Path:
    """Return where the keys of the open database lie."""
    name = str(connections.databases["default"]["NAME"])
    return _PLACES.get(name) or Path(name + SUFFIX)


def secret_of(identity: bytes) -> bytes | None:
    """Return the secret of a key; None where it was destroyed, or is not there."""
    row = _one("SELECT secret FROM keys WHERE id = ?", identity)
    return row[0] if row else None


def was_destroyed(identity: bytes) -> bool:
    """Return whether the key was destroyed here, and is not merely lost."""
    return _one("SELECT 1 FROM keys WHERE id = ? AND gone <> ''", identity) is not None


def held(provider: str, *, customer: str = "", until: int) -> list[Held]:
    """Return the keys of `provider`, made before `until`, that there are: a customer's, or all."""
    query = (
        "SELECT id, provider, customer, part, made_at FROM keys "
        "WHERE provider = ? AND made_at < ? AND secret IS NOT NULL AND (? = '' OR customer = ?)"
    )
    with _read() as store:
        rows = store.execute(query, (provider, until, customer, customer)).fetchall()
    names = ("id", "provider", "customer", "part", "made_at")
    return [Held(**dict(zip(names, row, strict=True))) for row in rows]


def destroy(identities: Iterable[bytes], *, gone: str) -> int:
    """Overwrite the secrets of keys; `gone` says by what. Return how many there were."""
    query = "UPDATE keys SET secret = NULL, customer = '', gone = ? WHERE id = ? AND gone = ''"
    with _written() as store:
        done = sum(store.execute(query, (gone, identity)).rowcount for identity in identities)
    if done:
        # Pages that were divided may hold a copy in the room that nobody uses.
        with _read() as store:
            store.execute("VACUUM")
    return done


def note_erasure(name: str) -> None:
    """Store that an erasure was carried out on these keys."""
    with _written() as store:
        store.execute("INSERT OR IGNORE INTO erasures VALUES (?)", (name,))


def erasures() -> set[str]:
    """Return the erasures that were carried out on these keys, an older copy's not among them."""
    with _read() as store:
        return {name for (name,) in store.execute("SELECT name FROM erasures")}


def backup(target: Path) -> int:
    """Write a copy of the keys to `target`, which must be new; return how many there are."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    with _read() as store:
        copy = sqlite3.connect(target)
        try:
            store.backup(copy)
        finally:
            copy.close()
        row = store.execute("SELECT count(*) FROM keys WHERE secret IS NOT NULL").fetchone()
    return int(row[0])


def close() -> None:
    """Let go of this thread's connection."""
    opened = getattr(_LOCAL, "opened", None)
    if opened is not None:
        opened[1].close()
        _LOCAL.opened = None


def _latest(whose: tuple[str, str, str], at: int) -> Key | None:
    query = (
        "SELECT id, secret FROM keys WHERE provider = ? AND customer = ? AND part = ? "
        "AND secret IS NOT NULL AND made_at > ? ORDER BY made_at DESC LIMIT 1"
    )
    row = _one(query, *whose, at - SERVES)
    return Key(id=row[0], secret=row[1]) if row else None


def _one(query: str, *given: object) -> tuple[bytes, ...] | None:
    with _read() as store:
        row = store.execute(query, given).fetchone()
    return tuple(row) if row else None


@contextmanager
def _written() -> Iterator[sqlite3.Connection]:
    with _read() as store:
        store.execute("BEGIN IMMEDIATE")
        try:
            yield store
        except BaseException:
            store.execute("ROLLBACK")
            raise
        store.execute("COMMIT")


@contextmanager
def _read() -> Iterator[sqlite3.Connection]:
    """Lend this thread's connection; what the system or the file refuses is a fault."""
    file = path()
    try:
        yield _connection(file)
    except (sqlite3.Error, OSError) as refused:
        raise AupkeepError(
            Fault(
                code="keys-refuse",
                what=f"the keys of envelopes cannot be used ({refused})",
                place=Place(file=str(file)),
                hint="nothing personal can be written or read without them: look at the file's "
                "owner and the disk, or bring the keys back from their own backup",
            )
        ) from None


def _connection(file: Path) -> sqlite3.Connection:
    opened = getattr(_LOCAL, "opened", None)
    if opened is not None and opened[0] == _identity(file):
        store: sqlite3.Connection = opened[1]
        return store
    close()
    make_own(file.parent)
    os.close(open_own(file, os.O_RDWR, mode=0o600))
    store = sqlite3.connect(file, timeout=_BUSY, isolation_level=None)
    # No write-ahead log: it would keep what was overwritten.
    store.execute("PRAGMA journal_mode = DELETE")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("PRAGMA secure_delete = ON")
    # Nothing of a key goes into a file of another place.
    store.execute("PRAGMA temp_store = MEMORY")
    found = store.execute("PRAGMA user_version").fetchone()[0]
    if found > _FORM:
        store.close()
        raise sqlite3.DatabaseError(f"a newer Aupkeep wrote them, form {found}")
    if found < _FORM:
        store.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_FORM}; COMMIT;")
    _LOCAL.opened = (_identity(file), store)
    return store


def _identity(file: Path) -> tuple[str, int, int] | None:
    """Return what tells a file from one that was put in its place, a backup's for one."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return (str(file), found.st_dev, found.st_ino)
