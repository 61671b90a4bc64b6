"""Who reads what: the one table.

In: a role and whether somebody said why. Out: which sorts of data they see. `store.queries` hands
out nothing else; a full view is entered in the record before it is shown (`flow.viewing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

#: metadata: that, when, which clause and measure. sample: evidence with what strangers wrote or are
#: called shortened. identity: who the customer is, and letters to and from them. full: evidence as
#: it is. reporter: who complained. legal: holds, orders and their reasons. sealed: what was sealed
#: at intake.
Kind = Literal["metadata", "sample", "identity", "full", "reporter", "legal", "sealed"]
#: What a person of the desk is.
Role = Literal["analyst", "lead", "lawyer", "auditor", "duty"]
#: always; reason: in a full view, which needs one and is entered; never.
Right = Literal["always", "reason", "never"]

KINDS: tuple[Kind, ...] = get_args(Kind)
ROLES: tuple[Role, ...] = get_args(Role)

#: The role of whoever was given none.
USUAL: Role = "lead"

RIGHTS: Mapping[Role, Mapping[Kind, Right]] = {
    "analyst": {
        "metadata": "always",
        "sample": "always",
        "identity": "always",
        "full": "reason",
        "reporter": "never",
        "legal": "never",
        "sealed": "never",
    },
    "lead": {
        "metadata": "always",
        "sample": "always",
        "identity": "always",
        "full": "reason",
        "reporter": "reason",
        "legal": "always",
        "sealed": "never",
    },
    "lawyer": {
        "metadata": "always",
        "sample": "always",
        "identity": "always",
        "full": "reason",
        "reporter": "reason",
        "legal": "always",
        "sealed": "never",
    },
    "auditor": {
        "metadata": "always",
        "sample": "always",
        "identity": "reason",
        "full": "never",
        "reporter": "never",
        "legal": "never",
        "sealed": "never",
    },
    "duty": {
        "metadata": "always",
        "sample": "always",
        "identity": "always",
        "full": "reason",
        "reporter": "reason",
        "legal": "never",
        "sealed": "reason",
    },
}

#: Columns of evidence that name or quote somebody else than the customer.
STRANGERS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            *("recipient", "orig_recipient", "subject", "text", "body", "content", "reply"),
            *("command_line", "parent_command_line", "command", "query", "uri", "request_body"),
            *("cookie", "referrer", "user_agent", "answers"),
        ),
        "full",
    ),
    **dict.fromkeys(("reporter", "reporter_domain", "reference", "complainant"), "reporter"),
}

#: What stands where nothing may be shown.
HIDDEN = "(hidden)"
#: Characters that a sample shows of each word that may name somebody, and of a whole text.
_WORD, _TEXT = 1, 60


@dataclass(frozen=True, slots=True)
class Sees:
    """What one reader sees now."""

    kinds: frozenset[Kind]

    @property
    def identity(self) -> bool:
        """Whether they see who the customer is."""
        return "identity" in self.kinds


def sees(role: Role, *, full: bool = False) -> Sees:
    """Return what `role` sees; `full`: somebody said why, and it is entered."""
    allowed = {"always", "reason"} if full else {"always"}
    return Sees(frozenset(kind for kind, right in RIGHTS[role].items() if right in allowed))


def has_more(role: Role) -> bool:
    """Return whether a full view shows `role` more than the usual one."""
    return sees(role, full=True) != sees(role)


def shown(column: str, value: str, reader: Sees) -> str:
    """Return what `reader` sees of a value of evidence."""
    kind = STRANGERS.get(column)
    if kind is None or kind in reader.kinds:
        return value
    return HIDDEN if kind == "reporter" else sample(value)


def sample(text: str) -> str:
    """Return `text` shortened, and with what stands before an `@` in a word left out."""
    words = []
    for word in text[:_TEXT].split(" "):
        name, at, rest = word.rpartition("@")
        words.append(f"{name[:_WORD]}…@{rest}" if at else word)
    return " ".join(words) + ("…" if len(text) > _TEXT else "")
