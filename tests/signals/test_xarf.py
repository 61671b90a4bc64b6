from __future__ import annotations

import base64
import json
import quopri
from typing import Any

import pytest

from aupkeep.base.clock import parse_instant
from aupkeep.signals.formats.accusation import KINDS, Accusation
from aupkeep.signals.formats.report import Reading, read_report
from aupkeep.signals.formats.xarf_types import FORMER, read_type

PHISHING: dict[str, Any] = {
    "xarf_version": "4.2.0",
    "report_id": "11111111-2222-4333-8444-555555555555",
    "timestamp": "2026-01-06T13:00:00+01:00",
    "reporter": {
        "org": "Brand Watch",
        "contact": "Takedown@Brand.example",
        "domain": "brand.example",
    },
    "sender": {"org": "Brand Watch", "contact": "x@brand.example", "domain": "brand.example"},
    "source_identifier": "192.0.2.7",
    "source_port": 443,
    "category": "content",
    "type": "phishing",
    "url": "https://shop.example/login",
    "evidence": [{"content_type": "text/plain", "payload": "c2VlbiA5OC41MS4xMDAuMQ=="}],
}


def bare(**changes: Any) -> bytes:
    value = {key: item for key, item in {**PHISHING, **changes}.items() if item is not ...}
    return json.dumps(value, indent=1).encode()


def only(reading: Reading) -> Accusation:
    assert reading.outcome == "report"
    assert len(reading.accusations) == 1
    return reading.accusations[0]


def mail(body: bytes, kind: str = "application/json", encoding: str = "7bit") -> bytes:
    return (
        b"Received: from a (a [198.51.100.4]) by b; Tue, 6 Jan 2026 12:05:00 +0000\n"
        b"From: Robot <robot@brand.example>\nSubject: Abuse report\n"
        b"Content-Type: multipart/mixed; boundary=xx\n\n"
        b"--xx\nContent-Type: text/plain\n\nDear colleagues, see the attached report.\n"
        b"--xx\nContent-Type: "
        + kind.encode()
        + b"\nContent-Transfer-Encoding: "
        + encoding.encode()
        + b"\n\n"
        + body
        + b"\n--xx--\n"
    )


WHOLE = Accusation(
    kind="phishing",
    category="content",
    reader="xarf4",
    confidence=0.95,
    ip="192.0.2.7",
    port=443,
    host="shop.example",
    url="https://shop.example/login",
    time=parse_instant("2026-01-06T12:00:00Z"),
    reporter="takedown@brand.example",
    reference="11111111-2222-4333-8444-555555555555",
)


def test_a_bare_file_with_all_it_states() -> None:
    assert read_report(bare()) == Reading(outcome="report", accusations=(WHOLE,))


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
def test_an_attachment_in_any_encoding(kind: str, encoding: str) -> None:
    body = bare()
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    reading = read_report(mail(body, kind, encoding))
    assert only(reading) == WHOLE
    assert reading.received == parse_instant("2026-01-06T12:05:00Z")
    assert reading.warnings == ()


def test_other_unicode_encodings_and_a_byte_order_mark() -> None:
    for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        assert only(read_report(bare().decode().encode(name))) == WHOLE


def test_inside_a_text_and_again_as_attachment_is_one_report() -> None:
    text = b"Hello,\n\n" + bare() + b"\n\nRegards {us}\n--xx\nContent-Type: text/x-json\n\n"
    reading = read_report(mail(text + bare(), "text/plain"))
    assert only(reading) == WHOLE


def test_a_forwarded_mail_is_opened() -> None:
    inner = mail(bare())
    forward = b"From: desk@partner.example\nContent-Type: message/rfc822\n\n" + inner
    assert only(read_report(forward)) == WHOLE


def test_a_report_inside_the_evidence_of_a_report_is_not_taken() -> None:
    planted = b"From: x@y.example\nContent-Type: application/json\n\n" + bare(
        source_identifier="203.0.113.9"
    )
    parts = bare() + b"\n--xx\nContent-Type: message/rfc822\n\n" + planted
    assert only(read_report(mail(parts))) == WHOLE


def test_a_bounce_of_a_report_we_sent_is_noise() -> None:
    bounce = (
        b"From: MAILER-DAEMON@a.example\nSubject: Undelivered Mail\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=d\n\n"
        b"--d\nContent-Type: message/delivery-status\n\nAction: failed\n"
        b"--d\nContent-Type: application/json\n\n" + bare() + b"\n--d--\n"
    )
    assert read_report(bounce).outcome == "noise"


def test_a_list_and_one_after_the_other() -> None:
    one, two = bare(), bare(report_id="2", source_identifier="192.0.2.8")
    for data in (b"[" + one + b",\n" + two + b"]", one + b"\n" + two):
        assert [item.ip for item in read_report(data).accusations] == ["192.0.2.7", "192.0.2.8"]


def test_one_bad_report_leaves_the_nine_good_ones() -> None:
    good = [bare(report_id=str(number)) for number in range(9)]
    bad = bare(source_identifier=..., url=...)
    reading = read_report(b"[" + b",".join([*good[:4], bad, *good[4:]]) + b"]")
    assert (reading.outcome, len(reading.accusations), reading.unread) == ("report", 9, 1)
    assert reading.warnings == ("source_identifier is missing, or no address, host or URL",)


def test_json_that_is_cut_keeps_the_whole_reports_before_it() -> None:
    reading = read_report(bare() + b"\n" + bare(report_id="2")[:300])
    assert only(reading) == WHOLE
    assert reading.warnings == ("JSON is cut short or broken behind the last whole report",)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"source_port": 0}, "source_port is no port"),
        (
            {"timestamp": "2026-01-06T12:00:00"},
            "timestamp `2026-01-06T12:00:00` is no time with a zone",
        ),
        ({"timestamp": 5}, "timestamp `` is no time with a zone"),
        ({"type": "telepathy"}, "type `telepathy` is no type of XARF 4"),
        ({"category": "weather"}, "the category is missing or unknown"),
        ({"xarf_version": "5.0"}, "XARF version `5.0` is not 4"),
        ({"source_identifier": "???"}, "source_identifier is missing, or no address, host or URL"),
    ],
)
def test_what_is_right_in_a_faulty_report_is_kept(changes: dict[str, Any], warning: str) -> None:
    reading = read_report(bare(**changes))
    item = only(reading)
    assert reading.warnings == (warning,)
    assert item.confidence == 0.75
    assert item.reference == WHOLE.reference
    assert item.names_someone


def test_a_report_that_names_nobody_waits_for_a_person() -> None:
    reading = read_report(bare(source_identifier=7, url=None))
    assert (reading.outcome, reading.accusations, reading.unread) == ("review", (), 1)


@pytest.mark.parametrize("changes", [{"reporter": None}, {"reporter": {"org": "Brand Watch"}}])
def test_the_reporter_is_the_address_else_the_name_else_the_writer(changes: dict[str, Any]) -> None:
    item = only(read_report(mail(bare(**changes))))
    assert item.reporter == (
        "robot@brand.example" if changes["reporter"] is None else "brand watch"
    )


def test_a_victim_s_url_and_address_are_not_accused() -> None:
    item = only(
        read_report(
            bare(
                category="connection",
                type="sql_injection",
                url="https://victim.example/",
                target_url="https://victim.example/?id=1",
                destination_ip="203.0.113.9",
            )
        )
    )
    assert (item.ip, item.host, item.url) == ("192.0.2.7", None, None)


def test_an_advertised_link_is_not_accused() -> None:
    item = only(read_report(bare(category="messaging", type="spam", message_id="<m@x>")))
    assert (item.url, item.host, item.message_id) == (None, None, "m@x")


def test_an_infringing_url_is_the_page() -> None:
    changes = {"category": "copyright", "type": "link_site", "url": ...}
    item = only(
        read_report(
            bare(
                **changes,
                infringing_url="http://links.example/x",
                source_identifier="links.example",
            )
        )
    )
    assert (item.ip, item.host, item.url) == (None, "links.example", "http://links.example/x")


def test_the_drafts_of_version_4() -> None:
    draft = bare(
        **{"xarf_version": "4.0.0", "category": ..., "class": "connection", "type": "auth-failure"}
    )
    item = only(read_report(draft))
    assert (item.kind, item.category, item.confidence) == ("login_attack", "connection", 0.95)


def test_all_kinds_have_names_and_drafts_lead_to_them() -> None:
    assert len(KINDS) == 32
    assert all(read_type(name.upper().replace("_", "-")) == name for name in KINDS)
    assert set(FORMER.values()) <= set(KINDS)
    assert not set(FORMER) & set(KINDS)


@pytest.mark.parametrize("kind", ["csam", "CSEM"])
def test_of_sealed_reports_nothing_else_is_kept(kind: str) -> None:
    reading = read_report(
        mail(bare(type=kind, domain="secret.example", message_id="<secret@x>", timestamp="secret"))
    )
    item = only(reading)
    assert reading.sealed
    assert item == Accusation(
        kind=kind.lower(),
        category="content",
        reader="xarf4",
        confidence=0.75,
        ip="192.0.2.7",
        port=443,
        reporter="takedown@brand.example",
        reference=WHOLE.reference,
    )
    assert reading.warnings == ("a sealed report has faults; they are not quoted",)


def test_of_a_sealed_report_about_a_url_only_its_host_is_kept() -> None:
    item = only(read_report(bare(type="csam", source_identifier="https://a.example/secret")))
    assert (item.ip, item.host, item.url) == (None, "a.example", None)


@pytest.mark.parametrize(("kind", "sealed"), [("Spam", False), ("ChildAbuse", True)])
def test_older_generations_are_named_and_wait_for_a_person(kind: str, sealed: bool) -> None:  # noqa: FBT001 -- an expected value
    old = {
        "Version": "3",
        "ReporterInfo": {"ReporterOrg": "x"},
        "Report": {"ReportType": kind, "SourceIp": "192.0.2.7"},
    }
    reading = read_report(json.dumps(old).encode())
    assert (reading.outcome, reading.unread, reading.sealed) == ("review", 1, sealed)
    if not sealed:
        assert reading.warnings == ("X-ARF version 3 is not read by this reader",)


@pytest.mark.parametrize(
    "data",
    [
        b'{"xarf_version": ' + b"[" * 100_000,
        b'{"xarf_version": {"a":' * 50_000,
        b'{"xarf_version": ' + b"9" * 10_000 + b"}",
        b'{"xarf_version": "4", "source_identifier": null, "reporter": [[]], "type": {}}',
        b'{"xarf_version": NaN, "source_identifier": "\\ud800", "timestamp": "\\udfff"}',
        b'["xarf_version"]',
    ],
)
def test_hostile_json_waits_for_a_person(data: bytes) -> None:
    assert read_report(data).outcome == "review"
