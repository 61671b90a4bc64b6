"""One case, whole, in a folder that verifies elsewhere: a bag of what is stored and its proof.

In: a case, an empty place, who asks and why. Out: the bag's files, durable; an entry with the hash
of its list, made first. Nothing is left behind where one file cannot be written.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from aupkeep.base.canonical import sha256
from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cases.case import Case
from aupkeep.flow.installation import Installation
from aupkeep.flow.keys import PUBLIC, signing_folder
from aupkeep.flow.old_events import events_of
from aupkeep.flow.proving import proof_of, wanted
from aupkeep.flow.viewing import viewed
from aupkeep.outlets import durable
from aupkeep.record.bag import MANIFEST, pack
from aupkeep.record.case_bag import Stored, payload
from aupkeep.record.checkpoint import Checkpoint
from aupkeep.record.proof_file import read_proof
from aupkeep.store import evidence, ground, stored


def export(
    installation: Installation,
    case: str,
    target: Path,
    *,
    by: str,
    purpose: str,
    now: int,
    since: Sequence[Checkpoint] = (),
    keys: bool = False,
) -> int:
    """Write the bag of `case` into `target`, which must not be there; return how many files.

    Raises `MisuseError` where there is something already, for no such case and for no purpose;
    `AupkeepError` where an entry about it is not signed yet.
    """
    if target.exists():
        what = f"`{target}` is there already: a bag is written into a new folder"
        raise MisuseError(Fault(code="there-already", what=what))
    asked = wanted(case, [item.name for item in installation.settings.provider])
    found = evidence.get_case(asked.case) if asked.case else None
    if found is None:
        raise MisuseError(Fault(code="no-such-case", what=f"`{case}` is no case"))
    proof = proof_of(asked, since=since, keys=keys)
    public = signing_folder(installation) / PUBLIC
    files = pack(
        payload(
            _stored(installation, found),
            proof,
            read_proof(proof, file="proof"),
            public.read_text(encoding="utf-8") if public.is_file() else "",
        ),
        {
            "Source-Organization": found.provider,
            "External-Identifier": found.id,
            "Bagging-Date": format_instant(now)[:10],
            "Bag-Software-Agent": "Aupkeep",
        },
    )
    viewed(
        found.provider,
        found.id,
        by=by,
        purpose=purpose,
        how="bag",
        now=now,
        customer=found.customer,
        manifest=sha256(files[MANIFEST]),
    )
    _write(target, files)
    return len(files)


def _write(target: Path, files: dict[str, bytes]) -> None:
    """Write `files` beside the target, then move them there at once."""
    beside = target.with_name(f".{target.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        for path, data in files.items():
            place = beside / path
            place.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            durable.write(place, data, mode=0o640)
        durable.move(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _stored(installation: Installation, case: Case) -> Stored:
    rows: list[bytes] = []
    for finding in evidence.findings_of(case.id).values():
        there, _ = events_of(installation, finding)
        rows += [json.dumps(row, sort_keys=True).encode() + b"\n" for row in there.values()]
    bodies = stored.bodies_of(case.id)
    decision = evidence.decision_of(case.id)
    policy: dict[str, bytes] = {}
    for version in ground.published(case.provider):
        if decision is not None and version.version == decision.policy_version:
            policy = {path: text.encode() for path, text in version.files.items()}
    return Stored(
        provider=case.provider,
        case=case.id,
        body=bodies["case"][case.id],
        findings=bodies["finding"],
        decisions=bodies["decision"],
        sanctions=bodies["sanction"],
        notices=bodies["notice"],
        answers=stored.answers_of(case.id),
        attachments=stored.attachments_of(case.id),
        appeals=bodies["appeal"],
        policy=policy,
        events=b"".join(rows),
    )
