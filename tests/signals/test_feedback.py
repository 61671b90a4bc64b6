from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import to_micros
from aupkeep.signals.formats.arf import is_feedback
from aupkeep.signals.formats.feedback import Feedback, read_feedback
from aupkeep.signals.formats.headers import every
from aupkeep.signals.formats.letter import open_letter
from aupkeep.signals.formats.mime import open_mail

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "reports" / "arf"
#: Name in the expected values -> name of the field.
SINGLE = (
    "original_envelope_id",
    "user_agent",
    "reporting_mta",
    "dkim_adsp_dns",
    "dkim_canonicalized_header",
    "dkim_domain",
    "dkim_identity",
    "dkim_selector",
    "dkim_selector_dns",
    "spf_dns",
)


def test_every_field_is_kept_also_those_of_later_documents() -> None:
    body = (
        b"Feedback-Type: auth-failure\nCFBL-Feedback-ID: 17\nDKIM-Domain: a.example\nIncidents: 3"
    )
    feedback = read_feedback(body)
    assert feedback.stated("cfbl-feedback-id") == "17"
    assert feedback.stated("dkim-domain") == "a.example"
    assert feedback.stated("incidents") == "3"
    assert feedback.source_ip is None


def test_comments_do_not_matter() -> None:
    feedback = read_feedback(
        b"Feedback-Type: abuse (x)\nSource-IP: 192.0.2.1 (y)\nSource-Port: 25 (z)"
    )
    assert (feedback.type, feedback.source_ip, feedback.source_port) == ("abuse", "192.0.2.1", 25)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_feedback(body: bytes) -> None:
    assert isinstance(read_feedback(b"Source-IP:" + body), Feedback)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not here")
@pytest.mark.parametrize("name", ["001", "003", "005"])
def test_all_that_the_samples_state_is_read(name: str) -> None:
    expected = json.loads((SAMPLES / "stalwart" / f"{name}.json").read_text())
    mail, _ = open_mail((SAMPLES / "stalwart" / f"{name}.eml").read_bytes())
    (part,) = filter(is_feedback, open_letter(mail).parts)
    feedback = read_feedback(part.body)
    assert feedback.type.replace("-", "") == expected["feedback_type"].lower()
    assert feedback.source_ip == expected["source_ip"]
    assert (feedback.source_port or 0) == expected["source_port"]
    assert feedback.arrival == _micros(expected["arrival_date"])
    assert (feedback.mail_from or "") == (expected["original_mail_from"] or "").strip("<>")
    assert list(feedback.recipients) == _listed(expected["original_rcpt_to"])
    assert list(feedback.domains) == expected["reported_domain"]
    assert list(feedback.urls) == expected["reported_uri"]
    assert int(feedback.stated("version")) == expected["version"]
    assert int(feedback.stated("incidents") or 1) == expected["incidents"]
    for key in SINGLE:
        assert feedback.stated(key.replace("_", "-")) == (expected[key] or "")
    told = [" ".join(text.split()) for text in every(feedback.fields, "authentication-results")]
    assert told == [" ".join(text.split()) for text in expected["authentication_results"]]
    assert _word(feedback.stated("auth-failure")) == expected["auth_failure"].lower()
    body = feedback.stated("dkim-canonicalized-body")
    assert body.split() == (expected["dkim_canonicalized_body"] or "").split()


def _micros(second: int | None) -> int | None:
    return None if second is None else to_micros(datetime.fromtimestamp(second, UTC))


def _listed(value: Any) -> list[str]:
    return [value] if value else []


def _word(text: str) -> str:
    return text.lower() or "unspecified"
