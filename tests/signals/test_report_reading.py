from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import format_instant
from aupkeep.signals.formats import report
from aupkeep.signals.formats.accusation import KINDS, Accusation, Found
from aupkeep.signals.formats.accused import read_identifier
from aupkeep.signals.formats.letter import Letter
from aupkeep.signals.formats.report import MOST_BYTES, Reading, read_report

REPORTS = Path(__file__).parents[2].parent / "shared" / "data" / "reports"
samples = pytest.mark.skipif(not REPORTS.exists(), reason="the shared samples are not here")

COMPLAINT = b"""\
Received: from loop.example (loop.example [198.51.100.4]) by b; Tue, 6 Jan 2026 12:05:00 +0000
From: fbl@mailbox.example
Message-ID: <r1@mailbox.example>
Content-Type: multipart/report; report-type=feedback-report; boundary=b1

--b1
Content-Type: text/plain

received from IP 192.0.2.66 on Tue, 6 Jan 2026 12:00:00 +0000
--b1
Content-Type: message/feedback-report
Content-Transfer-Encoding: quoted-printable

Feedback-Type: abuse
Source-IP: 192.0.2.66
Arrival-Date: Tue, 6 Jan 2026 12:00:00 +0000
--b1
Content-Type: message/rfc822

Received: from vps.example (vps.example [192.0.2.66]) by mx; Tue, 6 Jan 2026 12:00:00 +0000
Message-ID: <m1@vps.example>

hello
--b1
Content-Type: application/json; name="xarf.json"
Content-Transfer-Encoding: base64

eyJ4YXJmX3ZlcnNpb24iOiAiNC4yLjAiLCAidHlwZSI6ICJzcGFtIn0=
--b1--
"""


def whole(reading: Reading) -> bool:
    """Say whether a reading is one of the three outcomes, with what belongs to it."""
    items = [item.kind in {*KINDS, "other"} and item.names_someone for item in reading.accusations]
    sure = all(0 < item.confidence <= 1 for item in reading.accusations)
    match reading.outcome:
        case "report":
            return bool(items) and all(items) and sure and not reading.reason
        case "noise" | "review":
            return not items and bool(reading.reason)


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"\0" * 100, b"hello", b"{}", b"--\n--\n", b"\xff\xfe"]
)
def test_what_is_nothing_waits_for_a_person(data: bytes) -> None:
    assert read_report(data).outcome == "review"


def test_what_is_too_large_waits_for_a_person() -> None:
    reading = read_report(COMPLAINT + b"x" * MOST_BYTES)
    assert (reading.outcome, reading.reason) == ("review", "larger than 30 MB")


def test_a_mail_cut_anywhere_still_ends_somewhere() -> None:
    outcomes = [read_report(COMPLAINT[:end]) for end in range(len(COMPLAINT) + 1)]
    assert all(map(whole, outcomes))
    assert outcomes[-1].outcome == "report"
    assert not any(
        item.ip not in {"192.0.2.66", *_cut_ips()} for r in outcomes for item in r.accusations
    )


def _cut_ips() -> set[str]:
    """Addresses that a cut within the field itself leaves."""
    return {"192.0.2.6"}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_end_somewhere(data: bytes) -> None:
    assert whole(read_report(data))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mail_with_bytes_changed_ends_somewhere(data: st.DataObject) -> None:
    lines = COMPLAINT.split(b"\n")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(lines) - 1))
        lines[place] = data.draw(st.binary(max_size=40) | st.sampled_from(lines))
    assert whole(read_report(b"\n".join(lines)))


def test_readers_see_any_bytes_without_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_guarded", lambda _, reader, letter: reader(letter))

    @settings(max_examples=200, deadline=None)
    @given(
        st.binary(max_size=600), st.sampled_from([b"Feedback-Type:", b"Source-IP: ", b'{"xarf_'])
    )
    def law(noise: bytes, mark: bytes) -> None:
        place = COMPLAINT.find(mark.replace(b"{", b""))
        place = max(place, COMPLAINT.find(b"Feedback-Type"))
        assert whole(read_report(COMPLAINT[:place] + noise + COMPLAINT[place:]))

    law()


def test_a_broken_reader_names_itself_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: Letter) -> Found:
        raise KeyError("x")

    usual = read_report(COMPLAINT)
    monkeypatch.setitem(report.READERS, "xarf4", broken)
    assert read_report(COMPLAINT) == usual
    monkeypatch.setitem(report.READERS, "arf", broken)
    reading = read_report(COMPLAINT)
    assert (reading.outcome, reading.unread) == ("review", 2)
    assert reading.warnings == ("reader arf failed: KeyError", "reader xarf4 failed: KeyError")


def test_addresses_that_nobody_of_ours_holds_count_half() -> None:
    plain = read_report(COMPLAINT)
    assert read_report(COMPLAINT, holdings={"192.0.2.66"}) == plain
    stranger = read_report(COMPLAINT, holdings=set())
    (item,) = plain.accusations
    assert stranger.accusations == (replace(item, confidence=0.475),)
    assert stranger.warnings == ("192.0.2.66 is held by nobody",)


def test_a_hotmail_complaint_names_the_address_in_its_subject() -> None:
    data = (
        b"From: <staff@hotmail.example>\nSubject:  complaint about message from 192.0.2.66\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        b"Received: from a (a [198.51.100.1]) by c; Tue, 6 Jan 2026 12:00:00 +0000\n\nx\n--b--\n"
    )
    (item,) = read_report(data).accusations
    assert (item.kind, item.ip, item.reader) == ("spam", "192.0.2.66", "jmrp")
    assert item.time is not None
    for other in (
        data.replace(b"192.0.2.66", b"friend"),
        data.replace(b"message/rfc822", b"text/plain"),
    ):
        assert read_report(other).outcome == "review"


def test_an_unsubscribe_mail_to_a_list_address_is_an_opt_out() -> None:
    data = (
        b"From: someone@mailbox.example\nTo: unsubscribe-17@News.example\nSubject: unsubscribe\n"
        b"Date: Tue, 6 Jan 2026 12:00:00 +0000\nAuto-Submitted: auto-replied\n\nbye\n"
    )
    (item,) = read_report(data).accusations
    assert (item.host, item.feedback_type, item.confidence) == ("news.example", "opt-out", 0.5)
    assert read_report(data.replace(b"unsubscribe-17@", b"abuse@")).accusations == ()
    assert read_report(data + b"x" * 5_000).accusations == ()


@samples
def test_the_arf_samples_type_by_type() -> None:
    kinds = {"abuse": "spam", "opt-out": "spam", "auth-failure": "other"}
    for label in _labels("arf"):
        reading = read_report((REPORTS / "arf" / label["file"]).read_bytes())
        assert reading.outcome == "report", label["file"]
        said = [item.feedback_type for item in reading.accusations]
        assert said == label["feedback_types"], label["file"]
        assert [item.kind for item in reading.accusations] == [kinds[str(word)] for word in said]
        assert all(item.time is not None for item in reading.accusations), label["file"]


@samples
def test_the_arf_samples_accuse_the_stated_address() -> None:
    for label in _labels("arf"):
        data = (REPORTS / "arf" / label["file"]).read_bytes()
        stated = [
            line.split(b":", 1)[1].strip().decode()
            for line in data.splitlines()
            if line.lower().startswith(b"source-ip:")
        ]
        found = {item.ip for item in read_report(data).accusations}
        assert not stated or found == set(stated), label["file"]


@samples
def test_the_xarf_4_samples() -> None:
    for label in _labels("xarf"):
        if not label["file"].startswith("spec-v4/"):
            continue
        reading = read_report((REPORTS / "xarf" / label["file"]).read_bytes())
        (item,) = reading.accusations
        assert (reading.warnings, item.confidence) == ((), 0.95)
        assert (item.kind, item.category) == (label["type"], label["category"])
        assert label["source_identifier"] in {item.ip, item.host}
        assert item.port == label["source_port"]
        assert format_instant(item.time or 0) == label["timestamp"]
        if reading.sealed:
            assert (item.url, item.message_id) == (None, None)
        elif label["url"]:
            assert item.url == label["url"]


@samples
def test_older_samples_are_never_lost_nor_read_as_version_4() -> None:
    for label in _labels("xarf"):
        if label["file"].startswith("legacy/"):
            reading = read_report((REPORTS / "xarf" / label["file"]).read_bytes())
            assert (reading.outcome, reading.accusations) == ("review", ()), label["file"]


@samples
def test_no_complaint_of_many_senders_is_taken_for_noise() -> None:
    for label in _labels("abuseio"):
        reading = read_report((REPORTS / "abuseio" / label["file"]).read_bytes())
        assert whole(reading)
        assert reading.outcome == ("report" if label["channel"] == "fbl" else "review")


@samples
def test_feedback_loops_of_many_providers() -> None:
    for label in _labels("abuseio"):
        if label["channel"] == "fbl":
            reading = read_report((REPORTS / "abuseio" / label["file"]).read_bytes())
            item: Accusation = reading.accusations[0]
            assert item.kind == label["kind"], label["file"]
            assert item.ip == read_identifier(label["ips"][0]).ip, label["file"]
            assert format_instant(item.time or 0) in label["event_times"], label["file"]


def _labels(folder: str) -> list[dict[str, Any]]:
    text = (REPORTS / folder / "labels.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
