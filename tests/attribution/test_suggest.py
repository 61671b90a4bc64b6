from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from aupkeep.attribution.ground import Ground, attribute
from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.suggest import suggest, write_suggestions
from aupkeep.base.errors import AupkeepError
from aupkeep.events.schema import columns

GROUND = Ground((), (), {"jasmo": ("192.0.2.0/24",)})


def frame(kind: str, *rows: dict[str, Any]) -> pl.DataFrame:
    base = {**dict.fromkeys(columns(kind)), "provider": "jasmo"}
    full = [{**base, "event_time": number, **row} for number, row in enumerate(rows)]
    return attribute(kind, pl.DataFrame(full, schema=columns(kind)), GROUND)


def frames() -> list[pl.DataFrame]:
    mail = frame(
        "mail",
        {"login": "ann@shop.example"},
        {"system_user": "33"},
        {"login": "ann@shop.example"},
        {"client_ip": "198.51.100.1"},
        {"client_ip": "127.0.0.1"},
        {},
    )
    flow = frame(
        "flow",
        {"src_ip": "192.0.2.7", "dst_ip": "192.0.2.8", "initiated": True},
        {"src_ip": "192.0.2.8", "dst_ip": "192.0.2.7", "initiated": False},
    )
    login = frame("login", {"client_ip": "192.0.2.7"}, {"client_host": "h.example"})
    report = frame("report", {"accused_host": "www.shop.example"})
    return [mail, flow, login, report]


def test_what_is_unknown_is_counted_over_all_kinds() -> None:
    found = [(row.kind, row.value, row.rows, row.first, row.last) for row in suggest(frames())]
    assert found == [
        ("ip", "192.0.2.7", 2, 0, 0),
        ("login", "ann@shop.example", 2, 0, 2),
        ("domain", "www.shop.example", 1, 0, 0),
        ("user", "33", 1, 1, 1),
    ]


def test_nothing_read_suggests_nothing() -> None:
    assert suggest([]) == ()


def test_the_csv_wants_a_customer_and_is_then_a_holdings_file() -> None:
    text = write_suggestions(suggest(frames()))
    with pytest.raises(AupkeepError) as caught:
        read_holdings(text, file="s.csv")
    assert {fault.code for fault in caught.value.faults} == {"missing-value"}
    lines = text.splitlines()
    filled = [lines[0], *(line.replace(",,,,,,", ",,,ann,,,", 1) for line in lines[1:])]
    assert [row.customer for row in read_holdings("\n".join(filled), file="s.csv")] == ["ann"] * 4
