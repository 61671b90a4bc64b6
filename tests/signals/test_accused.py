from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.signals.formats.accused import (
    Named,
    name_url,
    read_host,
    read_identifier,
    read_ip,
    read_port,
    read_url,
    url_host,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" [192.0.2.1] ", "192.0.2.1"),
        ("192[.]0[.]2(dot)1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("IPv6:2001:DB8:0:0::1", "2001:db8::1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.0/24", None),
        ("192.0.2.256", None),
        ("XX.YY.ZZ.49", None),
        ("1", None),
        ("", None),
    ],
)
def test_addresses(text: str, address: str | None) -> None:
    assert read_ip(text) == address


@pytest.mark.parametrize(
    ("value", "port"),
    [
        (25, 25),
        ("443", 443),
        (65_535, 65_535),
        *((value, None) for value in (0, 65_536, True, "", "-1", "9" * 5_000, 1.5, None)),
    ],
)
def test_ports(value: object, port: int | None) -> None:
    assert read_port(value) == port


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Shop.Example.COM.", "shop.example.com"),
        ("shop[.]example[dot]com", "shop.example.com"),
        ("bücher.example", "bücher.example"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("localhost", None),
        ("192.0.2.1", None),
        ("a..example", None),
        ("-a.example", None),
        ("a b.example", None),
        (f"{'a' * 64}.example", None),
        (".".join(["a" * 60] * 5), None),
    ],
)
def test_hosts(text: str, host: str | None) -> None:
    assert read_host(text) == host


@pytest.mark.parametrize(
    ("text", "url", "host"),
    [
        ("hxxp://a[.]example/x", "http://a.example/x", "a.example"),
        ("hXXps://A.example:8080/", "https://A.example:8080/", "a.example"),
        ("h**p://a.example/", "http://a.example/", "a.example"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]/", "2001:db8::1"),
        ("http://good.example@evil.example/", "http://good.example@evil.example/", "evil.example"),
    ],
)
def test_urls_and_their_hosts(text: str, url: str, host: str) -> None:
    assert read_url(text) == url
    assert url_host(url) == host


@pytest.mark.parametrize(
    "text", ["", "a.example/x", "javascript:alert(1)", "http://", "http://[::1", "data:,x"]
)
def test_what_names_no_host_is_no_url(text: str) -> None:
    assert read_url(text) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("192.0.2.1:8080", Named(ip="192.0.2.1", port=8_080)),
        ("[2001:db8::1]:25", Named(ip="2001:db8::1", port=25)),
        ("2001:db8::25", Named(ip="2001:db8::25")),
        ("someone@Shop.example", Named(host="shop.example")),
        ("http://192.0.2.1/x", Named(ip="192.0.2.1", url="http://192.0.2.1/x")),
        ("http://a.example/x", Named(host="a.example", url="http://a.example/x")),
        ("the usual suspect", Named()),
    ],
)
def test_identifiers(text: str, named: Named) -> None:
    assert read_identifier(text) == named


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100) | st.from_regex(r"(h..p://)?[\[\]0-9a-f.:@/%-]{0,40}", fullmatch=True))
def test_any_text_names_something_in_its_own_spelling_or_nothing(text: str) -> None:
    named = read_identifier(text)
    if named.ip:
        assert read_ip(named.ip) == named.ip
    if named.host:
        assert read_host(named.host) == named.host
    if named.url:
        assert name_url(named.url).url == read_url(named.url) == named.url
