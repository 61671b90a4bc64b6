"""Documents of a rule file as YAML text that the strict reader reads back as it was.

In: plain values. Out: text. Values of selections and tests are always quoted, so that no reader
ever takes a text for a number or a truth value.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

#: Texts that are words to every reader of YAML; what they mean elsewhere does not matter here.
_WORD = re.compile(r"[A-Za-z][A-Za-z_]*(?:[ /.-][A-Za-z_]+)*")
_TAKEN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_LINES = re.compile(r"(?:[!-~][ -~]*[!-~]\n|[!-~]\n|\n)+(?:[!-~][ -~]*[!-~])?")


def text_of(documents: Sequence[Mapping[str, object]], above: Sequence[str]) -> str:
    """Return a YAML file with the comment lines `above`."""
    yaml = YAML()
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.explicit_start = False
    parts = []
    for document in documents:
        out = io.StringIO()
        yaml.dump(_shown(document), out)
        parts.append(out.getvalue())
    head = "".join(f"# {_one_line(line)}\n" for line in above)
    return head + "---\n".join(parts)


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _shown(value: object) -> object:
    if isinstance(value, Mapping):
        return CommentedMap((key, _shown(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    if isinstance(value, str):
        return _quoted(value)
    return value


def _quoted(text: str) -> str:
    if _WORD.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    if "\n" in text and _LINES.fullmatch(text):
        return LiteralScalarString(text)
    return DoubleQuotedScalarString(text)
