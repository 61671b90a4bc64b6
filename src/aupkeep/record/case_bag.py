"""What a bag has of one case, and what of it the chain proves.

In: what is stored about a case, word for word, and a proof of its entries; or a payload. Out: the
payload; or what of it is not what the entries say, and what they say nothing about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aupkeep.base.canonical import sha256
from aupkeep.record.bag import PAYLOAD, Wrong
from aupkeep.record.compare import Kept, Kind, altered
from aupkeep.record.proof_file import Proof

PROOF, ENTRIES, README = "proof.json", "entries.jsonl", "README.txt"
#: Folder -> what is stored in it, one file an item, named by its id. The entries hold its hash.
_PROVEN: Mapping[str, Kind] = {
    "findings": "finding",
    "decisions": "decision",
    "sanctions": "sanction",
}
#: What the entries hold no hash of.
UNPROVEN = (
    (
        "the wording of notices, answers and appeals, rows of events, the policy and the case's "
        "own row: the entries about the case hold no hash of them"
    ),
    "that these are all entries about the case: whoever exported it chose them",
)

_README = """\
One case of {provider}, as the record and the database had it.

entries.jsonl     the entries about it, word for word, one a line
proof.json        why each of them is in the signed chain; what is encrypted, and keys if given
checkpoints.txt   the checkpoints that the proof names
keys.pub          public keys; compare them with the copy that you have from elsewhere
case.json, findings/, decisions/, sanctions/, notices/, answers/, attachments/, appeals/, policy/
                  as stored; events.jsonl has the rows that findings rest on. Of a file that
                  a customer sent there are its name and the hash of its bytes

To check it without the database:
    aupkeep record verify THIS_FOLDER --key keys.pub --checkpoint LAST_KNOWN
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is stored about a case: bodies by id, word for word."""

    provider: str
    case: str
    body: bytes
    findings: Mapping[str, bytes]
    decisions: Mapping[str, bytes]
    sanctions: Mapping[str, bytes]
    notices: Mapping[str, bytes] = field(default_factory=dict)
    answers: Mapping[str, bytes] = field(default_factory=dict)
    #: What files that came along are called, and the hashes of their bytes.
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    appeals: Mapping[str, bytes] = field(default_factory=dict)
    #: Path below `policy/` -> text.
    policy: Mapping[str, bytes] = field(default_factory=dict)
    #: One JSON object a row that a finding rests on.
    events: bytes = b""


def payload(stored: Stored, proof: bytes, read: Proof, keys: str) -> dict[str, bytes]:
    """Return the payload of a case by path; `read` is what `proof` says."""
    checkpoints = [*(one.checkpoint for one in read.since), read.checkpoint]
    files = {
        README: _README.format(provider=stored.provider).encode(),
        PROOF: proof,
        ENTRIES: "".join(f"{one.line}\n" for one in read.entries).encode("utf-8", "surrogatepass"),
        "checkpoints.txt": "".join(f"{text}----\n" for text in checkpoints).encode(),
        "keys.pub": keys.encode(),
        "case.json": stored.body,
        "events.jsonl": stored.events,
    }
    folders = {
        "findings": stored.findings,
        "decisions": stored.decisions,
        "sanctions": stored.sanctions,
        "notices": stored.notices,
        "answers": stored.answers,
        "attachments": stored.attachments,
        "appeals": stored.appeals,
    }
    for folder, items in folders.items():
        files |= {f"{folder}/{name}.json": body for name, body in items.items()}
    return files | {f"policy/{path}": text for path, text in stored.policy.items()}


def check(files: Mapping[str, bytes], proof: Proof) -> list[Wrong]:
    """Return what of a bag's `files` is not what its proven entries say, whatever its lists say."""
    wrong = []
    lines = [one.line.encode("utf-8", "surrogatepass") for one in proof.entries]
    if files.get(PAYLOAD + ENTRIES) != b"".join(line + b"\n" for line in lines):
        why = "these are not the entries that are proven"
        wrong.append(Wrong(path=PAYLOAD + ENTRIES, why=why))
    own = [line for line in lines if json.loads(line)["act"] not in _ELSEWHERE]
    for one in altered(own, _kept(files)):
        folder = next(name for name, kind in _PROVEN.items() if kind == one.kind)
        wrong.append(Wrong(path=f"{PAYLOAD}{folder}/{one.id}.json", why=one.why))
    return wrong


#: Entries about a case whose content is not in a bag.
_ELSEWHERE = frozenset({"exception_made", "exception_ended", "policy_published"})


def _kept(files: Mapping[str, bytes]) -> Iterator[Kept]:
    for path, data in files.items():
        folder, _, name = path.removeprefix(PAYLOAD).partition("/")
        if folder in _PROVEN and path.startswith(PAYLOAD):
            yield Kept(kind=_PROVEN[folder], id=name.removesuffix(".json"), content=sha256(data))
