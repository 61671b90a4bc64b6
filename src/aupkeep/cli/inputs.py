"""Files named on the command line, each with the format that `--as` gave it.

In: the command's arguments in the order they were typed. Out: (path, format) pairs. `--as` holds
for the files after it; files before the first one get the first one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from aupkeep.base.errors import Fault, MisuseError, unknown_word
from aupkeep.signals.formats import FORMATS

_KEY = "aupkeep.typed"


class OrderedFiles(TyperCommand):
    """A command that remembers in which order its files and `--as` were typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember `args` and go on as usual."""
        ctx.meta[_KEY] = list(args)
        return super().parse_args(ctx, args)


def files_with_formats(ctx: typer.Context, files: list[str]) -> list[tuple[Path, str]]:
    """Pair each of `files` with its format; raises `MisuseError` where one has none."""
    typed: list[str] = ctx.meta[_KEY]
    waiting = list(files)
    pairs: list[tuple[str, str | None]] = []
    current: str | None = None
    first: str | None = None
    skip = False
    for index, word in enumerate(typed):
        if skip:
            skip = False
            continue
        if word == "--as" or word.startswith("--as="):
            skip = word == "--as"
            current = typed[index + 1] if skip and index + 1 < len(typed) else word[5:]
            first = first or current
            _known(current)
        elif waiting and word == waiting[0]:
            pairs.append((waiting.pop(0), current))
    if first is None:
        raise MisuseError(
            Fault(
                code="no-format", what="say in which format to read, with `--as`", allowed=_names()
            )
        )
    return [(Path(name), form or first) for name, form in pairs]


def _known(word: str) -> None:
    if word not in FORMATS:
        raise MisuseError(
            unknown_word(word, _names(), what="a format that can be read", place=None)
        )


def _names() -> tuple[str, ...]:
    return tuple(FORMATS)
