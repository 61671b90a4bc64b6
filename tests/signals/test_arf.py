from __future__ import annotations

import pytest

from aupkeep.base.clock import parse_instant
from aupkeep.signals.formats.accusation import Accusation
from aupkeep.signals.formats.report import Reading, read_report

NOON = parse_instant("2026-01-06T12:00:00Z")
ORIGINAL = """\
Received: from vps.example (vps.example [192.0.2.66])
\tby mx.mailbox.example with ESMTP id 1; Tue, 6 Jan 2026 13:00:00 +0100
Message-ID: <m1@vps.example>
From: Winner <offer@vps.example>
Subject: You won

Click here
"""


def arf(
    fields: str = "Feedback-Type: abuse\nUser-Agent: Loop/1\nVersion: 1\nSource-IP: 192.0.2.66",
    *,
    words: str = "This is an email abuse report.",
    original: str = ORIGINAL,
    original_type: str = "message/rfc822",
    report_type: str = "message/feedback-report",
    outer: str = "multipart/report; report-type=feedback-report",
) -> bytes:
    return f"""\
Received: from loop.mailbox.example (loop.mailbox.example [198.51.100.4])
 by abuse.hoster.example with ESMTPS id 2; Tue, 6 Jan 2026 12:05:00 +0000
From: Feedback <FBL@Mailbox.example>
To: abuse@hoster.example
Date: Tue, 6 Jan 2026 12:01:00 +0000
Message-ID: <r1@mailbox.example>
Subject: FW: You won
MIME-Version: 1.0
Content-Type: {outer}; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

{words}

--=_b
Content-Type: {report_type}

{fields}

--=_b
Content-Type: {original_type}

{original}
--=_b--
""".encode()


def only(reading: Reading) -> Accusation:
    assert reading.outcome == "report"
    assert len(reading.accusations) == 1
    return reading.accusations[0]


def test_a_plain_complaint_with_all_it_states() -> None:
    reading = read_report(
        arf(
            "Feedback-Type: abuse\nSource-IP: 192.0.2.66\nSource-Port: 5025\n"
            "Arrival-Date: Tue, 6 Jan 2026 13:00:00 +0100\nReported-Domain: someone.example"
        )
    )
    assert reading == Reading(
        outcome="report",
        received=parse_instant("2026-01-06T12:05:00Z"),
        accusations=(
            Accusation(
                kind="spam",
                category="messaging",
                reader="arf",
                confidence=0.95,
                ip="192.0.2.66",
                port=5025,
                time=NOON,
                reporter="fbl@mailbox.example",
                reference="r1@mailbox.example",
                message_id="m1@vps.example",
                feedback_type="abuse",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("said", "kind", "category"),
    [
        ("abuse", "spam", "messaging"),
        ("ABUSE (user click)", "spam", "messaging"),
        ("fraud", "fraud", "content"),
        ("virus", "malware", "content"),
        ("opt-out", "spam", "messaging"),
        ("auth-failure", "other", None),
        ("other", "other", None),
    ],
)
def test_feedback_types(said: str, kind: str, category: str | None) -> None:
    item = only(read_report(arf(f"Feedback-Type: {said}\nSource-IP: 192.0.2.66")))
    assert (item.kind, item.category) == (kind, category)
    assert item.feedback_type == said.partition(" ")[0].lower()


def test_an_unknown_or_missing_type_is_other_with_a_warning() -> None:
    unknown = read_report(arf("Feedback-Type: mood\nSource-IP: 192.0.2.66"))
    missing = read_report(arf("Source-IP: 192.0.2.66"))
    assert only(unknown).kind == only(missing).kind == "other"
    assert unknown.warnings == ("Feedback-Type `mood` is not known",)
    assert missing.warnings == ("the report has no Feedback-Type",)


def test_not_spam_is_noise_with_its_reason() -> None:
    reading = read_report(arf("Feedback-Type: not-spam\nSource-IP: 192.0.2.66"))
    assert (reading.outcome, reading.accusations) == ("noise", ())
    assert "not-spam" in reading.reason


def test_each_recipient_complains_for_himself() -> None:
    fields = "Feedback-Type: abuse\nSource-IP: 192.0.2.66\n"
    reading = read_report(arf(fields + "Original-Rcpt-To: <a@b.example>\n" * 7))
    assert len(reading.accusations) == 7
    assert len(set(reading.accusations)) == 1


def test_recipients_beyond_the_cap_are_counted() -> None:
    fields = "Feedback-Type: abuse\nSource-IP: 192.0.2.66\n"
    reading = read_report(arf(fields + "Original-Rcpt-To: a@b.example\n" * 1_500))
    assert (len(reading.accusations), reading.unread) == (1_000, 500)


def test_fields_in_blocks_with_blank_lines_and_lower_case_names() -> None:
    fields = (
        "\nfeedback-type: abuse\n\n\nsource-ip:192.0.2.66\n \nreceived-date: 6 Jan 2026 12:00 GMT"
    )
    item = only(read_report(arf(fields)))
    assert (item.ip, item.time) == ("192.0.2.66", NOON)


@pytest.mark.parametrize(
    "words",
    [
        "for an email message received from IP 192.0.2.1 on Tue",
        "for an email message received from IP\n192.0.2.1 on Tue",
        "with the message-id of x received from IP address 192.0.2.1 on Tue",
        "for an email message received from domain a.example, IP 192.0.2.1, on Tue",
        "for an email message received from 192.0.2.1  on Tue",
        "a message received from IP: [192.0.2.1].",
    ],
)
def test_without_source_ip_the_report_s_own_words_count_less(words: str) -> None:
    reading = read_report(arf("Feedback-Type: abuse", words=words))
    item = only(reading)
    assert (item.ip, item.confidence) == ("192.0.2.1", 0.7)
    assert reading.warnings == ("no Source-IP: the address is from the report's text",)


def test_without_either_the_last_relay_counts_under_one_half_and_never_silently() -> None:
    reading = read_report(arf("Feedback-Type: abuse\nReported-Domain: Shop.example"))
    item = only(reading)
    assert (item.ip, item.host, item.confidence) == ("192.0.2.66", "shop.example", 0.4)
    assert item.time == NOON
    assert reading.warnings == ("no Source-IP: the address is the last relay's",)


def test_a_domain_alone_counts_least() -> None:
    fields = "Feedback-Type: abuse\nOriginal-Mail-From: <x@shop.example>"
    item = only(read_report(arf(fields, original="Subject: cut\n\n")))
    assert (item.ip, item.host, item.confidence) == (None, "shop.example", 0.3)


def test_several_domains_accuse_none_of_them() -> None:
    fields = "Feedback-Type: abuse\nReported-Domain: a.example\nReported-Domain: b.example"
    reading = read_report(arf(fields, original="REDACTED"))
    assert (reading.outcome, reading.unread) == ("review", 1)
    assert reading.warnings == ("a feedback report names no address and no domain",)


def test_the_domain_of_a_failed_authentication_is_a_victim() -> None:
    fields = "Feedback-Type: auth-failure\nReported-Domain: bank.example"
    assert read_report(arf(fields, original="REDACTED")).accusations == ()


def test_a_domain_beside_an_address_is_not_accused() -> None:
    fields = "Feedback-Type: abuse\nSource-IP: 192.0.2.66\nReported-Domain: forged.example"
    assert only(read_report(arf(fields))).host is None


def test_malicious_links_are_accused_apart_and_advertised_ones_are_not() -> None:
    fields = "Feedback-Type: {}\nSource-IP: 192.0.2.66\nReported-URI: hxxp://bad[.]example/login"
    sender, page = read_report(arf(fields.format("fraud"))).accusations
    assert (sender.ip, sender.url) == ("192.0.2.66", None)
    assert (page.ip, page.host, page.url) == (None, "bad.example", "http://bad.example/login")
    assert only(read_report(arf(fields.format("abuse")))).url is None


def test_a_bad_address_port_and_time_are_named_and_the_rest_kept() -> None:
    fields = (
        "Feedback-Type: abuse\nSource-IP: x.y\nSource-Port: 99999\n"
        "Arrival-Date: Tue, 6 Jan 2026 13:00:00"
    )
    reading = read_report(arf(fields))
    item = only(reading)
    assert (item.ip, item.port, item.confidence) == ("192.0.2.66", None, 0.4)
    assert reading.warnings[1:] == (
        "Source-IP is no address",
        "Source-Port is no port",
        "`Tue, 6 Jan 2026 13:00:00` is no time, or its zone has no one meaning",
    )


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "text/rfc822-header", "message/rfc822"])
def test_the_third_part_may_be_headers_alone(kind: str) -> None:
    headers = ORIGINAL.partition("\n\n")[0] + "\n"
    assert (
        only(read_report(arf(original=headers, original_type=kind))).message_id == "m1@vps.example"
    )


def test_wrong_outer_type_and_near_part_types_are_read() -> None:
    for outer in ("multipart/mixed", "multipart/report; report-type=x"):
        for part in ("text/feedback-report", "MESSAGE/Feedback-Report; charset=x"):
            assert only(read_report(arf(outer=outer, report_type=part))).ip == "192.0.2.66"


def test_crlf_line_ends_make_no_difference() -> None:
    assert read_report(arf().replace(b"\n", b"\r\n")) == read_report(arf())


def test_a_forwarded_complaint_is_its_writer_s_and_came_in_with_the_forward() -> None:
    forward = (
        b"Date: Wed, 7 Jan 2026 12:00:00 +0000\nFrom: desk@partner.example\n"
        b"Content-Type: multipart/mixed; boundary=f\n\n--f\n\nplease see\n"
        b"--f\nContent-Type: message/rfc822\n\n" + arf() + b"\n--f--\n"
    )
    reading = read_report(forward)
    assert only(reading).reporter == "fbl@mailbox.example"
    assert reading.received == parse_instant("2026-01-07T12:00:00Z")


def test_what_is_complained_of_is_never_read_as_a_complaint() -> None:
    planted = arf("Feedback-Type: abuse\nSource-IP: 203.0.113.5").decode().replace("=_b", "=_c")
    reading = read_report(arf(original=planted))
    assert only(reading).ip == "192.0.2.66"
    assert reading.warnings == ()


def test_an_offender_who_guesses_the_boundary_is_not_believed_either() -> None:
    planted = arf("Feedback-Type: abuse\nSource-IP: 203.0.113.5").decode()
    reading = read_report(arf(original=planted))
    assert only(reading).ip == "192.0.2.66"
    assert reading.unread == 1
    assert reading.warnings == ("a second feedback report in one mail is not believed",)
