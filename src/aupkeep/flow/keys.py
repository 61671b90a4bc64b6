"""Secrets of an installation: for links and sessions, and for signing the record.

In: an installation. Out: bytes. Each file is made on first use and never changed. The signing key
is for the `hand` alone; everybody may read the public one beside it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from aupkeep.flow.installation import Installation
from aupkeep.outlets.durable import flush_folder

#: The secret of links lies with the data; the signing key beside it, where only the hand's user
#: can write, so that nobody can put another one there.
FOLDER = "keys"
LINKS = "links.key"
PRIVATE = "checkpoint.pem"
PUBLIC = "checkpoint.pub"

#: Bytes of every secret.
LENGTH = 32


def secret(installation: Installation) -> bytes:
    """Return the secret that links and sessions are signed with."""
    return kept(installation.data / FOLDER / LINKS, secrets.token_bytes(LENGTH), mode=0o640)


def signing_folder(installation: Installation) -> Path:
    """Return the folder of the key that the record is signed with, and of its public half."""
    return installation.folder / FOLDER


def kept(path: Path, fresh: bytes, *, mode: int) -> bytes:
    """Return what is in `path`, or put `fresh` there; of two that try at once, one wins."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
        opened.write(fresh)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        beside.unlink()
    flush_folder(path.parent)
    return fresh
