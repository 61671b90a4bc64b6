"""`aupkeep record prove`, and what `verify` says of a proof or a bag."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from aupkeep.base.errors import AupkeepError, Fault, MisuseError, Place
from aupkeep.cli.elsewhere import checkpoints_in, pinned_for_proof
from aupkeep.cli.faces import FINE, FOUND, now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import bagging
from aupkeep.flow.installation import Installation
from aupkeep.flow.proving import Wanted, proof_of, wanted
from aupkeep.flow.viewing import viewed
from aupkeep.outlets import durable
from aupkeep.record import bag, case_bag
from aupkeep.record.checkpoint import reference
from aupkeep.record.envelope import unseal
from aupkeep.record.known import Known
from aupkeep.record.proof_file import BEGINS, Claimed, Proof, Proven, check, read_proof
from aupkeep.record.signing import PublicKey
from aupkeep.sanctions.wording import one_line

#: Bytes of a file in a bag that are read at most; no case has more.
_LARGEST = 1 << 30


def prove_entries(
    what: Annotated[
        str, typer.Argument(metavar="ENTRY|CASE", help="PROVIDER:NUMBER, or a case's id")
    ],
    *,
    folder: Folder = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="default: standard output")
    ] = None,
    since: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="checkpoints that somebody knows; may be given again"),
    ] = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="with the keys that open its envelopes")
    ] = False,
    reason: Annotated[str, typer.Option(help="needed for --open: why, for the record")] = "",
    by: Annotated[str, typer.Option(help="who asks for it; default: who runs the command")] = "",
) -> None:
    """Write a proof that an entry, or every entry about a case, is in the signed chain."""
    with plain_errors():
        installation = opened(folder)
        asked = wanted(what, [item.name for item in installation.settings.provider])
        proof = proof_of(asked, since=checkpoints_in(since or []), keys=is_open)
        if is_open:
            _enter(asked, by or whoever(), reason)
        if out is None:
            sys.stdout.buffer.write(proof)
            sys.stdout.buffer.flush()
        else:
            durable.write(out, proof, mode=0o640)


def export_case(  # what the command was given, one by one
    installation: Installation,
    case: str,
    target: Path,
    *,
    since: Sequence[Path],
    keys: bool,
    reason: str,
    by: str,
) -> None:
    """Write the bag of a case and say so; raises `AupkeepError`."""
    count = bagging.export(
        installation,
        case,
        target,
        by=by,
        purpose=reason,
        now=now(),
        since=checkpoints_in(list(since)),
        keys=keys,
    )
    print(f"{count} files are in {target}; `aupkeep record verify {target}` checks them")


def is_proof(path: Path) -> bool:
    """Return whether `path` is a proof or a folder, and no export."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(BEGINS)) == BEGINS
    except OSError:
        return False


def verify_proof(path: Path, files: list[Path], words: list[str], *, as_json: bool) -> int:
    """Say what the proof or bag at `path` proves; return the exit code."""
    said = pinned_for_proof(files, words)
    if not path.is_dir():
        proof = read_proof(path.read_bytes(), file=str(path))
        return _say(proof, _checked(proof, said.keys, said.checkpoints, path), as_json=as_json)
    there = _files(path)
    wrong = bag.check(there)
    data = there.get(bag.PAYLOAD + case_bag.PROOF)
    code = FINE
    if data is None:
        wrong.append(bag.Wrong(path=bag.PAYLOAD + case_bag.PROOF, why="there is no proof"))
    else:
        inside, proven = _proof_in(data, path, said.keys, said.checkpoints, wrong)
        if inside is not None and proven is not None:
            named = {one.path for one in wrong}
            wrong += [one for one in case_bag.check(there, inside) if one.path not in named]
            code = _say(inside, proven, as_json=as_json, more=case_bag.UNPROVEN)
    for one in wrong:
        if as_json:
            say_json({"altered": one.path, "ok": False, "why": one.why})
        else:
            print(one_line(f"{one.path} is wrong: {one.why}"))
    return FOUND if wrong else code


def _proof_in(
    data: bytes,
    path: Path,
    keys: Sequence[PublicKey],
    known: dict[str, list[Known]],
    wrong: list[bag.Wrong],
) -> tuple[Proof | None, Proven | None]:
    """Return what is proven; a proof that cannot be read is one more wrong file of the bag."""
    name = bag.PAYLOAD + case_bag.PROOF
    try:
        proof = read_proof(data, file=name)
        return proof, _checked(proof, keys, known, path / name)
    except AupkeepError as error:
        wrong += [bag.Wrong(path=name, why=fault.what) for fault in error.faults]
        return None, None


def _checked(
    proof: Proof, keys: Sequence[PublicKey], known: dict[str, list[Known]], path: Path
) -> Proven:
    return check(proof, keys, known.get(proof.provider, []), file=str(path))


def _files(folder: Path) -> dict[str, bytes]:
    """Return every file in a bag; what is no plain file is refused."""
    found = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = Path(here) / name
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
                what = "a bag has plain files only, of at most 1 GiB"
                raise MisuseError(Fault(code="no-bag", what=what, place=Place(file=str(path))))
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _enter(asked: Wanted, by: str, reason: str) -> None:
    subject = asked.case or f"{asked.provider}:{asked.numbers[0]}"
    viewed(
        asked.provider,
        subject,
        by=by,
        purpose=reason,
        how="proof",
        now=now(),
        customer=asked.customer,
    )


def _say(proof: Proof, proven: Proven, *, as_json: bool, more: Sequence[str] = ()) -> int:
    unproven = [*proven.unproven, "what came after its checkpoint", *more]
    if as_json:
        say_json(
            {
                "provider": proven.provider,
                "entries": len(proven.entries),
                "ok": proven.ok,
                "first_bad": proven.first_bad,
                "why": proven.why,
                "checkpoint": {"size": proven.checkpoint.size, "signed": proven.signed},
                "proven": [_object(one, proven.provider) for one in _good(proof, proven)],
                "unproven": unproven,
            }
        )
        return FINE if proven.ok else FOUND
    for one in _good(proof, proven):
        print(one_line(_line(one, proven.provider)))
    if proven.ok:
        how = {True: "signed", False: "", None: "of unknown signature"}[proven.signed]
        print(f"proven: these are in the chain of checkpoint {reference(proven.checkpoint)}, {how}")
        for text in unproven:
            print(f"  not proven: {text}")
    elif proven.first_bad is not None:
        print(f"{proven.provider}: entry {proven.first_bad} is not proven: {proven.why}")
    else:
        print(f"{proven.provider}: the proof is wrong: {proven.why}")
    return FINE if proven.ok else FOUND


def _good(proof: Proof, proven: Proven) -> list[tuple[Claimed, Any]]:
    return list(zip(proof.entries, proven.entries, strict=False))


def _object(one: tuple[Claimed, Any], provider: str) -> dict[str, Any]:
    claim, entry = one
    state, personal = _personal(claim, provider)
    return {
        "seq": entry.seq,
        "at": entry.at,
        "act": entry.act,
        "subject": entry.subject,
        "envelope": state if entry.sealed else "none",
        "personal": personal,
    }


def _line(one: tuple[Claimed, Any], provider: str) -> str:
    claim, entry = one
    text = f"{provider}: entry {entry.seq} {entry.at} {entry.act} {entry.subject}"
    _, personal = _personal(claim, provider)
    return text + "".join(f" {name}={value}" for name, value in personal.items())


def _personal(claim: Claimed, provider: str) -> tuple[str, dict[str, Any]]:
    """Return whether the proof's own key opens an envelope, and what is in it."""
    if not claim.key:
        return "closed", {}
    try:
        secret, envelope = base64.b64decode(claim.key), base64.b64decode(claim.envelope)
        found = unseal(secret, envelope, (provider, claim.seq))
    except ValueError:
        found = None
    return ("damaged", {}) if found is None else ("open", found)
