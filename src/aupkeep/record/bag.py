"""A bag: files that travel together, with lists of their hashes (RFC 8493, BagIt 1.0).

In: a payload by path, or all files of a bag. Out: the bag's files; or every file that is altered,
missing or not listed. The lists prove nothing against somebody who writes them anew; what is in the
payload about the record is proven by itself (`record.case_bag`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: Where the payload stands.
PAYLOAD = "data/"
DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAGS = "manifest-sha256.txt", "tagmanifest-sha256.txt"

_DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE = re.compile(r"([0-9a-f]{64})[ \t]+(\S.*)")
#: What a path has in a manifest for itself (RFC 8493, section 2.1.3).
_QUOTED = {"%": "%25", "\n": "%0A", "\r": "%0D"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One file that is not as it should be."""

    path: str
    why: str


def pack(payload: Mapping[str, bytes], info: Mapping[str, str]) -> dict[str, bytes]:
    """Return every file of the bag by its path; `payload` goes by paths below `data/`."""
    files = {f"{PAYLOAD}{path}": data for path, data in sorted(payload.items())}
    octets = sum(map(len, files.values()))
    said = {**info, "Payload-Oxum": f"{octets}.{len(files)}"}
    tags = {
        DECLARATION: _DECLARED,
        INFO: "".join(f"{name}: {value}\n" for name, value in said.items()).encode(),
        MANIFEST: _manifest(files),
    }
    return {**files, **tags, TAGS: _manifest(tags)}


def check(files: Mapping[str, bytes]) -> list[Wrong]:
    """Return every file of a bag that is altered, missing, not listed or not readable as a list."""
    if files.get(DECLARATION) != _DECLARED:
        why = "it does not say that this is a bag of BagIt 1.0 in UTF-8"
        return [Wrong(path=DECLARATION, why=why if DECLARATION in files else "it is missing")]
    payload = {path for path in files if path.startswith(PAYLOAD)}
    tags = set(files) - payload - {TAGS}
    return sorted(
        [*_listed(files, TAGS, tags), *_listed(files, MANIFEST, payload)],
        key=lambda one: (one.path.startswith(PAYLOAD), one.path),
    )


def _listed(files: Mapping[str, bytes], manifest: str, there: set[str]) -> Iterator[Wrong]:
    """Compare a list with the files `there` that it must name, each once."""
    data = files.get(manifest)
    if data is None:
        yield Wrong(path=manifest, why="it is missing")
        return
    if not data.endswith(b"\n"):
        yield Wrong(path=manifest, why="it ends amid a line")
        return
    named: dict[str, str] = {}
    for number, line in enumerate(data[:-1].decode("utf-8", "replace").split("\n"), 1):
        found = _LINE.fullmatch(line)
        if found is None or _plain(found[2]) in named:
            yield Wrong(path=manifest, why=f"line {number} is no hash and path, or names one again")
            return
        named[_plain(found[2])] = found[1]
    for path, own in named.items():
        if path not in there:
            yield Wrong(path=path, why="it is missing")
        elif hashlib.sha256(files[path]).hexdigest() != own:
            yield Wrong(path=path, why=f"it is not what {manifest} says")
    for path in there - set(named):
        yield Wrong(path=path, why=f"{manifest} does not name it")


def _manifest(files: Mapping[str, bytes]) -> bytes:
    lines = []
    for path, data in files.items():
        quoted = "".join(_QUOTED.get(sign, sign) for sign in path)
        lines.append(f"{hashlib.sha256(data).hexdigest()}  {quoted}\n")
    return "".join(lines).encode()


def _plain(path: str) -> str:
    for sign, quoted in reversed(_QUOTED.items()):
        path = path.replace(quoted, sign).replace(quoted.lower(), sign)
    return path
