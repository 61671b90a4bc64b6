"""What proves that a letter was handed over: which one, when, and what was answered.

In: plain values. Out: a file a letter, written once and never changed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from aupkeep.base.canonical import canonical
from aupkeep.outlets import durable
from aupkeep.outlets.mail.letter import file

_END = ".receipt.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A letter that was taken."""

    letter: str
    #: Without its angle brackets.
    message_id: str
    recipient: str
    #: Hash of the message, byte for byte.
    sha256: str
    #: When it was taken (ISO 8601, UTC).
    taken_at: str
    #: What whoever took it said.
    answer: str


def write(folder: Path, receipt: Receipt) -> None:
    """Keep `receipt`, where none of this letter is there; raises `PowerFault`."""
    path = file(folder, receipt.letter, _END)
    if not path.exists():
        durable.folder(folder, mode=0o700)
        durable.write(path, canonical(asdict(receipt)), mode=0o600)


def read(folder: Path, letter: str) -> Receipt | None:
    """Return the receipt of a letter; None where there is none. Raises `PowerFault`."""
    path = file(folder, letter, _END)
    try:
        said = json.loads(path.read_bytes())
        return Receipt(**{field.name: str(said[field.name]) for field in fields(Receipt)})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise durable.refused(path, "cannot be read", error) from None
    except (ValueError, KeyError, TypeError):
        raise durable.fault("receipt", "is no receipt", path, retry=False) from None
