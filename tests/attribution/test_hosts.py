"""Whose process, file, site, question or setting a row is about."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from aupkeep.attribution.ground import Ground, attribute
from aupkeep.attribution.holdings import Holding
from aupkeep.events.schema import columns


def held(kind: str, value: str, customer: str) -> Holding:
    return Holding(
        provider="p",
        kind=kind,
        value=value,
        port_from=None,
        port_to=None,
        customer=customer,
        service="s-" + customer,
        plan="shared",
        since=0,
        until=None,
        source="test",
        recorded_at=0,
    )


BOOKS = Ground(
    [
        held("user", "u17", "ann"),
        held("path", "/home/bob", "bob"),
        held("domain", "carol.example", "carol"),
        held("path", "shop.example/~dan", "dan"),
        held("ip", "192.0.2.5", "eve"),
        held("login", "fay@fay.example", "fay"),
    ],
    [],
    {"p": ["192.0.2.0/24"]},
)


def ask(kind: str, **row: object) -> dict[str, Any]:
    given = {**dict.fromkeys(columns(kind)), "event_time": 5, "provider": "p", **row}
    frame = pl.DataFrame([given], schema=columns(kind))
    return attribute(kind, frame, BOOKS).row(0, named=True)


@pytest.mark.parametrize(
    ("kind", "row", "customer", "actor", "forgeable"),
    [
        ("process", {"user": "u17", "host": "web1"}, "ann", "user:u17", False),
        ("process", {"user": "nobody", "cwd": "/home/bob/tmp"}, "bob", "user:nobody", False),
        ("process", {"exe": "/home/bob/x"}, "bob", "process:-.-", False),
        ("file", {"path": "/home/bob/a.php", "user": "u17"}, "bob", "path:/home/bob/a.php", False),
        ("file", {"path": "/tmp/a", "user": "u17"}, "ann", "path:/tmp/a", False),
        ("web", {"host": "www.carol.example"}, "carol", "domain:www.carol.example", True),
        ("web", {"host": "shop.example", "uri": "/~dan/x?y"}, "dan", "domain:shop.example", True),
        ("web", {"log": "proxy", "client_ip": "192.0.2.5"}, "eve", "ip:192.0.2.5", False),
        ("dns", {"client_ip": "192.0.2.5", "protocol": "udp"}, "eve", "ip:192.0.2.5", True),
        ("dns", {"client_ip": "192.0.2.5", "protocol": "tcp"}, "eve", "ip:192.0.2.5", False),
        ("config", {"user": "fay@fay.example"}, "fay", "login:fay@fay.example", False),
        ("config", {"user": "admin", "client_ip": "192.0.2.5"}, "eve", "login:admin", False),
    ],
)
def test_who_is_meant(
    kind: str, row: dict[str, object], customer: str, actor: str, *, forgeable: bool
) -> None:
    found = ask(kind, **row)
    assert (found["customer"], found["forgeable"]) == (customer, forgeable)
    assert found["attribution"] == "attributed"
    if "-" not in actor:
        assert found["actor"] == actor


def test_strangers_are_not_customers() -> None:
    assert ask("web", log="proxy", client_ip="203.0.113.1")["attribution"] == "outsider"
    assert ask("dns", client_ip="203.0.113.1")["attribution"] == "outsider"
    assert ask("web", host="elsewhere.test", client_ip="192.0.2.5")["attribution"] == "unknown"
    assert ask("process")["attribution"] == "unknown"
