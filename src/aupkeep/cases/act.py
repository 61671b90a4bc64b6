"""One act on a case, with who did it and why.

In: nothing. Out: frozen values. The record has an entry of each, which holds the hash of the act
and neither the reason nor a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAct:
    """One act, as it was done."""

    id: str
    case: str
    #: Its word in the record, such as `case_merged`.
    act: str
    at: int
    #: The person who did it; empty where it followed by itself.
    by: str = ""
    #: Why, in the person's words, or in the program's.
    reason: str = ""
    #: What it was: states, ids of cases, a disposition.
    details: Mapping[str, str] = field(default_factory=dict)
