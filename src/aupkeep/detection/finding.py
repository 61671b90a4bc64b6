"""A finding: a rule held for a key, from its opening to its end.

In: the evaluators. Out: frozen values that cases are made from. An update carries the whole
finding in its new state, so that the last one seen is the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aupkeep.policy.model import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding in its present state; identity is `id` alone."""

    #: make_id(provider, rule id, hash of the detection part, key, opening event id).
    id: str
    #: open, growing (still open; the peak passed the next power of ten), or ended.
    state: str
    provider: str
    rule: str
    rule_version: str
    #: draft, shadow, review, automatic.
    rule_status: str
    policy_version: str
    clause: str
    tier: Tier
    #: Group-by field -> value, as text.
    key: Mapping[str, str | None]
    customer: str | None
    service: str | None
    #: attributed, ambiguous, unknown.
    attribution: str
    actor: str
    #: Instant of the opening row, and of the last row (while open) or the end.
    first: int
    last: int
    #: Largest instant at which a row of the finding was received (observed_at of the opening).
    observed_at: int
    #: Peak value and the threshold in force for it; ratios and averages are floats.
    value: int | float
    threshold: int | float
    #: Event ids: the opening one first, then the earliest of its window.
    events: tuple[str, ...]
    #: Some row that the finding rests on had an identity that could be forged.
    forgeable: bool = False
    #: A source this rule reads had a gap: no sanction may rest on the finding.
    degraded: bool = False
    #: Declared evidence fields of the opening row, as text.
    evidence: Mapping[str, str] | None = None
    #: The name of the rule in its file; people read it, identity does not rest on it.
    rule_name: str = ""
    #: What the value counts, in plain words: `rows`, `different dst_port`, `conditions` ...
    unit: str = ""
    #: From when to when the rows are that it rests on, at its opening; None in older findings.
    window: tuple[int, int] | None = None
    #: What shapes the rule's windows, as plain values; durations as text.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: The condition at the opening row as a tree with actual values (`because`), as plain values.
    because: Mapping[str, Any] = field(default_factory=dict)
    #: Id of the exception that covers it, or covered it until `excepted_until`.
    exception: str = ""
    #: When the exception ended and it went on as an ordinary finding; None while it is covered.
    excepted_until: int | None = None
    #: The person who said whose it is, where attribution could not; empty else.
    attributed_by: str = ""

    @property
    def counts_from(self) -> int:
        """From when on it counts: its opening, or the end of the exception that covered it."""
        return self.first if self.excepted_until is None else self.excepted_until

    @property
    def suppressed(self) -> bool:
        """Whether an exception covers it, so that it is history and leads to nothing."""
        return bool(self.exception) and self.excepted_until is None

    @property
    def called(self) -> str:
        """What people call the rule: its name, or its id where it has none."""
        return self.rule_name or self.rule
