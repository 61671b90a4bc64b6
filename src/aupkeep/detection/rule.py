"""Rules as values: the one intermediate form that every evaluator reads.

In: nothing. Out: frozen values. Predicates are two-valued trees over the fields of one row; a
window or a conjunction turns rows into a value a key and compares it. Durations are microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from aupkeep.base.errors import Place
from aupkeep.detection.fields import Catalogue
from aupkeep.events.schema import KINDS
from aupkeep.policy.model import Tier

#: Panes a window is cut into (DESIGN section 4, meaning 1).
PANES = 60

Op = Literal["gt", "gte", "lt", "lte", "eq", "neq"]
Measured = Literal["event_count", "value_count", "value_sum", "value_avg", "ratio"]
#: Name in `group-by` -> id of a selection -> the field that stands for the name in its rows.
Aliases = Mapping[str, Mapping[str, str]]


class Wild(IntEnum):
    """A wildcard in a text pattern."""

    ANY = 0
    ONE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """The field equals one of `values`: text, or numbers."""

    field: str
    values: tuple[str | int | float, ...]
    cased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Glob:
    """The whole text of the field matches literal pieces and wildcards in turn."""

    field: str
    pieces: tuple[str | Wild, ...]
    cased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """Some part of the field's text matches `pattern` (Rust dialect, case counts)."""

    field: str
    pattern: str
    #: Any of the letters i, m, s, in this order.
    flags: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cidr:
    """The field is an address inside `network`."""

    field: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """The field's number stands in `op` to `number`."""

    field: str
    op: Literal["gt", "gte", "lt", "lte"]
    number: int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """The field is this truth value."""

    field: str
    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The field has a value (`present`), or has none."""

    field: str
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """The field equals another field of the row, or starts or ends with it."""

    field: str
    other: str
    how: Literal["equals", "startswith", "endswith"] = "equals"


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """At least one part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: Predicate


Leaf = OneOf | Glob | Regex | Cidr | Compare | Flag | Present | Same
Predicate = Leaf | All | Some | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A base rule: which rows of one kind are meant."""

    id: str
    name: str
    title: str
    kind: str
    predicate: Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The number a value is compared with, by the plan in force on the row."""

    default: int | float
    plans: Mapping[str, int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A test inside a rule: rows and the number of findings they must open."""

    name: str
    events: tuple[Mapping[str, object], ...]
    expect: int
    #: Microseconds from the start of the sample to which time goes on after the last row.
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aup:
    """What ties a rule to the policy; a rule without it only feeds others."""

    clause: str
    tier: Tier
    #: draft, shadow, review, automatic.
    status: str
    cooldown: int = 0
    #: Fields of the opening row that a finding quotes.
    fields: tuple[str, ...] = ()
    #: Most event ids a finding names.
    most: int = 20
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A measure over the rows of a key in a sliding window, compared with a threshold."""

    id: str
    name: str
    title: str
    version: str
    measure: Measured
    kind: str
    #: Ids of the selections whose rows are in the window (for a ratio: the denominator's).
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    aliases: Aliases = field(default_factory=dict)
    timespan: int
    op: Op
    threshold: Threshold
    #: Id of the numerator's selection; only for a ratio.
    numerator: str = ""
    #: The field that is counted, summed or averaged.
    field: str = ""
    #: Fewest rows of the denominator for which a ratio says anything.
    least: int = 0
    aup: Aup | None = None
    #: Hash of everything that shapes the windows; thresholds are left out.
    detection: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunction:
    """Several rules held for one key, each at some row not longer ago than `timespan`.

    Where it is `ordered`, they held one after the other, as they are listed.
    """

    id: str
    name: str
    title: str
    version: str
    #: Ids of selections, windows or conjunctions.
    rules: tuple[str, ...]
    #: Kinds of the rows involved, sorted.
    kinds: tuple[str, ...]
    group_by: tuple[str, ...]
    #: A name stands for a field in the rows of each joined rule, by the id of that rule.
    aliases: Aliases = field(default_factory=dict)
    timespan: int
    ordered: bool = False
    aup: Aup | None = None
    detection: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The rows of a key in the present bucket of time, compared with what is usual for the key."""

    id: str
    name: str
    title: str
    version: str
    kind: str
    #: Ids of the selections whose rows are counted or summed.
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    aliases: Aliases = field(default_factory=dict)
    #: Microseconds of a bucket, whole milliseconds; buckets are aligned to the epoch.
    bucket: int
    #: How many buckets before the present one are looked at, and how many there must be.
    history: int
    least: int
    #: How what is usual follows from the history: its median, or the mean of its `top` largest.
    usual: Literal["median", "mean_of_top"]
    top: int = 0
    #: The value must be above `times` what is usual, and above the floor (by plan).
    times: float
    threshold: Threshold
    #: The field that is summed; rows are counted without one.
    field: str = ""
    aup: Aup | None = None
    detection: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What should have come for a key did not come for `timespan`."""

    id: str
    name: str
    title: str
    version: str
    #: Ids of the selections whose rows are awaited.
    rules: tuple[str, ...]
    #: Ids of the selections after whose rows they are; where empty, after each other's.
    after: tuple[str, ...] = ()
    #: Kinds of the rows involved, sorted.
    kinds: tuple[str, ...]
    group_by: tuple[str, ...]
    aliases: Aliases = field(default_factory=dict)
    timespan: int
    #: Microseconds after its opening at which a finding ends and its key is let go.
    forget: int
    aup: Aup | None = None
    detection: str = ""
    place: Place | None = None


Rule = Window | Conjunction | Baseline | Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Every rule of one policy, by id; a rule stands after those it refers to."""

    selections: Mapping[str, Selection]
    rules: Mapping[str, Rule]
    #: The kinds of events the rules are about, with their columns.
    kinds: Catalogue = field(default_factory=lambda: KINDS)

    def only(self, rule: str) -> RuleSet:
        """Return the rule set of `rule` and what it refers to, directly or not."""
        wanted = {rule}
        for one in reversed(list(self.rules.values())):
            if one.id in wanted:
                wanted.update(one.rules)
                if isinstance(one, Window) and one.numerator:
                    wanted.add(one.numerator)
                if isinstance(one, Absence):
                    wanted.update(one.after)
        return RuleSet(
            selections={key: item for key, item in self.selections.items() if key in wanted},
            rules={key: item for key, item in self.rules.items() if key in wanted},
            kinds=self.kinds,
        )


def pane_length(timespan: int) -> int:
    """Return the microseconds of a pane of a window of `timespan` microseconds: whole ms."""
    return -(-timespan // (PANES * 1000)) * 1000
