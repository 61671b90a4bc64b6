"""On what a measure falls: the smallest thing that a finding names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aupkeep.decisions.targets import targets
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import SCOPES

Findings = Callable[..., Finding]
URL = "http://Shop.example:8080/a/b"


@pytest.mark.parametrize(
    ("scope", "key", "actor", "expected"),
    [
        ("mailbox", {"login": "ann"}, "ip:192.0.2.1", ("mailbox", "ann")),
        ("mailbox", {}, "login:ann", ("mailbox", "ann")),
        ("mailbox", {}, "user:33@web1", ("user", "33@web1")),
        ("mailbox", {}, "ip:192.0.2.1", ("service", "s-1")),
        ("address", {"actor_ip": "192.0.2.1"}, "", ("address", "192.0.2.1")),
        ("address", {"client_ip": "192.0.2.1"}, "ip:192.0.2.2", ("address", "192.0.2.1")),
        ("address", {"actor_ip": None}, "ip:192.0.2.2", ("address", "192.0.2.2")),
        ("address", {}, "ip:-", ("service", "s-1")),
        ("site", {"accused_host": "shop.example"}, "", ("site", "shop.example")),
        ("site", {}, "domain:shop.example", ("site", "shop.example")),
        ("site", {}, f"url:{URL}", ("site", "shop.example")),
        ("site", {"accused_url": URL}, "", ("site", "shop.example")),
        ("site", {}, "url:shop.example/x", ("site", "shop.example")),
        ("site", {}, "url:http://[broken/", ("service", "s-1")),
        ("site", {}, "ip:192.0.2.1", ("service", "s-1")),
        ("path", {"accused_url": URL}, "", ("path", URL)),
        ("path", {}, f"url:{URL}", ("path", URL)),
        ("path", {}, "domain:shop.example", ("site", "shop.example")),
        ("file", {"path": "/srv/a.php"}, "", ("file", "/srv/a.php")),
        ("file", {}, f"url:{URL}", ("path", URL)),
        ("service", {}, "login:ann", ("service", "s-1")),
        ("account", {}, "login:ann", ("account", "c-1")),
    ],
)
def test_the_smallest_thing_named(
    finding: Findings, scope: str, key: dict[str, str], actor: str, expected: tuple[str, str]
) -> None:
    seen = finding(key=key, actor=actor)
    assert targets([seen], scope) == ((*expected, (seen.id,)),)


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "address"])
def test_an_address_is_never_a_fall_back(finding: Findings, scope: str) -> None:
    seen = finding(key={"actor_ip": "192.0.2.1"}, actor="ip:192.0.2.1", service=None)
    assert targets([seen], scope) == (("account", "c-1", (seen.id,)),)


def test_each_target_once_and_sorted(finding: Findings) -> None:
    b1, a1, b2 = (finding(key={"login": login}) for login in ("b", "a", "b"))
    both = tuple(item.id for item in sorted((b1, b2), key=lambda item: (item.first, item.id)))
    assert targets([b1, a1, b2], "mailbox") == (("mailbox", "a", (a1.id,)), ("mailbox", "b", both))
    assert targets([], "mailbox") == ()
