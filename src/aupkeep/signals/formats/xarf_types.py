"""Names of XARF 4 types, those of its drafts included.

In: what a report calls its type. Out: a kind, or None. Names of 4.0 and 4.1 that 4.2 dropped are
read as the kind that took their place.
"""

from __future__ import annotations

from aupkeep.signals.formats.accusation import KINDS

#: Type names of 4.0 and 4.1 -> kind.
FORMER = {
    "auth_failure": "login_attack",
    "bot": "infected_host",
    "ddos_amplification": "ddos",
    "vuln_scanning": "vulnerability_scan",
    "open": "open_service",
    "ssl_freak": "misconfiguration",
    "ssl_poodle": "misconfiguration",
    "outdated_dnssec": "misconfiguration",
    "defacement": "remote_compromise",
    "web_hack": "remote_compromise",
    "phishing_site": "phishing",
    "malware_distribution": "malware",
    "trademark": "brand_infringement",
    "dmca": "copyright",
    "compromised_website": "compromised_server",
    "compromised_microsoft_exchange": "compromised_server",
}


def read_type(name: str) -> str | None:
    """Return the kind that the XARF type `name` is, or None where there is no such type."""
    word = name.strip().lower().replace("-", "_").replace(" ", "_")
    word = FORMER.get(word, word)
    return word if word in KINDS else None
