from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from aupkeep.attribution.ground import RESOLVERS, Ground, attribute
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError
from aupkeep.events.schema import ATTRIBUTED, KINDS, columns, empty

MOVED = 100 * DAY
NETWORKS = {"jasmo": ("192.0.2.0/24", "2001:db8::/32")}


def held(kind: str, value: str, customer: str, **other: Any) -> Holding:
    stated: dict[str, Any] = {"provider": "jasmo", "since": 0, "recorded_at": 0} | other
    return Holding(kind=kind, value=value, customer=customer, **stated)


def ask(kind: str, ground: Ground, **row: Any) -> dict[str, Any]:
    base = {"provider": "jasmo", "event_time": MOVED, "stream": 1, "position": 0, "part": 0}
    full = {**dict.fromkeys(columns(kind)), **base, **row}
    frame = pl.DataFrame([full], schema=columns(kind))
    return attribute(kind, frame, ground).row(0, named=True)


def books(*holdings: Holding, profiles: tuple[Profile, ...] = ()) -> Ground:
    return Ground(holdings, profiles, NETWORKS)


def plan(value: str, service: str = "", **other: Any) -> Profile:
    stated: dict[str, Any] = {"provider": "jasmo", "customer": "ann", "since": 0}
    stated |= {"recorded_at": 0} | other
    return Profile(name="plan", value=value, service=service, **stated)


reassigned = books(
    held("ip", "192.0.2.7", "ann", until=MOVED), held("ip", "192.0.2.7", "bob", since=MOVED)
)


def test_every_kind_of_event_has_a_resolver() -> None:
    assert RESOLVERS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_frame_without_rows_gets_the_columns(kind: str) -> None:
    for ground in (reassigned, Ground((), (), {})):
        got = attribute(kind, empty(kind), ground)
        assert got.is_empty()
        assert got.schema == {**columns(kind), **ATTRIBUTED}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_attributed_rows_are_attributed_afresh(kind: str) -> None:
    frame = pl.DataFrame(
        [{**dict.fromkeys(columns(kind)), "event_time": 0, "provider": name} for name in "ba"],
        schema=columns(kind),
    )
    once = attribute(kind, frame, reassigned)
    assert attribute(kind, once, reassigned).equals(once)
    assert once["provider"].to_list() == ["b", "a"]


def test_the_holder_at_the_instant_is_meant_to_the_microsecond() -> None:
    before = ask("login", reassigned, client_ip="192.0.2.7", event_time=MOVED - 1)
    after = ask("login", reassigned, client_ip="192.0.2.7", event_time=MOVED)
    assert (before["customer"], after["customer"]) == ("ann", "bob")


def test_a_report_falls_on_who_held_it_when_it_was_done() -> None:
    row = {"accused_ip": "192.0.2.7", "event_time": MOVED + DAY}
    assert ask("report", reassigned, acted_at=MOVED - DAY, **row)["customer"] == "ann"
    assert ask("report", reassigned, acted_at=MOVED + 1, **row)["customer"] == "bob"


@pytest.mark.parametrize(
    ("received", "attribution"),
    [
        (MOVED - 1, "attributed"),
        (MOVED, "ambiguous"),
        (MOVED + 14 * DAY - 1, "ambiguous"),
        (MOVED + 14 * DAY, "attributed"),
    ],
)
def test_a_report_without_a_time_waits_until_the_holder_is_settled(
    received: int, attribution: str
) -> None:
    got = ask("report", reassigned, accused_ip="192.0.2.7", event_time=received)
    assert got["attribution"] == attribution


def test_a_first_holder_of_two_weeks_is_not_sure_without_a_time() -> None:
    ground = books(held("domain", "shop.example", "ann", since=MOVED - DAY))
    assert ask("report", ground, accused_host="shop.example")["attribution"] == "ambiguous"
    timed = ask("report", ground, accused_host="shop.example", acted_at=MOVED - 1)
    assert (timed["customer"], timed["actor"]) == ("ann", "domain:shop.example")


def test_a_login_goes_before_user_and_address() -> None:
    ground = books(
        held("login", "ann@shop.example", "ann"),
        held("user", "33", "bob"),
        held("ip", "192.0.2.7", "eve"),
    )
    row = {"client_ip": "192.0.2.7", "system_user": "33"}
    by_login = ask("mail", ground, login="Ann@Shop.Example", **row)
    assert (by_login["customer"], by_login["actor"]) == ("ann", "login:Ann@Shop.Example")
    assert ask("mail", ground, **row)["customer"] == "bob"
    assert ask("mail", ground, client_ip="192.0.2.7")["customer"] == "eve"
    lost = ask("mail", ground, login="nobody", **row)
    assert (lost["attribution"], lost["actor"]) == ("unknown", "login:nobody")


def test_a_login_belongs_to_its_mailbox_then_to_its_domain() -> None:
    ground = books(
        held("mailbox", "ann@shop.example", "ann"),
        held("domain", "shop.example", "reseller"),
        held("domain", "xn--bcher-kva.example", "books"),
    )
    assert ask("mail", ground, login="ann@shop.example")["customer"] == "ann"
    assert ask("mail", ground, login="tom@web.shop.example")["customer"] == "reseller"
    assert ask("mail", ground, login="tom@bücher.example")["customer"] == "books"
    assert ask("mail", ground, login="tom@othershop.example")["attribution"] == "unknown"


def test_a_sender_counts_only_for_local_mail_and_is_forgeable() -> None:
    ground = books(held("domain", "shop.example", "ann"))
    sender = {"sender": "x@shop.example", "sender_domain": "shop.example"}
    local = ask("mail", ground, client_ip="127.0.0.1", **sender)
    assert (local["customer"], local["forgeable"]) == ("ann", True)
    outside = ask("mail", ground, client_ip="198.51.100.1", **sender)
    assert (outside["attribution"], outside["customer"]) == ("outsider", None)
    middle = ask("mail", ground, host="mx", queue_id="4Q", **sender)
    assert (middle["attribution"], middle["actor"]) == ("unknown", "mail:mx/4Q")


def test_the_account_that_was_tried_is_never_blamed() -> None:
    ground = books(held("login", "ann", "ann"), held("user", "ann", "ann"))
    got = ask("login", ground, user="ann", client_ip="198.51.100.9", outcome="failed")
    assert (got["attribution"], got["actor"]) == ("outsider", "ip:198.51.100.9")
    named = ask("login", ground, user="ann", client_host="h.example")
    assert (named["attribution"], named["actor"]) == ("unknown", "host:h.example")


@pytest.mark.parametrize(
    ("source", "target", "initiated", "direction", "attribution"),
    [
        ("192.0.2.7", "198.51.100.1", True, "outbound", "attributed"),
        ("192.0.2.7", "198.51.100.1", False, "outbound", "outsider"),
        ("198.51.100.1", "192.0.2.7", True, "inbound", "outsider"),
        ("198.51.100.1", "192.0.2.7", False, "inbound", "outsider"),
        ("192.0.2.7", "192.0.2.8", True, "internal", "attributed"),
        ("192.0.2.8", "192.0.2.7", False, "internal", "unknown"),
        ("192.0.2.9", "198.51.100.1", True, "outbound", "unknown"),
        ("198.51.100.1", "203.0.113.1", True, "transit", "outsider"),
    ],
)
def test_only_the_inside_opener_of_a_flow_is_answerable(
    source: str, target: str, *, initiated: bool, direction: str, attribution: str
) -> None:
    row = {"src_ip": source, "dst_ip": target, "initiated": initiated}
    got = ask("flow", reassigned, **row)
    assert (got["direction"], got["attribution"]) == (direction, attribution)
    opened = initiated and source.startswith("192.0.2.")
    assert (got["actor_ip"], got["peer_ip"]) == ((source, target) if opened else (None, None))
    assert got["actor"] == f"ip:{source if initiated or direction == 'inbound' else target}"


@pytest.mark.parametrize(
    ("handshake", "guarded", "forgeable"),
    [(True, False, False), (False, True, False), (False, False, True), (None, None, True)],
)
def test_a_flow_is_forgeable_without_handshake_behind_an_open_door(
    *, handshake: bool | None, guarded: bool | None, forgeable: bool
) -> None:
    row = {"src_ip": "192.0.2.7", "dst_ip": "198.51.100.1", "initiated": True}
    got = ask("flow", reassigned, handshake=handshake, guarded=guarded, **row)
    assert got["forgeable"] is forgeable


def test_ports_tell_customers_behind_one_address_apart() -> None:
    ground = books(
        held("ip", "192.0.2.7", "ann", port_from=1024, port_to=2047),
        held("ip", "192.0.2.7", "bob", port_from=2048, port_to=3071),
        held("prefix", "192.0.2.0/24", "isp"),
    )

    def accused(port: int | None) -> tuple[str, str | None]:
        got = ask("report", ground, accused_ip="192.0.2.7", accused_port=port, acted_at=1)
        return got["attribution"], got["customer"]

    assert accused(2047) == ("attributed", "ann")
    assert accused(2048) == ("attributed", "bob")
    assert accused(3071) == ("attributed", "bob")
    assert accused(3072) == accused(80) == ("attributed", "isp")
    assert accused(None) == ("ambiguous", None)


def test_the_longest_prefix_decides_in_both_families() -> None:
    ground = books(
        held("prefix", "192.0.2.0/24", "wide"),
        held("prefix", "192.0.2.128/25", "half", until=MOVED),
        held("ip", "192.0.2.200", "one"),
        held("prefix", "2001:db8::/32", "wide"),
        held("prefix", "2001:db8:1::/48", "site"),
    )

    def holder(address: str, at: int = 0) -> str | None:
        customer: str | None = ask("login", ground, client_ip=address, event_time=at)["customer"]
        return customer

    assert holder("192.0.2.5") == "wide"
    assert holder("192.0.2.129") == "half"
    assert holder("192.0.2.129", MOVED) == "wide"
    assert holder("192.0.2.200") == "one"
    assert holder("::ffff:192.0.2.200") == "one"
    assert holder("2001:db8:1::5") == "site"
    assert holder("2001:db8:2::5") == "wide"
    assert holder("2001:DB8:1:0::5") == "site"


def test_a_shared_address_is_ambiguous_unless_the_page_names_its_owner() -> None:
    ground = books(
        held("ip", "192.0.2.7", "ann"),
        held("ip", "192.0.2.7", "bob"),
        held("domain", "shop.example", "ann"),
        held("path", "shop.example/~bob", "bob"),
    )
    row = {"accused_ip": "192.0.2.7", "acted_at": 1, "category": "content"}
    assert ask("report", ground, **row)["attribution"] == "ambiguous"
    page = ask("report", ground, accused_url="http://WWW.Shop.example/x", **row)
    assert (page["customer"], page["actor"]) == ("ann", "domain:www.shop.example")
    home = ask("report", ground, accused_url="http://shop.example/%7Ebob/../~bob/p?q", **row)
    assert home["customer"] == "bob"
    assert home["actor"].startswith("url:http://shop.example/")


def test_a_forged_name_in_outside_spam_accuses_nobody() -> None:
    ground = books(held("domain", "shop.example", "ann"), held("ip", "192.0.2.7", "bob"))
    row = {"accused_host": "shop.example", "acted_at": 1, "category": "messaging"}
    assert ask("report", ground, accused_ip="198.51.100.9", **row)["attribution"] == "outsider"
    assert ask("report", ground, accused_ip="192.0.2.7", **row)["customer"] == "bob"
    assert ask("report", ground, **row)["customer"] == "ann"


def test_what_nobody_held_is_unknown_and_what_is_not_ours_is_an_outsider() -> None:
    free = ask("login", reassigned, client_ip="192.0.2.99")
    assert (free["attribution"], free["customer"]) == ("unknown", None)
    nothing_known = Ground((), (), {})
    assert ask("login", nothing_known, client_ip="192.0.2.99")["attribution"] == "unknown"
    assert ask("login", reassigned, client_ip="127.0.0.1")["attribution"] == "unknown"


def test_the_provider_becomes_the_holders() -> None:
    got = ask("login", reassigned, client_ip="192.0.2.7", provider="injazat")
    assert (got["provider"], got["customer"]) == ("jasmo", "bob")


def test_what_only_one_provider_understands_does_not_travel() -> None:
    ground = books(
        held("user", "33", "ann"), held("login", "info", "ann"), held("ip", "10.0.0.5", "ann")
    )
    assert ask("mail", ground, system_user="33")["customer"] == "ann"
    assert ask("mail", ground, system_user="33", provider="injazat")["customer"] is None
    assert ask("mail", ground, login="info", provider="injazat")["customer"] is None
    assert ask("login", ground, client_ip="10.0.0.5", provider="injazat")["customer"] is None


def test_own_books_go_before_those_of_others() -> None:
    ground = books(
        held("prefix", "192.0.2.0/24", "ann"),
        held("ip", "192.0.2.7", "yusuf", provider="injazat"),
    )
    assert ask("login", ground, client_ip="192.0.2.7")["customer"] == "ann"
    assert ask("login", ground, client_ip="192.0.2.7", provider="injazat")["customer"] == "yusuf"


def test_a_user_id_may_be_tied_to_its_machine() -> None:
    ground = books(held("user", "1001@web1", "ann"), held("user", "1001@web2", "bob"))
    assert ask("mail", ground, system_user="1001", host="web1")["customer"] == "ann"
    assert ask("mail", ground, system_user="1001", host="web2")["customer"] == "bob"
    assert ask("mail", ground, system_user="1001", host="web3")["customer"] is None


def test_the_plan_is_the_holdings_else_the_services_else_the_customers() -> None:
    ground = books(
        held("login", "a", "ann", service="mail", plan="own"),
        held("login", "b", "ann", service="mail"),
        held("login", "c", "ann", service="web"),
        profiles=(plan("of-mail", "mail"), plan("of-ann"), plan("x", customer="bob")),
    )
    plans = [ask("mail", ground, login=login)["plan"] for login in "abc"]
    assert plans == ["own", "of-mail", "of-ann"]
    assert ask("mail", ground, login="a")["plans"] == "of-ann|of-mail|own"


def test_plans_are_those_of_the_instant_and_a_later_record_corrects() -> None:
    ground = books(
        held("login", "a", "ann", service="mail"),
        held("login", "b", "ann", service="old", plan="gone", until=MOVED),
        profiles=(plan("wrong", "mail"), plan("right", "mail", recorded_at=5)),
    )
    assert ask("mail", ground, login="a", event_time=0)["plans"] == "gone|right"
    later = ask("mail", ground, login="a")
    assert (later["plan"], later["plans"]) == ("right", "right")


def test_a_network_that_is_none_is_a_fault() -> None:
    with pytest.raises(AupkeepError, match=r"`192\.0\.2\.1/24` is not a prefix"):
        Ground((), (), {"jasmo": ("192.0.2.1/24",)})
    with pytest.raises(AupkeepError, match="`x` is not a prefix"):
        books(held("ip", "x", "ann"))


def test_rows_keep_their_order_over_several_providers() -> None:
    rows = [
        {**dict.fromkeys(columns("login")), "event_time": number, "provider": name}
        for number, name in enumerate(["b", "a", None, "b", "jasmo", "a"])
    ]
    got = attribute("login", pl.DataFrame(rows, schema=columns("login")), reassigned)
    assert got["event_time"].to_list() == [0, 1, 2, 3, 4, 5]
    assert got.columns == [*columns("login"), *ATTRIBUTED]
