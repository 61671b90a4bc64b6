from __future__ import annotations

import pytest

from aupkeep.base.clock import parse_instant
from aupkeep.signals.formats.trace import handed_over_by, received_at, traced_at

WHEN = "Tue, 6 Jan 2026 10:00:00 +0000"


@pytest.mark.parametrize(
    ("clause", "address"),
    [
        ("from mx.example (mx.example [192.0.2.9])", "192.0.2.9"),
        ("from [198.51.100.1] (helo.example [192.0.2.9])", "192.0.2.9"),
        ("from mx.example ([192.0.2.9] helo=198.51.100.1)", "192.0.2.9"),
        ("from [192.0.2.9] ([192.0.2.9:222] helo=mx.example)", "192.0.2.9"),
        ("from 127.0.0.1  (EHLO mx8.example) (192.0.2.9)", "192.0.2.9"),
        ("from mx.example (mx.example [IPv6:2001:db8::9])", "2001:db8::9"),
        ("from [192.0.2.9]", "192.0.2.9"),
        ("from mx.example (localhost [127.0.0.1])", None),
        ("from mx.example", None),
        ("by 192.0.2.9 with SMTP id x", None),
    ],
)
def test_the_address_the_receiving_machine_saw(clause: str, address: str | None) -> None:
    value = f"{clause} by in.example (192.0.2.77) with ESMTP; {WHEN}"
    assert handed_over_by((("received", value),)) == address


def test_a_hop_inside_one_machine_is_passed_over() -> None:
    fields = (
        ("received", f"from localhost (localhost [127.0.0.1]) by in.example; {WHEN}"),
        ("received", f"from a (a [192.0.2.9]) by in.example; {WHEN}"),
        ("received", f"from b (b [198.51.100.1]) by a; {WHEN}"),
    )
    assert handed_over_by(fields) == "192.0.2.9"


def test_receipt_is_the_topmost_received_else_the_date() -> None:
    fields = (
        ("date", "Mon, 5 Jan 2026 10:00:00 +0000"),
        ("received", f"from a by b (x; y); {WHEN}"),
        ("received", "from c by a; Sun, 4 Jan 2026 10:00:00 +0000"),
    )
    assert received_at(fields) == parse_instant("2026-01-06T10:00:00Z")
    assert received_at(fields[:1]) == parse_instant("2026-01-05T10:00:00Z")
    assert traced_at(fields[:1]) is None
    assert received_at(()) is None
