"""What is known of the record from other places: pinned keys and checkpoints.

In: files and texts that a person named, or an installation's own. Out: keys, and checkpoints whose
signatures were looked at. Raises `MisuseError` (exit code 2) for what cannot be meant and
`AupkeepError` (3) for a checkpoint that is none.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.errors import Fault, MisuseError
from aupkeep.flow.installation import Installation
from aupkeep.flow.keys import PUBLIC, signing_folder
from aupkeep.outlets.second_place.file import Folder
from aupkeep.record.checkpoint import Checkpoint, read_all
from aupkeep.record.known import Known, known
from aupkeep.record.signing import PublicKey, is_public, read_public


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What the record is compared with."""

    checkpoints: dict[str, list[Known]]
    #: The keys that signatures were checked with.
    keys: tuple[PublicKey, ...] = ()
    #: What must be said of an installation before its verdicts, or nothing.
    note: str = ""


def pinned(files: list[Path], words: list[str]) -> Elsewhere:
    """Return what the checkpoints in `files` say, checked with the keys that `words` name."""
    if words and not files:
        what = "a key says something about checkpoints only"
        raise MisuseError(Fault(code="no-checkpoint", what=what, hint="give --checkpoint FILE"))
    keys = _keys(words)
    return Elsewhere(checkpoints=known(checkpoints_in(files), keys), keys=keys)


def pinned_for_proof(files: list[Path], words: list[str]) -> Elsewhere:
    """Do the same for a proof, which brings a checkpoint of its own for keys to speak of."""
    keys = _keys(words)
    return Elsewhere(checkpoints=known(checkpoints_in(files), keys), keys=keys)


def installed(installation: Installation, files: list[Path], words: list[str]) -> Elsewhere:
    """Return what the second place of `installation`, and the checkpoints in `files`, say.

    Without `words` the signatures are checked with the installation's own public keys. Must be
    called before the chain is read: `hand` may put another checkpoint at any time.
    """
    own = signing_folder(installation) / PUBLIC
    place = Folder(installation.folder / installation.settings.checkpoint.folder)
    keys = _keys(words)
    if not keys and own.is_file():
        keys = read_public(_text(own), file=str(own))
    found = [one for provider in place.providers() for one in place.all(provider)]
    note = ""
    if not own.is_file() and not found:
        note = f"no checkpoint was ever signed here: there is no `{own}`"
    elif not found:
        note = f"no checkpoint is left in `{place.path}`, although there is a key that signs them"
    return Elsewhere(
        checkpoints=known([*found, *checkpoints_in(files)], keys), keys=keys, note=note
    )


def _keys(words: list[str]) -> tuple[PublicKey, ...]:
    found: list[PublicKey] = []
    for word in words:
        if is_public(word):
            found += read_public(word, file="--key")
        else:
            found += read_public(_text(Path(word)), file=word)
    return tuple(found)


def checkpoints_in(files: list[Path]) -> list[Checkpoint]:
    """Return the checkpoints in `files`, in order."""
    return [one for file in files for one in read_all(io.StringIO(_text(file)), file=str(file))]


def _text(path: Path) -> str:
    """Return the text of a small file; bytes that are no text become what no key and note holds."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as refused:
        why = (refused.strerror or str(refused)).lower()
        raise MisuseError(Fault(code="unreadable", what=f"cannot read `{path}`: {why}")) from None
