"""What a report says, as values that every reader of reports makes.

In: nothing. Out: `Accusation` (one accused thing) and `Found` (what one reader made of a letter),
with the table of kinds. Kinds are the type names of XARF 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

#: More accusations in one report than this are not taken: the rest is counted as unread.
MOST_ACCUSATIONS = 1_000

#: Kind -> XARF category.
KINDS = {
    **dict.fromkeys(("spam", "bulk_messaging"), "messaging"),
    **dict.fromkeys(
        (
            "ddos",
            "infected_host",
            "login_attack",
            "port_scan",
            "reconnaissance",
            "scraping",
            "sql_injection",
            "vulnerability_scan",
        ),
        "connection",
    ),
    **dict.fromkeys(
        (
            "brand_infringement",
            "csam",
            "csem",
            "exposed_data",
            "fraud",
            "malware",
            "phishing",
            "remote_compromise",
            "suspicious_registration",
        ),
        "content",
    ),
    **dict.fromkeys(
        ("copyright", "cyberlocker", "link_site", "p2p", "ugc_platform", "usenet"), "copyright"
    ),
    **dict.fromkeys(("botnet", "compromised_server"), "infrastructure"),
    **dict.fromkeys(("blocklist", "threat_intelligence"), "reputation"),
    **dict.fromkeys(("cve", "misconfiguration", "open_service"), "vulnerability"),
}
#: What has no kind of its own.
OTHER = "other"
#: Of these nothing is extracted but time, reporter, reference and accused address.
SEALED = frozenset({"csam", "csem"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accusation:
    """One accused thing in one report; the accused only, never a victim or a relay."""

    #: A key of `KINDS`, or `other`.
    kind: str
    #: XARF category, or None.
    category: str | None
    #: arf, jmrp, unsubscribe, xarf4 ...
    reader: str
    #: 0 to 1: how sure the reader is of what it read.
    confidence: float
    ip: str | None = None
    #: Source port of the accused address.
    port: int | None = None
    host: str | None = None
    url: str | None = None
    #: When it was done, by the report, in microseconds UTC; None where it says no usable time.
    time: int | None = None
    #: Address of who complains; where there is none, their domain or name.
    reporter: str | None = None
    #: The reporter's own number for it.
    reference: str | None = None
    #: Message-ID of the mail complained of.
    message_id: str | None = None
    #: Feedback-Type of an ARF report, or its like: abuse, fraud, virus, opt-out, auth-failure ...
    feedback_type: str | None = None

    @property
    def names_someone(self) -> bool:
        """Whether there is anything by which a customer could be found."""
        return bool(self.ip or self.host or self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one reader made of a letter; nothing at all where it is not of its format."""

    items: tuple[Accusation, ...] = ()
    warnings: tuple[str, ...] = ()
    #: Why it is no complaint, where the format says so itself.
    noise: str = ""
    #: Items that are there but could not be taken.
    unread: int = 0
    #: The letter is about the sexual abuse of children.
    sealed: bool = False

    @property
    def settled(self) -> bool:
        """Whether the letter was of this reader's format."""
        return bool(self.items or self.noise or self.unread or self.sealed)


NOTHING = Found()
