"""A letter as a mail server sends it back (RFC 3464)."""

from __future__ import annotations

ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

REPORT = """From: Mail Delivery System <MAILER-DAEMON@mx.jasmo.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.jasmo.example

Final-Recipient: rfc822; owner@c.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status} no such user

--b
Content-Type: message/rfc822

From: policy@jasmo.example
To: owner@c.example
Message-ID: <{id}@jasmo.example>
Subject: Outgoing mail of ann@c.example is held

Hello,
--b--
"""


def report(
    to: str = "policy@jasmo.example", action: str = "failed", status: str = "5.1.1", name: str = ID
) -> bytes:
    return REPORT.format(to=to, action=action, status=status, id=name).encode()
