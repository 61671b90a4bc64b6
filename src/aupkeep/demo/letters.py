"""Mails that reporters send: envelope, MIME parts, and the two report forms inside.

In: who writes to whom, when, and what. Out: the bytes of a mail as it lies in the abuse mailbox.
ARF is RFC 5965; XARF 4 travels as a JSON attachment or as a part of its own.
"""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from random import Random

from aupkeep.base.clock import SECOND
from aupkeep.demo.brand import Brand
from aupkeep.demo.names import mail_exchanger
from aupkeep.demo.syslog import mail_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who sends a mail to the abuse desk of a brand, and when it arrives there."""

    brand: Brand
    reporter: str
    subject: str
    received: int

    @property
    def domain(self) -> str:
        """The reporter's domain."""
        return self.reporter.partition("@")[2]


def head(roll: Random, envelope: Envelope, kind: str) -> str:
    """Return the header of a mail of content type `kind`, with two hops in its trace."""
    brand, domain, at = envelope.brand, envelope.domain, envelope.received
    name, address = mail_exchanger(domain)
    mine = f"{brand.mail_host}.{brand.domain}"
    token = f"{roll.getrandbits(64):016x}"
    lines = (
        f"Return-Path: <{envelope.reporter}>",
        f"Delivered-To: abuse@{brand.domain}",
        f"Received: from {name} ({name} [{address}])",
        f"\tby {mine} (Postfix) with ESMTPS id {token[:10].upper()}",
        f"\tfor <abuse@{brand.domain}>; {mail_date(at, brand)}",
        f"Received: from worker7.{domain} (localhost [127.0.0.1])",
        f"\tby {name} (Postfix) with ESMTP id {token[4:14].upper()};",
        f"\t{mail_date(at - 4 * SECOND, brand)}",
        f"Date: {mail_date(at - 5 * SECOND, brand)}",
        f"From: Abuse Reports <{envelope.reporter}>",
        f"To: abuse@{brand.domain}",
        f"Subject: {envelope.subject}",
        f"Message-ID: <{token}@{domain}>",
        "MIME-Version: 1.0",
        f"Content-Type: {kind}",
    )
    return "\n".join(lines) + "\n"


def multipart(roll: Random, envelope: Envelope, kind: str, parts: list[tuple[str, str]]) -> bytes:
    """Return a mail of several parts, each given as (header lines, body)."""
    mark = f"=_{roll.getrandbits(80):020x}"
    text = head(roll, envelope, f'{kind};\n\tboundary="{mark}"') + "\n"
    for header, body in parts:
        text += f"--{mark}\n{header}\n\n{body.rstrip()}\n\n"
    return (text + f"--{mark}--\n").encode()


def plain(roll: Random, envelope: Envelope, body: str, extra: str = "") -> bytes:
    """Return a mail of text alone, with `extra` header lines."""
    return (head(roll, envelope, "text/plain; charset=utf-8") + extra + "\n" + body).encode()


def _text_part(body: str) -> tuple[str, str]:
    header = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable"
    return header, quopri.encodestring(body.encode()).decode()


def xarf_mail(roll: Random, envelope: Envelope, said: str, document: str, *, coded: bool) -> bytes:
    """Return a mail with an XARF 4 document, `coded` as Base64 attachment or readable inline."""
    header = 'Content-Type: application/json; name="xarf.json"'
    if coded:
        header += "\nContent-Transfer-Encoding: base64"
        header += '\nContent-Disposition: attachment; filename="xarf.json"'
        document = base64.encodebytes(document.encode()).decode()
    return multipart(roll, envelope, "multipart/mixed", [_text_part(said), (header, document)])


def arf_mail(roll: Random, envelope: Envelope, source: str, acted: int, original: str) -> bytes:
    """Return an ARF complaint about a message that came from the address `source`."""
    date = mail_date(acted, envelope.brand)
    said = f"This is an email abuse report for a message received from {source} on {date}.\n"
    sender = next(
        line.partition("<")[2].rstrip(">")
        for line in original.splitlines()
        if line.startswith("From:")
    )
    fields = (
        "Feedback-Type: abuse",
        "User-Agent: ComplaintDesk/2.4",
        "Version: 1",
        f"Original-Mail-From: <{sender}>",
        f"Arrival-Date: {date}",
        f"Source-IP: {source}",
        f"Reported-Domain: {sender.partition('@')[2]}",
        f"Reporting-MTA: dns; mx.{envelope.domain}",
    )
    parts = [
        ("Content-Type: text/plain; charset=us-ascii", said),
        ("Content-Type: message/feedback-report", "\n".join(fields)),
        ("Content-Type: message/rfc822\nContent-Disposition: inline", original),
    ]
    return multipart(roll, envelope, "multipart/report; report-type=feedback-report", parts)
