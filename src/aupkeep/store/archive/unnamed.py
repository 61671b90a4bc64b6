"""Files on disk that no transaction names: what a crash left.

In: the archive's folder. Out: it holds what the database names, and nothing else of ours.
"""

from __future__ import annotations

import re
from pathlib import Path

from aupkeep.store.archive import catalog
from aupkeep.store.archive.files import SUFFIX, remove

_ENGINES = re.compile(r"e[0-9]{12,}-[0-9]+\.parquet")
_OURS = re.compile(r"e[0-9]{12,}-[0-9]+\.parquet|m[0-9a-f]{16}\.parquet")


def remove_engines(folder: Path) -> list[str]:
    """Remove what an engine wrote for a commit that never was; only the engine may call this."""
    return _remove(folder, _ENGINES)


def remove_all(folder: Path) -> list[str]:
    """Remove every such file; only an engine that alone rewrites may call this."""
    return _remove(folder, _OURS)


def _remove(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    there = [path for path in folder.rglob(f"*{SUFFIX}") if pattern.fullmatch(path.name)]
    if not there:
        return []
    named = catalog.paths()
    inside = [path.relative_to(folder).as_posix() for path in there]
    return remove(folder, sorted(path for path in inside if path not in named))
