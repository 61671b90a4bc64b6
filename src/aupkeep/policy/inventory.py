"""What the two source policies ask for: every clause and every duty, as data.

In: nothing. Out: `CLAUSES` and `DUTIES`, from which coverage says what is there and what is not.
A way of noticing names the kind of event a rule must read for it, or nothing where the program
has no such eyes yet. A part of a duty says whether the program has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in which a clause is to be noticed."""

    what: str
    #: Kind of event a rule reads for it; empty = not built.
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClause:
    """A clause of the inventory."""

    id: str
    what: str
    injazat: bool
    jasmo: bool
    #: Tiers its evidence can reach, as words.
    tiers: tuple[str, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing the program does for a duty."""

    what: str
    built: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDuty:
    """A duty or right of the inventory."""

    id: str
    what: str
    injazat: bool
    jasmo: bool
    parts: tuple[Part, ...]


def _clause(name: str, columns: str, tiers: str, what: str, *ways: Way) -> KnownClause:
    return KnownClause(
        id=name,
        what=what,
        injazat="I" in columns,
        jasmo="J" in columns,
        tiers=tuple(tiers.split()),
        ways=ways,
    )


def _duty(name: str, columns: str, what: str, *parts: Part) -> KnownDuty:
    return KnownDuty(id=name, what=what, injazat="I" in columns, jasmo="J" in columns, parts=parts)


def _not(what: str) -> Way:
    return Way(what=what)


_REPORTS: Final = Way(what="reports", kind="report")
_FLOWS: Final = Way(what="flows", kind="flow")
_AUTH: Final = Way(what="auth logs", kind="login")
_EVE: Final = Way(what="EVE")
_CLASSED: Final = Way(what="flows with payload class")
_PROCESSES: Final = Way(what="process list")
_RANKING: Final = Way(what="text score, for ranking only")
_PEOPLE: Final = Way(what="raised by an analyst")
_ORDERS: Final = Way(what="court orders")

CLAUSES: Final[tuple[KnownClause, ...]] = (
    _clause(
        "spam",
        "IJ",
        "fact",
        "unsolicited bulk or commercial mail",
        Way(what="complaints", kind="report"),
        Way(what="mail log", kind="mail"),
        Way(what="unknown-user ratio", kind="mail"),
        Way(what="port-25 flows of customers who send directly", kind="flow"),
        _not("traps"),
        _not("campaign clusters"),
        _not("bounces"),
        _not("live gate"),
    ),
    _clause(
        "outbound-surge",
        "I",
        "fact",
        "anything that makes outgoing mail grow",
        Way(what="recipients of mail in the mail log", kind="mail"),
        _not("own usual volume (baseline)"),
        _not("events of configuration"),
    ),
    _clause(
        "header-forgery",
        "IJ",
        "fact",
        "message headers that hide who sent",
        _not("header ownership check in the milter"),
        _not("header ownership check on stored mail"),
    ),
    _clause(
        "opt-out",
        "J",
        "fact",
        "mail to people who asked for none",
        _REPORTS,
        _not("suppression list at RCPT time"),
        _not("one-click endpoint"),
        _not("campaign check"),
    ),
    _clause(
        "mail-for-others",
        "I",
        "fact",
        "mail service or forwarding for others",
        Way(what="mail log", kind="mail"),
        _not("relay self-test"),
        _not("forwarder counts"),
    ),
    _clause(
        "address-lists",
        "I",
        "strong",
        "gathering or trading address lists",
        _REPORTS,
        _not("harvest pattern in web logs and egress"),
        _not("content rule"),
    ),
    _clause(
        "spamware",
        "I",
        "strong",
        "programs or services for unsolicited mail",
        _REPORTS,
        _not("file scan"),
        _not("content rule"),
    ),
    _clause(
        "reputation",
        "I",
        "fact judgement",
        "harm to the provider's name, or liability",
        _REPORTS,
        Way(what="remote replies in the mail log", kind="mail"),
        _not("DNSBL watch"),
        _PEOPLE,
    ),
    _clause(
        "port-scan",
        "IJ",
        "fact",
        "scanning and probing",
        _FLOWS,
        _REPORTS,
        _EVE,
        _not("Zeek logs"),
    ),
    _clause(
        "denial-of-service",
        "IJ",
        "fact",
        "exhausting a host or a network",
        _FLOWS,
        _REPORTS,
        _EVE,
    ),
    _clause(
        "unauthorised-access",
        "IJ",
        "fact",
        "access without authority",
        _AUTH,
        _FLOWS,
        _REPORTS,
        _EVE,
        _not("web logs"),
    ),
    _clause(
        "interception",
        "J",
        "fact",
        "listening to traffic of others",
        _not("ARP and DHCP watch"),
        _not("promiscuous flag"),
        _EVE,
    ),
    _clause(
        "sabotage",
        "IJ",
        "fact",
        "harming the provider's systems",
        _AUTH,
        _not("auditd"),
        _not("file integrity of declared paths"),
    ),
    _clause("irc", "J", "fact", "any IRC activity", _CLASSED, _EVE, _PROCESSES),
    _clause("proxy", "J", "fact", "proxy servers", _CLASSED, _EVE, _PROCESSES, _not("self-test")),
    _clause(
        "resource-use",
        "IJ",
        "fact",
        "taking too much of what is shared",
        _FLOWS,
        _not("process accounting"),
        _not("cgroup counters"),
        _not("quotas"),
        _not("effect on neighbours"),
    ),
    _clause(
        "foreign-code",
        "I",
        "fact",
        "programs that shared hosting is not for",
        _not("execve audit"),
        _PROCESSES,
        _not("new program, compiler or miner files"),
    ),
    _clause(
        "malware",
        "I",
        "fact strong",
        "viruses and software made to destroy",
        Way(what="URL reports", kind="report"),
        _not("YARA-X"),
        _not("ClamAV"),
        _not("hash lists"),
        _EVE,
    ),
    _clause(
        "csam",
        "J",
        "fact",
        "child sexual abuse material",
        _REPORTS,
        _not("hash match against lists the operator supplies"),
    ),
    _clause(
        "pornography",
        "IJ",
        "strong score",
        "sexually explicit material",
        _REPORTS,
        _not("self-labels"),
        _not("domain lists"),
        _not("image score, for ranking only"),
    ),
    _clause("hate", "I", "score", "hateful or racist material", _REPORTS, _RANKING),
    _clause("threats", "IJ", "score", "threats and harassment", _REPORTS, _RANKING),
    _clause(
        "privacy",
        "I",
        "strong score",
        "personal data without consent",
        _REPORTS,
        _not("personal-data finder in published files"),
    ),
    _clause("defamation", "IJ", "judgement", "defamatory material", _REPORTS, _ORDERS),
    _clause(
        "illegal-goods",
        "I",
        "score",
        "forbidden goods and services",
        _REPORTS,
        _not("domain and page classifier"),
    ),
    _clause(
        "copyright",
        "J",
        "judgement",
        "protected works without authority",
        Way(what="ACNS notices", kind="report"),
        _not("DMCA notices"),
        _not("hash lists"),
    ),
    _clause("trademark", "J", "judgement", "trade marks, patents and secrets", _REPORTS),
    _clause(
        "impersonation",
        "I",
        "strong",
        "posing as a person or firm",
        _REPORTS,
        _not("look-alike domains"),
        _not("phishing-page check"),
        _not("brand in From"),
    ),
    _clause(
        "export-control",
        "J",
        "judgement",
        "material under export control",
        _REPORTS,
        _not("country rules at sign-up and download"),
        _not("sanctions-list match"),
    ),
    _clause("illegal", "IJ", "judgement", "any other breach of law", _REPORTS, _ORDERS, _PEOPLE),
    _clause("disruption", "I", "judgement", "any other abuse", _REPORTS, _PEOPLE),
)


def _built(what: str) -> Part:
    return Part(what=what, built=True)


DUTIES: Final[tuple[KnownDuty, ...]] = (
    _duty(
        "graduated",
        "J",
        "talk first",
        _built("no service-touching first step unless `immediate`, checked"),
        _built("warning sent, verified, answered on its page"),
        Part(what="answer window kept"),
        Part(what="re-check and escalation"),
    ),
    _duty(
        "immediate",
        "J",
        "act at once where nature or severity demands",
        _built("immediate ladders, only on facts, checked"),
    ),
    _duty(
        "by-severity-and-duration",
        "I",
        "the measure fits severity and duration",
        _built("decision takes severity, duration and history"),
    ),
    _duty(
        "measures",
        "IJ",
        "only measures the provider reserved",
        _built("measures of the front matter, checked"),
    ),
    _duty(
        "discretion",
        "IJ",
        "the provider judges",
        _built("override by a person, milder, with a reason"),
    ),
    _duty(
        "must-notify",
        "J",
        "tell law enforcement about child abuse material",
        _built("cannot be switched off, checked"),
        Part(what="sealed intake"),
        Part(what="alarm to the duty officer"),
        Part(what="CyberTipline report"),
        Part(what="authority outlet with receipt"),
        Part(what="preservation"),
    ),
    _duty(
        "cooperate",
        "I",
        "work with legal authorities",
        Part(what="legal requests"),
        Part(what="holds"),
        Part(what="sealed export"),
    ),
    _duty(
        "monitor",
        "I",
        "technical means to watch traffic",
        _built("inlets for mail log, sshd log, flows and reports"),
        Part(what="consent recorded per customer"),
    ),
    _duty("no-duty", "I", "no promise to monitor", _built("gaps shown per clause")),
    _duty(
        "in-contract",
        "IJ",
        "the policy is part of each contract",
        Part(what="acceptance register"),
    ),
    _duty(
        "may-change",
        "IJ",
        "the policy may change",
        _built("versions with effective instants"),
        _built("public page of every version"),
        Part(what="differences between versions"),
    ),
    _duty(
        "contact",
        "J",
        "a named address for questions",
        _built("contact in the front matter"),
        Part(what="enquiries on the desk"),
    ),
    _duty(
        "48-hours",
        "J",
        "removal requests are honoured within 48 hours",
        _built("no longer clock, checked"),
        Part(what="suppression list with a clock"),
    ),
    _duty(
        "dmca",
        "J",
        "customers are subject to the DMCA",
        Part(what="notice and counter notice"),
        Part(what="put-back clock"),
        Part(what="repeat infringer ledger"),
    ),
    _duty(
        "users",
        "IJ",
        "customers and their users are bound",
        _built("attribution to the holder, the user named"),
    ),
    _duty(
        "limits",
        "I",
        "measures stay within law and contract",
        _built("measures of the front matter, checked"),
        _built("contract profiles: fees, and measures that a contract forbids"),
        _built("approvals by as many people as the evidence asks for"),
    ),
    _duty(
        "aware",
        "I",
        "the duty to act starts with awareness",
        _built("`aware_at` of each case starts its clock"),
    ),
    _duty(
        "purpose",
        "I",
        "monitoring serves this policy only",
        Part(what="reading rights by role"),
        Part(what="unredacted access recorded with a reason"),
    ),
)
