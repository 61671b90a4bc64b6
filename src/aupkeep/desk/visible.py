"""What is hidden in strangers' text, made visible.

In: any text. Out: the same text with the signs that steer a terminal, turn the direction of
writing, take no room or are no character at all shown as `[U+202E]`, and without towers of accents.
It is applied to whole pages: no page of ours contains such a sign, so whatever has one came from a
stranger, and no place can be forgotten.
"""

from __future__ import annotations

import re

#: Controls but tab and line ends; signs of no width but those that spelling needs (U+200C and
#: U+200D); marks of direction; line and paragraph separators; fillers; tags; halves of pairs.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
#: No language puts more than four marks on a letter.
_TOWER = re.compile(f"({_MARK}{{4}})({_MARK}+)")


def visible(text: str) -> str:
    """Return `text` with nothing hidden in it; it can always be encoded."""
    shown = _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
    return _TOWER.sub(lambda found: f"{found[1]}[+{len(found[2])} marks]", shown)
