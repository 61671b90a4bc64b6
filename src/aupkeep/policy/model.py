"""A policy as a value: what a checked folder says, with a content hash.

In: the output of `policy.read`. Out: frozen values that detection, cases and decisions are given.
All instants are microseconds UTC, all durations microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from aupkeep.base.clock import DAY

#: What a policy that says nothing of them has.
RESOLVE_AFTER, CLOSE_AFTER = DAY, 14 * DAY


class Tier(IntEnum):
    """How good the evidence is; the order is what `min` and comparisons mean."""

    JUDGEMENT = 0
    SCORE = 1
    STRONG = 2
    FACT = 3

    @property
    def word(self) -> str:
        """The word used in files and JSON."""
        return self.name.lower()


class Severity(IntEnum):
    """How grave a breach of the clause is by its nature."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


class Measure(StrEnum):
    """Every kind of consequence there is (DESIGN vocabulary)."""

    WARN = "warn"
    THROTTLE = "throttle"
    HOLD_MAIL = "hold_mail"
    LOCK_SITE = "lock_site"
    QUARANTINE_FILE = "quarantine_file"
    REMOVE_CONTENT = "remove_content"
    BLOCK_TRAFFIC = "block_traffic"
    SUSPEND_SERVICE = "suspend_service"
    SUSPEND_ACCOUNT = "suspend_account"
    DENY_SERVICE = "deny_service"
    FEE = "fee"
    TERMINATE = "terminate"
    PRESERVE = "preserve"
    NOTIFY_AUTHORITY = "notify_authority"


#: Measures after which something the customer pays for no longer works.
TOUCH_SERVICE = frozenset(
    {
        Measure.HOLD_MAIL,
        Measure.LOCK_SITE,
        Measure.QUARANTINE_FILE,
        Measure.REMOVE_CONTENT,
        Measure.BLOCK_TRAFFIC,
        Measure.SUSPEND_SERVICE,
        Measure.SUSPEND_ACCOUNT,
        Measure.DENY_SERVICE,
        Measure.TERMINATE,
    }
)

#: Scopes from the smallest to the widest; `account` is everything a customer has.
SCOPES = ("file", "path", "site", "mailbox", "address", "service", "account")


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a ladder step is reached; every condition given must hold."""

    #: Occasions, at least a day apart, on which findings of this clause and customer opened within
    #: `within`, this one included.
    findings: int = 1
    #: How far back findings count; 0 = for ever.
    within: int = 0
    #: Shortest time from opening to end (or to now while it is open).
    lasting: int = 0
    #: The evidence must be at least this good.
    tier: Tier = Tier.JUDGEMENT
    #: Days in microseconds the customer was silent after a delivered notice; 0 = not asked.
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung: what happens, on what, for how long, and who must agree."""

    name: str
    when: When
    measures: tuple[Measure, ...]
    scope: str
    #: How long the measure lasts before it ends or is renewed; 0 = no end of its own.
    length: int = 0
    #: How long the customer has to answer before the next rung.
    answer_within: int = 0
    #: People the policy asks for beyond the least that DESIGN section 5 asks; never fewer.
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Steps from the mildest to the gravest."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One rule of conduct, as text for customers and as what follows from it."""

    id: str
    title: str
    #: Markdown body under the heading in policy.md.
    text: str
    severity: Severity
    #: The best evidence this clause can rest on.
    tier: Tier
    ladder: str
    #: Kinds of service it binds; empty = all.
    applies_to: tuple[str, ...] = ()
    #: The provider may act at once, without talking first; only on facts.
    immediate: bool = False
    #: No rule of this policy notices it: only reports and people do.
    reported: bool = False
    #: Duties that go with the clause and cannot be switched off, e.g. `must-notify`.
    duties: tuple[str, ...] = ()
    #: From awareness to a decision by a person, at most.
    decide_within: int = 0
    #: That time is counted in the provider's business days.
    business_days: bool = False
    #: Each service of a customer has cases of its own.
    by_service: bool = False
    #: What kind of breach it is in the words of the EU (`policy.words.CATEGORIES`); empty = other.
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What keeps one mistake small."""

    #: Sanctions that touch service, an hour, over all customers.
    accounts_per_hour: int
    #: Share of all customers, in thousandths, that may be under such a sanction.
    share_permille: int
    #: Customers for whom every measure needs one more person.
    protected_customers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a step with a `fee` costs; whole minor units of one currency."""

    #: ISO 4217 code.
    currency: str
    #: Most that one customer is charged within `period`.
    cap: int
    period: int
    #: (clause, step) -> amount.
    amounts: Mapping[tuple[str, str], int]
    #: How many strikes a customer has before the first fee.
    free_strikes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One file of Sigma documents, word for word and as parsed mappings."""

    #: Path below the policy folder, with `/`.
    path: str
    text: str
    documents: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole, checked policy folder."""

    provider: str
    id: str
    version: str
    #: Instant from which this version is in force.
    effective: int
    #: Hash over every file of the folder.
    hash: str
    title: str
    contact: str
    languages: tuple[str, ...]
    time_zone: str
    weekend: tuple[str, ...]
    holidays: tuple[str, ...]
    #: Kinds of service the policy binds.
    services: tuple[str, ...]
    #: What the provider reserved for itself; nothing else may ever be done.
    measures: tuple[Measure, ...]
    #: Duty and right ids of this policy, e.g. `graduated`, `must-notify`, `aware`.
    duties: tuple[str, ...]
    clauses: Mapping[str, Clause]
    ladders: Mapping[str, Ladder]
    limits: Limits
    #: A finding received later than this after it happened never leads to a measure.
    act_within: int
    appeal_within: int
    strike_decay: int
    #: What a breach weighs whose customer was a victim first, in half strikes: 0 or 1.
    compromised_strike: int = 0
    #: So long after the last finding ended its cause is gone.
    resolve_after: int = RESOLVE_AFTER
    #: So long after its cause was gone a case is closed.
    close_after: int = CLOSE_AFTER
    #: Whom a notice about a reseller's customer goes to: customer, reseller or both.
    tell: str = "customer"
    #: Letters that only ask are gathered into one a customer within this time; 0 = each alone.
    digest: int = 0
    #: What fees cost; None where the policy has no schedule.
    fees: Fees | None = None
    #: What policy.md says before its first clause, as Markdown.
    preamble: str = ""
    rules: tuple[RuleFile, ...] = ()
    #: (language, template name) -> Jinja2 text.
    notices: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def graduated(self) -> bool:
        """Whether the provider promised to talk before it makes a service unavailable."""
        return "graduated" in self.duties
