"""Policy folders on the disk.

In: what a person typed: a folder, or the name of a shipped policy. Out: its files as text, and
what stood in the way of reading them as such; or the policy itself, checked with its rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aupkeep
from aupkeep.base.errors import AupkeepError, Fault, MisuseError, Place, near
from aupkeep.flow.rules import Ruled, read_ruled
from aupkeep.policy.draft import PAGE
from aupkeep.policy.reading import FaultyPolicyError

#: No file of a policy comes near it; a larger one is a mistake.
LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The files of a policy folder: path below it, with `/` -> text."""

    path: Path
    files: dict[str, str]
    #: Files that are no UTF-8 text; their text holds replacement signs.
    faults: tuple[Fault, ...]


def shipped_policies() -> dict[str, Path]:
    """Return the policies that come with the program: name -> folder."""
    package = Path(aupkeep.__file__).parent
    for root in (package / "policies", package.parents[1] / "policies"):
        if root.is_dir():
            found = (path for path in sorted(root.iterdir()) if path.is_dir())
            return {path.name: path for path in found if not path.name.startswith(".")}
    return {}


def find_folder(argument: str) -> Path:
    """Return the folder that `argument` names; raises `MisuseError` where there is none."""
    path = Path(argument)
    if path.is_dir():
        return path
    shipped = shipped_policies()
    if argument in shipped:
        found = shipped[argument]
        here = Path.cwd()
        return found.relative_to(here) if found.is_relative_to(here) else found
    guess = near(argument, tuple(shipped))
    raise MisuseError(
        Fault(
            code="no-folder",
            what=f"`{argument}` is neither a folder nor a shipped policy",
            allowed=tuple(shipped),
            hint=f"did you mean `{guess}`?" if guess else "",
        )
    )


def read_folder(path: Path) -> Folder:
    """Return the files below `path`, hidden ones left out.

    Raises `AupkeepError` where one cannot be read at all.
    """
    files: dict[str, str] = {}
    faults: list[Fault] = []
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if file.is_file() and not any(part.startswith(".") for part in inside.parts):
            name = inside.as_posix()
            data = _bytes(file)
            files[name] = data.decode(errors="replace")
            faults += _not_text(name, data)
    return Folder(path=path, files=files, faults=tuple(faults))


def load_policy(path: Path) -> Ruled:
    """Read and check the policy in folder `path`, rules and all; raises `AupkeepError`."""
    folder = read_folder(path)
    if PAGE not in folder.files:
        # Without it the folder is no policy, and every other fault would follow from that.
        raise FaultyPolicyError(_no_page(path))
    if folder.faults:
        raise FaultyPolicyError(folder.faults)
    return read_ruled(folder.files)


def _no_page(path: Path) -> Fault:
    return Fault(
        code="missing-file",
        what=f"`{PAGE}` is missing: this is not the folder of a policy",
        place=Place(file=str(path)),
    )


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as handle:
            data = handle.read(LARGEST_FILE + 1)
    except OSError as error:
        what = f"cannot be read: {(error.strerror or 'no reason given').lower()}"
        fault = Fault(code="unreadable", what=what, place=Place(file=str(file)))
        raise AupkeepError(fault) from error
    if len(data) > LARGEST_FILE:
        what = f"is larger than {LARGEST_FILE} bytes, which no file of a policy is"
        raise AupkeepError(Fault(code="too-large", what=what, place=Place(file=str(file))))
    return data


def _not_text(name: str, data: bytes) -> list[Fault]:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        text = data.decode(errors="replace").split("\n")[line - 1]
        place = Place(file=name, line=line, column=column, text=text)
        return [Fault(code="not-utf8", what="this is not UTF-8 text", place=place)]
    return []
