"""A customer sends a file along with an answer.

In: the notice, the file's name and bytes. Out: the bytes in a folder apart, which no page serves,
and their hash in the record. What a file is, its first bytes say; its name is only shown.
"""

from __future__ import annotations

from pathlib import Path

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.flow.answering import no_such_notice
from aupkeep.flow.installation import Installation
from aupkeep.flow.recording import Recording
from aupkeep.outlets import durable
from aupkeep.sanctions.wording import one_line
from aupkeep.store import dialogue
from aupkeep.store.database import unit

#: Bytes of one file, files to one notice, and characters of a name, at most.
LARGEST, MOST, NAME = 2_000_000, 10, 100
#: Below the folder of the data; nothing in it is served.
FOLDER = "attachments"

#: First bytes -> what the file is.
_BEGINS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"%PDF-": "pdf"}
TEXT = "text"
KINDS = (*_BEGINS.values(), TEXT)


def attach(
    installation: Installation, notice: str, name: str, data: bytes, *, now: int
) -> dialogue.Attachment:
    """Keep a file; the same bytes again change nothing.

    Raises `AupkeepError` for an empty or too large file, one of a kind that is not taken, too many
    of them, and no such notice.
    """
    kind = kind_of(data)
    content = sha256(data)
    found = dialogue.get_notice(notice)
    if found is None:
        raise no_such_notice()
    item = dialogue.Attachment(
        id=make_id("attachment", notice, content),
        notice=notice,
        case=found.case,
        at=now,
        name=one_line(name.replace("\\", "/").rpartition("/")[2].strip())[:NAME]
        or "without a name",
        kind=kind,
        size=len(data),
        sha256=content,
    )
    if _known(item) is None:
        _room(notice)
        path = place(installation, item)
        durable.folder(path.parent, mode=0o750)
        durable.write(path, data, mode=0o640)
    with unit():
        there = _known(item)
        if there is not None:
            return there
        _room(notice)
        dialogue.put_attachment(item)
        recording = Recording()
        dialogue.mark_seen(notice, now=now)
        body = {
            "notice": notice,
            "sanction": found.sanction,
            "kind": kind,
            "customer": found.customer,
            "answer": content,
        }
        recording.enter(found.provider, "customer_attached", found.case, body, at=now)
        recording.keep()
    return item


def place(installation: Installation, item: dialogue.Attachment) -> Path:
    """Return where the bytes of an attachment lie."""
    return installation.data / FOLDER / f"{item.id}.{item.kind}.bin"


def kind_of(data: bytes) -> str:
    """Return what a file is; raises `AupkeepError` for what is not taken."""
    if not data:
        raise AupkeepError(Fault(code="empty-file", what="the file is empty"))
    if len(data) > LARGEST:
        what = f"the file has {len(data)} bytes, and {LARGEST} is the most"
        raise AupkeepError(Fault(code="large-file", what=what))
    known = next((kind for begin, kind in _BEGINS.items() if data.startswith(begin)), "")
    if known:
        return known
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        what = "files of this kind are not taken"
        raise AupkeepError(Fault(code="file-kind", what=what, allowed=KINDS))
    return TEXT


def _known(item: dialogue.Attachment) -> dialogue.Attachment | None:
    return next((one for one in dialogue.attachments_of(item.case) if one.id == item.id), None)


def _room(notice: str) -> None:
    found = dialogue.get_notice(notice)
    listed = dialogue.attachments_of(found.case) if found else []
    if sum(one.notice == notice for one in listed) >= MOST:
        what = f"{MOST} files to this notice have arrived, which is the most"
        raise AupkeepError(Fault(code="many-files", what=what))
