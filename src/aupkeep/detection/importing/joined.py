"""What a public rule asks of one of several values, asked of the column that joins them by commas.

In: values of a rule's field and its modifiers. Out: the same for the column: patterns that one of
the joined values meets, whichever place it has.
"""

from __future__ import annotations

#: The column of hashes, each behind its name; columns of several values, joined by commas.
HASHES = "hashes"
JOINED = frozenset({"answers", "header_names"})
#: Where a value stands in a joined text: alone, first, last, in between.
_FORMS = {
    "": ("{0}", "{0},*", "*,{0}", "*,{0},*"),
    "startswith": ("{0}*", "*,{0}*"),
    "endswith": ("*{0}", "*{0},*"),
}
#: Modifiers after which a value is still a text with wildcards.
_PLAIN = frozenset({"cased", "startswith", "endswith"})


def of_joined(values: list[object], modifiers: list[str]) -> tuple[list[object], list[str]]:
    """Return `values` and `modifiers` as they are asked of a joined column."""
    texts = [value for value in values if isinstance(value, str) and value]
    if len(texts) < len(values) or not _PLAIN.issuperset(modifiers):
        return values, modifiers
    where = [one for one in modifiers if one != "cased"]
    forms = _FORMS[where[0] if where else ""]
    spread = [form.format(_closed(text)) for text in texts for form in forms]
    return list(spread), [one for one in modifiers if one == "cased"]


def _closed(text: str) -> str:
    """Return `text` so that a sign after it is not escaped by a backslash at its end."""
    slashes = len(text) - len(text.rstrip("\\"))
    return text + "\\" * (slashes % 2)
