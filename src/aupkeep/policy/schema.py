"""The shape of the front matter and of enforcement.yml.

In: plain values from YAML. Out: checked models, or pydantic's list of what does not fit, which
`validation` puts into our words. What one part says about another is checked in `checking`.
Durations and instants become microseconds here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from aupkeep.policy import texts
from aupkeep.policy.model import SCOPES
from aupkeep.policy.words import (
    CATEGORIES,
    CLOCKS,
    COMPROMISED,
    GROUPS,
    MEASURES,
    SEVERITIES,
    TELL,
    TIERS,
    WEEKDAYS,
)

_Duration = Annotated[int, BeforeValidator(texts.duration)]
_Instant = Annotated[int, BeforeValidator(texts.instant)]
_Line = Annotated[str, AfterValidator(texts.line)]
_Contact = Annotated[str, AfterValidator(texts.line), AfterValidator(texts.contact)]
_Name = Annotated[str, AfterValidator(texts.name)]
_Day = Annotated[str, AfterValidator(texts.day)]
_Zone = Annotated[str, AfterValidator(texts.zone)]
_Weekday = Annotated[str, AfterValidator(texts.among(WEEKDAYS, "a day of the week"))]
_MeasureWord = Annotated[str, AfterValidator(texts.among(MEASURES, "a measure"))]
_TierWord = Annotated[str, AfterValidator(texts.among(tuple(TIERS), "a tier"))]
_SeverityWord = Annotated[str, AfterValidator(texts.among(tuple(SEVERITIES), "a severity"))]
_ScopeWord = Annotated[str, AfterValidator(texts.among(SCOPES, "a scope"))]
_ClockWord = Annotated[str, AfterValidator(texts.among(CLOCKS, "a clock"))]
_GroupWord = Annotated[str, AfterValidator(texts.among(GROUPS, "what cases are grouped by"))]
_StrikeWord = Annotated[str, AfterValidator(texts.among(tuple(COMPROMISED), "a strike"))]
_TellWord = Annotated[str, AfterValidator(texts.among(TELL, "somebody who is told"))]
_CategoryWord = Annotated[str, AfterValidator(texts.among(CATEGORIES, "a category"))]
_Currency = Annotated[str, AfterValidator(texts.currency)]
#: Whole minor units, such as cents.
_Amount = Annotated[int, Field(ge=1, le=1_000_000_000)]
_Count = Annotated[int, Field(ge=1, le=1_000_000)]

_LISTED = (Field(min_length=1), AfterValidator(texts.once))
_Names = Annotated[list[_Name], *_LISTED]
_MeasureWords = Annotated[list[_MeasureWord], *_LISTED]


class Shape(BaseModel):
    """What all shapes share: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FrontShape(Shape):
    """The front matter of policy.md."""

    #: The version of these shapes; the plain name would hide a method of pydantic's.
    shape: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    title: _Line
    provider: _Name
    id: _Name
    version: _Name
    effective: _Instant
    contact: _Contact
    languages: _Names
    time_zone: _Zone
    weekend: Annotated[list[_Weekday], *_LISTED, AfterValidator(texts.some_left)]
    holidays: Annotated[list[_Day], *_LISTED] | None = None
    services: _Names
    measures: _MeasureWords
    duties: _Names


class WhenShape(Shape):
    """`when:` of a step; what is left out is not asked."""

    findings: _Count | None = None
    within: _Duration | None = None
    lasting: _Duration | None = None
    tier: _TierWord | None = None
    unanswered: _Duration | None = None


class StepShape(Shape):
    """One rung of a ladder."""

    name: _Name
    when: WhenShape = WhenShape()
    measures: _MeasureWords
    scope: _ScopeWord
    length: _Duration | None = None
    answer_within: _Duration | None = None
    people: Annotated[int, Field(ge=0, le=9)] | None = None


class LadderShape(Shape):
    """The steps, from the mildest to the gravest."""

    steps: Annotated[list[StepShape], Field(min_length=1)]


class ClauseShape(Shape):
    """What follows from a clause."""

    severity: _SeverityWord
    tier: _TierWord
    ladder: _Name
    applies_to: _Names | None = None
    immediate: bool = False
    reported: bool = False
    duties: _Names | None = None
    decide_within: _Duration
    clock: _ClockWord | None = None
    group_by: _GroupWord | None = None
    category: _CategoryWord | None = None


class DutyShape(Shape):
    """Whether a duty or right of the front matter is kept, and how fast."""

    enabled: bool
    within: _Duration | None = None


class LimitsShape(Shape):
    """What keeps one mistake small."""

    accounts_per_hour: _Count
    share_permille: Annotated[int, Field(ge=1, le=1000)]
    protected_customers: Annotated[list[_Line], *_LISTED] | None = None


class FeesShape(Shape):
    """What a step with a `fee` costs."""

    currency: _Currency
    cap: _Amount
    period: _Duration
    free_strikes: Annotated[int, Field(ge=0, le=9)] = 1
    #: Clause -> step -> amount.
    amounts: Annotated[
        dict[_Name, Annotated[dict[_Name, _Amount], Field(min_length=1)]], Field(min_length=1)
    ]


class EnforcementShape(Shape):
    """The whole of enforcement.yml."""

    act_within: _Duration
    appeal_within: _Duration
    strike_decay: _Duration
    compromised_strike: _StrikeWord | None = None
    resolve_after: _Duration | None = None
    close_after: _Duration | None = None
    tell: _TellWord | None = None
    digest: _Duration | None = None
    limits: LimitsShape
    fees: FeesShape | None = None
    duties: Annotated[dict[_Name, DutyShape], Field(min_length=1)]
    ladders: Annotated[dict[_Name, LadderShape], Field(min_length=1)]
    clauses: Annotated[dict[_Name, ClauseShape], Field(min_length=1)]
