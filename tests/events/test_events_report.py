from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.events.report import SCHEMA, ReportIntake, host_form
from aupkeep.events.schema import REPORT
from aupkeep.signals.formats.accusation import Accusation
from aupkeep.signals.formats.report import Reading, read_report

RECEIVED = 1_767_700_000_000_000


def accusation(**changes: object) -> Accusation:
    base: dict[str, object] = {
        "kind": "phishing",
        "category": "content",
        "reader": "xarf4",
        "confidence": 0.95,
    }
    return Accusation(**{**base, **changes})  # type: ignore[arg-type]  # fields by name


def rows(*items: Accusation, received: int | None = None) -> list[dict[str, object]]:
    intake = ReportIntake()
    reading = Reading(outcome="report", accusations=items, received=received)
    intake.take(b"bytes", reading, source=3, received=RECEIVED)
    return intake.rows().to_dicts()


def test_one_row_an_accused_thing_in_one_stream() -> None:
    first, second = rows(accusation(ip="192.0.2.1"), accusation(ip="192.0.2.2"))
    assert first["stream"] == second["stream"]
    assert [(row["position"], row["part"], row["source"]) for row in (first, second)] == [
        (0, 0, 3),
        (0, 1, 3),
    ]


def test_every_column_of_the_schema_with_its_type() -> None:
    intake = ReportIntake()
    assert intake.rows().schema == SCHEMA
    item = accusation(
        ip="192.0.2.1",
        port=25,
        host="shop.example",
        url="https://shop.example/x",
        time=7,
        reporter="desk@brand.example",
        reference="r",
        message_id="m",
    )
    intake.take(b"x", Reading(outcome="report", accusations=(item,)), source=0, received=9)
    frame = intake.rows()
    assert frame.schema == SCHEMA
    assert frame.select(*REPORT).row(0) == (
        "phishing",
        "content",
        "192.0.2.1",
        25,
        "shop.example",
        "https://shop.example/x",
        7,
        "desk@brand.example",
        "brand.example",
        "r",
        "m",
        0.95,
        "xarf4",
    )
    assert intake.rows().is_empty()


def test_the_time_is_the_receipt_the_report_s_own_first() -> None:
    assert rows(accusation(ip="192.0.2.1", time=5))[0]["event_time"] == RECEIVED
    assert rows(accusation(ip="192.0.2.1", time=5), received=77)[0]["event_time"] == 77


def test_the_same_bytes_give_the_same_ids_and_others_do_not() -> None:
    data = b'{"xarf_version": "4.2.0", "type": "spam", "source_identifier": "%b"}'
    streams = []
    for address in (b"192.0.2.1", b"192.0.2.1", b"192.0.2.2"):
        intake = ReportIntake()
        whole = data % address
        intake.take(whole, read_report(whole), source=0, received=RECEIVED)
        streams.append(intake.rows()["stream"].to_list())
    assert streams[0] == streams[1] != streams[2]


def test_noise_and_review_make_no_rows() -> None:
    intake = ReportIntake()
    for outcome in ("noise", "review"):
        intake.take(b"x", Reading(outcome=outcome, reason="y"), source=0, received=1)
    assert intake.rows().is_empty()


@pytest.mark.parametrize(
    ("item", "host"),
    [
        (accusation(host="Shop.Example"), "shop.example"),
        (accusation(url="https://WWW.shop.example/x"), "www.shop.example"),
        (accusation(host="a.example", url="https://b.example/"), "a.example"),
        (accusation(url="https://192.0.2.1/x"), None),
        (accusation(host="xn--bcher-kva.example"), "bücher.example"),
        (accusation(ip="192.0.2.1"), None),
    ],
)
def test_the_accused_host(item: Accusation, host: str | None) -> None:
    assert rows(item)[0]["accused_host"] == host


@pytest.mark.parametrize(
    ("reporter", "domain"),
    [("x@Brand.example", "brand.example"), ("brand.example", "brand.example"), ("Brand", None)],
)
def test_the_reporter_s_domain(reporter: str, domain: str | None) -> None:
    assert rows(accusation(ip="192.0.2.1", reporter=reporter))[0]["reporter_domain"] == domain


@pytest.mark.parametrize(
    "host",
    [
        "xn--a.example",
        "xn--.example",
        "xn--999999999999999999999.example",
        "xn--shop-.example",
        "xn--fiq--example.example",
    ],
)
def test_a_label_that_no_registry_would_take_stays_as_it_is(host: str) -> None:
    assert host_form(host) == host


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"(xn--)?[a-z0-9-]{0,20}\.example", fullmatch=True) | st.text(max_size=30))
def test_a_host_has_one_spelling(host: str) -> None:
    once = host_form(host)
    assert host_form(once) == once
