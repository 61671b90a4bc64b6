from __future__ import annotations

import pytest

from aupkeep.signals.formats.report import read_report


def outcome(head: str, body: str = "Hello there.") -> tuple[str, str]:
    reading = read_report(f"From: someone@a.example\n{head}\n\n{body}\n".encode())
    return reading.outcome, reading.reason


@pytest.mark.parametrize(
    "head",
    [
        "Subject: Re: case 17\nAuto-Submitted: auto-replied (vacation)",
        "Subject: Automatic reply: case 17",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique?= : absence",
        "Subject: x\nPrecedence: auto_reply",
        "Subject: x\nX-Autoreply: yes",
    ],
)
def test_automatic_answers(head: str) -> None:
    assert outcome(head) == ("noise", "an automatic answer")


@pytest.mark.parametrize(
    "head",
    [
        "Subject: x\nContent-Type: message/delivery-status",
        "Subject: x\nContent-Type: message/disposition-notification",
        "Subject: Undelivered Mail Returned to Sender\nReturn-Path: <>",
        "From: MAILER-DAEMON@b.example\nSubject: failure notice",
    ],
)
def test_bounces_and_receipts(head: str) -> None:
    if head.startswith("From"):
        reading = read_report(f"{head}\n\nHi. This is the program at b.example.\n".encode())
        assert (reading.outcome, reading.reason) == ("noise", "a bounce or receipt")
    else:
        assert outcome(head) == ("noise", "a bounce or receipt")


def test_newsletters() -> None:
    head = "Subject: Our winter offers\nList-Unsubscribe: <https://a.example/u>"
    assert outcome(head) == ("noise", "a newsletter or list mail")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Subject: Our offers\nList-Unsubscribe: <https://a.example/u>", "your host attacks us"),
        ("Subject: Abuse from 192.0.2.1\nList-Id: <reports.example>", "see below"),
        ("Subject: phishing on your network\nAuto-Submitted: auto-generated", "see below"),
        ("Subject: Abuse\nPrecedence: bulk", "see below"),
        ("Subject: failure notice", "from a person, not a machine"),
        ("Subject: unsubscribe", "me please"),
    ],
)
def test_what_might_be_a_complaint_waits_for_a_person(head: str, body: str) -> None:
    assert outcome(head, body) == ("review", "no reader knows its form")


def test_a_forwarded_newsletter_is_a_complaint_about_it() -> None:
    inner = "Subject: Offers\nList-Unsubscribe: <https://a.example/u>\n\nBuy!"
    assert outcome("Subject: got this\nContent-Type: message/rfc822", inner)[0] == "review"


def test_an_automatic_answer_that_quotes_a_report_of_ours_is_noise() -> None:
    inner = (
        'Subject: x\n\n{"xarf_version": "4.2.0", "type": "spam", "source_identifier": "192.0.2.1"}'
    )
    head = "Subject: Out of office\nContent-Type: message/rfc822"
    assert outcome(head, inner) == ("noise", "an automatic answer")
