from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.attribution.holdings import COLUMNS, Holding, read_holdings, write_holdings
from aupkeep.base.clock import DAY, parse_instant
from aupkeep.base.errors import AupkeepError, Fault, render

HEADER = ",".join(COLUMNS)


def row(**cells: str) -> str:
    given_cells = {
        "provider": "jasmo",
        "kind": "ip",
        "value": "192.0.2.1",
        "customer": "c1",
        "from": "2026-01-01T00:00:00Z",
    } | {name.rstrip("_"): text for name, text in cells.items()}
    return ",".join(given_cells.get(name, "") for name in COLUMNS)


def read(*rows: str) -> tuple[Holding, ...]:
    return read_holdings("\n".join([HEADER, *rows]), file="h.csv")


def faults(*rows: str) -> list[tuple[str, int, int]]:
    with pytest.raises(AupkeepError) as caught:
        read(*rows)
    return [
        (fault.code, fault.place.line, fault.place.column)
        for fault in caught.value.faults
        if fault.place is not None
    ]


def test_a_whole_row_is_read() -> None:
    text = (
        "jasmo,ip,192.0.2.1,1024,2047,c1,vps-7,vps-small,2026-01-01T00:00:00+03:00,"
        "2026-02-01T00:00:00Z,billing,2026-01-02T00:00:00Z"
    )
    assert read(text) == (
        Holding(
            provider="jasmo",
            kind="ip",
            value="192.0.2.1",
            port_from=1024,
            port_to=2047,
            customer="c1",
            service="vps-7",
            plan="vps-small",
            since=parse_instant("2025-12-31T21:00:00Z"),
            until=parse_instant("2026-02-01T00:00:00Z"),
            source="billing",
            recorded_at=parse_instant("2026-01-02T00:00:00Z"),
        ),
    )


def test_without_an_end_it_is_still_held_and_was_recorded_when_it_began() -> None:
    (holding,) = read(row())
    assert holding.until is None
    assert holding.recorded_at == holding.since


def test_columns_may_come_in_any_order_with_bom_crlf_blank_lines_and_quotes() -> None:
    names = list(reversed(COLUMNS))
    cells = dict(zip(COLUMNS, row(customer='"Ann, ""A"" Ltd"').split(",", 5), strict=False))
    cells |= dict.fromkeys(set(COLUMNS) - set(cells), "")
    cells |= {"customer": '"Ann, ""A"" Ltd"', "from": "2026-01-01T00:00:00Z"}
    line = ",".join(cells[name] for name in names)
    (holding,) = read_holdings("\ufeff" + ",".join(names) + f"\r\n\r\n{line}\r\n", file="h.csv")
    assert holding.customer == 'Ann, "A" Ltd'


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("ip", "2001:DB8:0::1", "2001:db8::1"),
        ("ip", "::ffff:192.0.2.9", "192.0.2.9"),
        ("prefix", "2001:DB8::/32", "2001:db8::/32"),
        ("domain", "Shop.Example.", "shop.example"),
        ("domain", "bücher.example", "xn--bcher-kva.example"),
        ("domain", "straße.example", "xn--strae-oqa.example"),
        ("mailbox", "Ann@Bücher.Example", "ann@xn--bcher-kva.example"),
        ("login", "Ann@Shop.Example", "ann@shop.example"),
        ("user", "33@Web1", "33@web1"),
        ("path", "https://Shop.Example/%7Eann//./x/", "shop.example/~ann/x"),
        ("path", "/home/Ann/../Bob/", "/home/Bob"),
        ("IP", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_values_are_put_into_one_spelling(kind: str, written: str, value: str) -> None:
    (holding,) = read(row(kind=kind, value=written))
    assert (holding.kind, holding.value) == (kind.lower(), value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ip", "192.0.2.256"),
        ("ip", "192.0.2.0/24"),
        ("ip", "fe80::1%eth0"),
        ("prefix", "192.0.2.1/24"),
        ("prefix", "2001:db8::1/32"),
        ("prefix", "192.0.2.1"),
        ("prefix", "192.0.2.0/33"),
        ("domain", "*.shop.example"),
        ("domain", "shop..example"),
        ("domain", "a b.example"),
        ("domain", "192.0.2.1"),
        ("domain", "a" * 64 + ".example"),
        ("mailbox", "ann"),
        ("mailbox", "@shop.example"),
        ("path", "shop.example"),
        ("path", "shop.example/"),
    ],
)
def test_a_bad_value_is_a_fault_at_its_cell(kind: str, value: str) -> None:
    assert faults(row(kind=kind, value=value)) == [("bad-value", 2, len(f"jasmo,{kind},") + 1)]


def test_host_bits_are_named_with_the_prefix_that_was_meant() -> None:
    with pytest.raises(AupkeepError, match=r"host bits set; the prefix is 192\.0\.2\.0/24"):
        read(row(kind="prefix", value="192.0.2.7/24"))


def test_all_faults_are_found_in_one_pass() -> None:
    found = faults(
        row(kind="adress"),
        row(value="nonsense"),
        row(from_="2026-01-01T00:00:00"),
        row(from_="yesterday"),
        row(to="2026-01-01T00:00:00Z"),
        row(customer=""),
        row(port_from="70000", port_to="x"),
        row(port_from="10"),
        row(port_from="10", port_to="9"),
        row(kind="domain", value="a.example", port_from="1", port_to="2"),
        "too,few",
        'jasmo,"ip,192.0.2.1',
        "jasmo\x00,ip",
    )
    assert [(code, line) for code, line, _ in found] == [
        ("unknown-word", 2),
        ("bad-value", 3),
        ("no-zone", 4),
        ("bad-time", 5),
        ("ends-before-start", 6),
        ("missing-value", 7),
        ("bad-port", 8),
        ("bad-port", 8),
        ("bad-port", 9),
        ("bad-port", 10),
        ("bad-port", 11),
        ("wrong-width", 12),
        ("bad-quote", 13),
        ("bad-character", 14),
    ]


def test_a_fault_shows_the_line_and_a_caret_under_the_cell() -> None:
    with pytest.raises(AupkeepError) as caught:
        read(row(kind="adress"))
    shown = render(caught.value.faults[0]).splitlines()
    assert shown[0] == "h.csv:2:7: `adress` is not a kind of holding"
    assert shown[2].index("^") == shown[1].index("adress")
    assert "allowed: ip, prefix, domain, mailbox, login, user, path" in shown[3]


def test_missing_unknown_and_double_columns_are_faults_of_the_first_line() -> None:
    header = HEADER.replace("customer", "custommer").replace("plan", "service")
    with pytest.raises(AupkeepError) as caught:
        read_holdings(header, file="h.csv")
    found = sorted((fault.code, fault.hint) for fault in caught.value.faults)
    assert found == [
        ("duplicate-column", ""),
        ("missing-column", ""),
        ("missing-column", ""),
        ("unknown-word", "did you mean `customer`?"),
    ]


def test_an_empty_file_lacks_every_column() -> None:
    with pytest.raises(AupkeepError) as caught:
        read_holdings("", file="h.csv")
    assert [fault.code for fault in caught.value.faults] == ["missing-column"] * len(COLUMNS)


def test_two_customers_at_one_time_are_a_fault_that_names_both_lines() -> None:
    with pytest.raises(AupkeepError) as caught:
        read(row(), row(value="192.0.2.2"), row(customer="c2", from_="2026-03-01T00:00:00Z"))
    (fault,) = caught.value.faults
    assert fault.code == "overlap"
    assert fault.place is not None
    assert fault.place.line == 4
    assert "`c2` (line 4) and by `c1` (line 2)" in fault.what


def test_a_spelling_does_not_hide_an_overlap() -> None:
    one, other = row(value="2001:db8::1"), row(value="2001:DB8:0:0::1", customer="c2")
    assert faults(one, other) == [("overlap", 3, 10)]


def test_what_meets_or_differs_does_not_overlap() -> None:
    rows = (
        row(to="2026-02-01T00:00:00Z"),
        row(customer="c2", from_="2026-02-01T00:00:00Z"),
        row(provider="injazat", customer="c3"),
        row(kind="prefix", value="192.0.2.1/32", customer="c4"),
        row(customer="c2", service="other", from_="2026-03-01T00:00:00Z"),
        row(value="192.0.2.9", customer="c5"),
        row(value="192.0.2.9", customer="c6", port_from="0", port_to="99"),
        row(value="192.0.2.9", customer="c7", port_from="100", port_to="199"),
    )
    assert len(read(*rows)) == len(rows)


def test_overlapping_port_ranges_are_rivals() -> None:
    rows = (
        row(port_from="0", port_to="100"),
        row(customer="c2", port_from="100", port_to="200"),
    )
    assert faults(*rows) == [("overlap", 3, 10)]


words = st.text(st.sampled_from('ab ,"ü|-')).map(str.strip)
somebody = words.filter(bool)
instants = st.integers(-(10**15), 10**15)


@st.composite
def holdings(draw: st.DrawFn) -> Holding:
    since = draw(instants)
    return Holding(
        provider=draw(somebody),
        kind="login",
        value=draw(somebody.map(str.lower)),
        customer="one",
        service=draw(words),
        plan=draw(words),
        since=since,
        until=draw(st.none() | st.integers(since + 1, since + DAY)),
        source=draw(words),
        recorded_at=draw(instants),
    )


@given(st.lists(holdings(), max_size=5))
@settings(max_examples=60)
def test_what_is_written_is_read_back(listed: list[Holding]) -> None:
    assert read_holdings(write_holdings(listed), file="h.csv") == tuple(listed)


@given(st.text(), st.text(st.sampled_from('",\n\r ab19.:/@Z-')))
@settings(max_examples=100)
def test_any_text_is_read_or_refused_with_places(junk: str, tail: str) -> None:
    for text in (junk, f"{HEADER}\n{tail}", f"{HEADER}\n{row()}{junk}"):
        refused: tuple[Fault, ...] = ()
        try:
            read_holdings(text, file="h.csv")
        except AupkeepError as error:
            refused = error.faults
        assert all(fault.place is not None for fault in refused)
