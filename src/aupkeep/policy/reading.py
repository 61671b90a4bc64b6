"""A policy folder to a `Policy`, or every fault of it at once.

In: path -> text; the caller reads the disk. Out: `Policy`, hashed over every file. Nothing is
loaded in part: a folder with a single fault is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from aupkeep.base.canonical import digest, sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.policy.building import build
from aupkeep.policy.checking import check
from aupkeep.policy.draft import Draft, open_folder
from aupkeep.policy.model import Policy
from aupkeep.policy.noticed import noticed_by


def read_policy(
    files: Mapping[str, str], *, noticed: Mapping[str, tuple[str, ...]] | None = None
) -> Policy:
    """Return the policy that `files` (path below the folder, with `/` -> text) say.

    `noticed` (clause id -> names of rules) replaces what the rule files themselves say.
    Raises `AupkeepError` with every fault.
    """
    draft = open_folder(files)
    faults = draft_faults(draft, noticed)
    if faults:
        raise FaultyPolicyError(faults)
    return build(draft, folder_hash(files))


class FaultyPolicyError(AupkeepError):
    """The folder has faults; the program itself could do its job."""

    exit_code = 1


def draft_faults(
    draft: Draft, noticed: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Fault, ...]:
    """Return every fault of `draft`: of its files, and across them."""
    known = noticed_by(draft.rules) if noticed is None else noticed
    return (*draft.faults, *check(draft, known))


def folder_hash(files: Mapping[str, str]) -> str:
    """Return the hash over the sorted pairs of path and SHA-256 of the file's bytes."""
    return digest([[path, sha256(files[path].encode())] for path in sorted(files)])
