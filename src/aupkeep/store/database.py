"""Open the database, and transactions that are durable.

In: a path. Out: a migrated SQLite database (WAL, synchronous FULL, 10 s busy time-out), and
`unit()`, the only way to write: one IMMEDIATE transaction. An older database is migrated; one that
a newer program has written is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.dispatch import receiver

from aupkeep.base.errors import AupkeepError, Fault, Place

_OPTIONS = {
    "timeout": 10,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}

#: The apps whose migrations tell how new a database is.
_OURS = ("store", "people")


def open_store(path: Path) -> None:
    """Connect to the database at `path`, creating or migrating it; raises `AupkeepError`."""
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": dict(_OPTIONS),
    }
    close_store()
    connections.databases["default"].update(database)
    # A thread that never asked for the connection has none to let go of.
    with suppress(AttributeError):
        del connections["default"]
    with plain():
        _migrate(path)
    if path.exists():
        # Personal data is in here: nobody but the owner and the group reads it.
        os.chmod(path, 0o640)  # noqa: PTH101  # Path.chmod follows the same call


@receiver(connection_created)
def _translate(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Every thread has a connection of its own; all of them speak to people."""
    connection.execute_wrappers.append(_translated)


def close_store() -> None:
    """Let go of the database."""
    connections.close_all()


@contextmanager
def unit() -> Iterator[None]:
    """Open one durable transaction; an exception rolls all of it back.

    Raises `AupkeepError` where the database cannot be written, a full disk for one.
    """
    with plain(), transaction.atomic(durable=True):
        yield


def _translated(execute: Callable[..., Any], *words: Any) -> Any:
    """Run one statement; what the database refuses becomes an error for people."""
    with plain():
        return execute(*words)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything inside as of one moment, without keeping a writer out."""
    with plain(), connections["default"].cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def plain() -> Iterator[None]:
    """Turn what the database refuses into `AupkeepError`, but for broken constraints."""
    try:
        yield
    except IntegrityError:
        # A row that breaks a constraint is the caller's matter.
        raise
    except DatabaseError as refused:
        raise AupkeepError(
            Fault(
                code="database-refuses",
                what=f"the database cannot be used ({refused})",
                place=Place(file=str(connections.databases["default"]["NAME"])),
                hint="look at the disk's free space and the file's owner; if the file is damaged, "
                "restore the data folder from a backup, database and state together",
            )
        ) from None


def _migrate(path: Path) -> None:
    connection = connections["default"]
    executor = MigrationExecutor(connection)
    known = set(executor.loader.graph.nodes)
    applied = {key for key in MigrationRecorder(connection).applied_migrations() if key}
    foreign = sorted(name for app, name in applied - known if app in _OURS)
    if foreign:
        raise AupkeepError(
            Fault(
                code="newer-database",
                what=f"the database was written by a newer Aupkeep (it knows `{foreign[0]}`)",
                place=Place(file=str(path)),
                hint="install that version, or restore a backup made before the upgrade",
            )
        )
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        executor.migrate(executor.loader.graph.leaf_nodes())
