"""Policy folders on disk: find them, read them, check text and rules together.

In: a folder path or the name of a shipped policy. Out: the files' texts, and a `Ruled` policy: the
folder's value with its compiled rules. Raises `AupkeepError` with every fault of both.
"""

from __future__ import annotations

from pathlib import Path

import aupkeep
from aupkeep.base.errors import Fault, MisuseError, unknown_word
from aupkeep.flow.rules import Ruled, read_ruled

_PACKAGE = Path(aupkeep.__file__).parent
#: Text files of a policy folder; anything else in it is not part of the policy.
SUFFIXES = (".md", ".yml", ".yaml")
#: A policy file larger than this is refused: it would be no text for customers.
LARGEST = 1 << 20


def shipped() -> Path:
    """Return the folder with the policies that come with Aupkeep."""
    inside = _PACKAGE / "policies"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "policies"


def find_policy(name: str) -> Path:
    """Return the folder `name` means: a path, or a shipped policy; raises `MisuseError`."""
    path = Path(name)
    if path.is_dir():
        return path
    names = tuple(sorted(item.name for item in shipped().iterdir() if item.is_dir()))
    if name in names:
        return shipped() / name
    raise MisuseError(
        unknown_word(name, names, what="a policy folder or a shipped policy", place=None)
    )


def read_texts(folder: Path) -> dict[str, str]:
    """Return path below the folder -> text, for every policy file; raises `AupkeepError`."""
    texts = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix not in SUFFIXES:
            continue
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in Path(name).parts):
            continue
        if path.stat().st_size > LARGEST:
            raise MisuseError(Fault(code="too-large", what=f"`{path}` is larger than 1 MiB"))
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as refused:
            raise MisuseError(
                Fault(code="unreadable", what=f"`{path}` cannot be read ({refused})")
            ) from None
    return texts


def load_policy(folder: Path) -> Ruled:
    """Read and check the policy in `folder`, rules and all; raises `AupkeepError`."""
    return read_ruled(read_texts(folder))
