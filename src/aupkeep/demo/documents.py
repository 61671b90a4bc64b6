"""XARF 4.2 documents and complained-of messages, as reporters' programs make them.

In: what is said of whom. Out: JSON text, or the text of the message a complaint is about.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from random import Random

from aupkeep.base.clock import SECOND, format_instant
from aupkeep.demo.brand import Brand
from aupkeep.demo.names import outside_mailbox
from aupkeep.demo.syslog import mail_date

_CATEGORIES = {
    "port_scan": "connection",
    "login_attack": "connection",
    "phishing": "content",
    "malware": "content",
    "copyright": "copyright",
    "spam": "messaging",
}


def _evidence(text: str) -> list[dict[str, str]]:
    raw = text.encode()
    return [
        {
            "content_type": "text/plain",
            "description": "What was seen",
            "payload": base64.b64encode(raw).decode(),
            "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}",
        }
    ]


def xarf(
    roll: Random, kind: str, source: str, acted: int, reporter: str, more: Mapping[str, object]
) -> str:
    """Return an XARF 4.2 document of type `kind` about `source`, with the type's own fields."""
    raw = f"{roll.getrandbits(128):032x}"
    domain = reporter.partition("@")[2]
    party = {"org": domain.partition(".")[0].title(), "contact": reporter, "domain": domain}
    when = format_instant(acted - acted % SECOND)
    document: dict[str, object] = {
        "xarf_version": "4.2.0",
        "report_id": f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}",
        "timestamp": when,
        "reporter": party,
        "sender": party,
        "source_identifier": source,
        "category": _CATEGORIES[kind],
        "type": kind,
        **more,
        "evidence": _evidence(f"{when} {kind.replace('_', ' ')} from {source}"),
        "tags": [f"made:{kind}"],
    }
    return json.dumps(document, indent=2) + "\n"


def port_scan(roll: Random, victim: str) -> dict[str, object]:
    """Return the fields of a `port_scan` seen by the machine `victim`."""
    return {
        "evidence_source": "ids_detection",
        "source_port": roll.randrange(32_768, 61_000),
        "destination_ip": victim,
        "protocol": "tcp",
        "scan_type": "syn_scan",
        "ports_scanned": sorted(roll.sample(range(1, 1_024), 12)),
    }


def login_attack(roll: Random, victim: str) -> dict[str, object]:
    """Return the fields of a `login_attack` on the ssh server of the machine `victim`."""
    return {
        "evidence_source": "honeypot",
        "source_port": roll.randrange(32_768, 61_000),
        "destination_ip": victim,
        "destination_port": 22,
        "protocol": "tcp",
        "service": "ssh",
        "attempt_count": roll.randrange(200, 3_000),
        "attack_pattern": "brute_force",
    }


def phishing(url: str) -> dict[str, object]:
    """Return the fields of a `phishing` page at `url`."""
    return {"evidence_source": "automated_scan", "url": url, "target_brand": "Example Bank"}


def malware(roll: Random, url: str) -> dict[str, object]:
    """Return the fields of a `malware` file at `url`."""
    return {
        "evidence_source": "automated_scan",
        "url": url,
        "file_hash": f"sha256:{roll.getrandbits(256):064x}",
        "malware_family": "Trojan.Made.Up",
    }


def copied_work(url: str) -> dict[str, object]:
    """Return the fields of a `copyright` complaint about the file at `url`."""
    return {
        "evidence_source": "automated_crawl",
        "infringing_url": url,
        "url": url,
        "work_title": "A Film That Was Never Made",
        "rights_holder": "Example Pictures",
    }


def unwanted(  # the message that a complaint is about
    roll: Random, brand: Brand, source: str, sender: str, acted: int, login: str
) -> str:
    """Return a mail that `sender` sent from `source`; `login` names who logged in, if anybody."""
    to = outside_mailbox(roll)
    domain = sender.partition("@")[2]
    host = f"{brand.mail_host}.{brand.domain}" if login else f"mail.{domain}"
    lines = [
        f"Received: from {host} ({host} [{source}])",
        f"\tby mx.{to.partition('@')[2]} with ESMTPS id {roll.getrandbits(40):010x};",
        f"\t{mail_date(acted, brand)}",
    ]
    if login:
        lines += [
            "Received: from [10.0.0.7] (unknown [100.66.1.7])",
            f"\t(Authenticated sender: {login})",
            f"\tby {host} (Postfix) with ESMTPSA id {roll.getrandbits(40):010X};",
            f"\t{mail_date(acted - SECOND, brand)}",
        ]
    lines += [
        f"From: Great Offers <{sender}>",
        f"To: {to}",
        "Subject: You have been chosen",
        f"Date: {mail_date(acted - 2 * SECOND, brand)}",
        f"Message-ID: <{roll.getrandbits(64):016x}@{domain}>",
        "",
        "A text that nobody asked for.",
    ]
    return "\n".join(lines)
