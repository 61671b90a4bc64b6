"""The abuse mailbox, read with the standard library alone."""

from __future__ import annotations

import json
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from aupkeep.base.clock import parse_instant, to_datetime, to_micros
from aupkeep.demo.fortnight import Fortnight, RawFile


def reports(fortnight: Fortnight) -> list[tuple[RawFile, bytes]]:
    return [(s, fortnight.files[s.path]) for s in fortnight.sources if s.format == "report"]


def mails(fortnight: Fortnight) -> list[tuple[RawFile, Message[str, str]]]:
    return [
        (source, message_from_bytes(data))
        for source, data in reports(fortnight)
        if source.path.endswith(".eml")
    ]


def documents(fortnight: Fortnight) -> list[tuple[RawFile, dict[str, Any]]]:
    found = [
        (source, json.loads(data))
        for source, data in reports(fortnight)
        if source.path.endswith(".json")
    ]
    for source, mail in mails(fortnight):
        for part in mail.walk():
            if part.get_content_type() == "application/json":
                raw = part.get_payload(decode=True)
                assert isinstance(raw, bytes)
                found.append((source, json.loads(raw)))
    return found


def feedback(fortnight: Fortnight) -> list[tuple[RawFile, dict[str, str]]]:
    found = []
    for source, mail in mails(fortnight):
        for part in mail.walk():
            if part.get_content_type() == "message/feedback-report":
                inner = part.get_payload()
                assert isinstance(inner, list)
                assert isinstance(inner[0], Message)
                found.append((source, dict(inner[0].items())))
    return found


def test_there_are_some_of_each_form(fortnight: Fortnight) -> None:
    assert 15 <= len(reports(fortnight)) <= 45
    assert len(documents(fortnight)) >= 8
    assert len(feedback(fortnight)) >= 6
    assert {source.path.rpartition(".")[2] for source, _ in reports(fortnight)} == {"eml", "json"}


def test_mails_are_whole_and_dated_when_they_came(fortnight: Fortnight) -> None:
    for source, mail in mails(fortnight):
        assert mail.defects == []
        received = parse_instant(source.received)
        assert fortnight.start <= received < fortnight.end
        topmost = mail.get_all("Received", [])[0].rpartition(";")[2].strip()
        assert parsedate_to_datetime(topmost) == to_datetime(received - received % 1_000_000)
        written = parsedate_to_datetime(mail["Date"])
        assert timedelta(0) <= to_datetime(received) - written < timedelta(minutes=1)


def test_every_reported_offender_is_named_after_the_deed(fortnight: Fortnight) -> None:
    told = [
        (document["source_identifier"], document.get("url", ""), document["type"], source, document)
        for source, document in documents(fortnight)
    ]
    kinds = {"phishing", "malware", "copyright"}
    for role in fortnight.roles:
        if role.label in kinds:
            hits = [t for t in told if t[2] == role.label and role.customer.domain in t[0] + t[1]]
            assert len(hits) == 2
            for *_, source, document in hits:
                acted = parse_instant(document["timestamp"])
                assert role.since <= acted <= role.until
                assert acted < parse_instant(source.received)


def test_spam_complaints_name_the_server_and_a_time_of_the_deed(fortnight: Fortnight) -> None:
    for role in fortnight.roles:
        if role.label == "spam_complaints":
            hits = [f for _, f in feedback(fortnight) if f["Source-IP"] == role.customer.address]
            assert len(hits) >= 3
            for fields in hits:
                acted = to_micros(parsedate_to_datetime(fields["Arrival-Date"]))
                assert role.since - 1_000_000 < acted <= role.until


def test_the_complaint_about_a_former_holder_comes_too_late(fortnight: Fortnight) -> None:
    old = [role for role in fortnight.roles if role.label == "reassigned"]
    assert len(old) == 2
    for role in old:
        handed = role.customer.closed
        assert handed is not None
        hits = [
            (parse_instant(document["timestamp"]), parse_instant(source.received))
            for source, document in documents(fortnight)
            if document["source_identifier"] == role.customer.address
        ]
        assert len(hits) == 1
        assert hits[0][0] < handed < hits[0][1]


def test_no_report_names_anybody_who_must_not_be_accused(fortnight: Fortnight) -> None:
    named = {document["source_identifier"] for _, document in documents(fortnight)}
    named |= {fields["Source-IP"] for _, fields in feedback(fortnight)}
    shared = {role.customer.address for role in fortnight.roles if role.label == "reassigned"}
    for role in fortnight.roles:
        if role.what != "offender" and role.customer.address:
            assert role.customer.address not in named - shared
