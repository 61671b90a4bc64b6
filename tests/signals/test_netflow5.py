"""NetFlow v5 datagrams out of files, and their fields."""

import ipaddress
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.signals.formats import netflow5
from aupkeep.signals.formats.pcap import Datagram

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "net" / "netflow"
RECORD = struct.Struct(">IIIHHIIIIHHBBBBHHBBH")
HEADER = struct.Struct(">HHIIIIBBH")


def record(src_port: int = 40000) -> bytes:
    return RECORD.pack(
        *(0x0A000001, 0xC0000201, 0, 1, 2, 3, 180, 1000, 2000),
        *(src_port, 22, 0, 0x1B, 6, 0, 0, 0, 0, 0, 0),
    )


def datagram(records: int = 2, *, sequence: int = 0, version: int = 5, count: int = 0) -> bytes:
    head = (version, count or records, 3000, 1_700_000_000, 500_000_000, sequence, 1, 2, 0)
    return HEADER.pack(*head) + b"".join(record(40000 + number) for number in range(records))


def made(payload: bytes, offset: int = 0) -> Datagram:
    return Datagram(received_at=0, exporter="192.0.2.9", payload=payload, offset=offset)


def test_bare_datagrams_are_walked_by_their_counts() -> None:
    data = datagram(2) + datagram(30) + datagram(1)
    found, rejects = netflow5.datagrams(data, "192.0.2.9")
    assert rejects == []
    assert [(item.offset, len(item.payload)) for item in found] == [
        (0, 120),
        (120, 1464),
        (1584, 72),
    ]
    assert {item.exporter for item in found} == {"192.0.2.9"}
    assert {item.received_at for item in found} == {1_700_000_000_500_000}


def test_junk_between_bare_datagrams_is_one_reject() -> None:
    junk = b"\x00\x05\x00\x02 looks like one, is none" + b"\x00\x05\x00" + bytes(99)
    data = datagram(2) + junk + datagram(3) + datagram(1)
    found, rejects = netflow5.datagrams(data, "x")
    assert [item.payload for item in found[-2:]] == [datagram(3), datagram(1)]
    assert rejects
    assert all(120 <= reject.offset < 120 + len(junk) for reject in rejects)


def test_truncated_bare_file_keeps_the_whole_datagrams() -> None:
    found, rejects = netflow5.datagrams((datagram(2) + datagram(2))[:-1], "x")
    assert len(found) == 1
    assert [(item.offset, item.reason) for item in rejects] == [
        (120, "cut short: 2 records do not fit")
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "shorter than a NetFlow header"),
        (datagram(1)[:23], "shorter than a NetFlow header"),
        (datagram(1, version=9), "version 9, not NetFlow 5"),
        (HEADER.pack(5, 0, 0, 0, 0, 0, 0, 0, 0), "1 to 30 records, this says 0"),
        (datagram(2, count=31), "1 to 30 records, this says 31"),
        (datagram(2, count=3), "cut short: 3 records do not fit"),
    ],
)
def test_bad_datagrams_are_rejected_with_the_reason(payload: bytes, reason: str) -> None:
    decoded = netflow5.decode([made(datagram(1)), made(payload, 77), made(datagram(2))])
    assert len(decoded.datagrams) == 2
    (reject,) = decoded.rejects
    assert reject.offset == 77
    assert reject.reason.endswith(reason)
    assert decoded.owner.tolist() == [0, 1, 1]
    assert decoded.index.tolist() == [0, 0, 1]


def test_records_keep_order_over_datagrams_of_different_length() -> None:
    decoded = netflow5.decode([made(datagram(3)), made(datagram(1)), made(datagram(2) + b"tail")])
    assert decoded.records["src_port"].tolist() == [40000, 40001, 40002, 40000, 40000, 40001]
    assert decoded.headers["count"].tolist() == [3, 1, 2]
    assert decoded.records["last"].tolist() == [2000] * 6


def test_no_datagrams_decode_to_empty_columns() -> None:
    decoded = netflow5.decode([])
    assert len(decoded.records) == len(decoded.headers) == len(decoded.owner) == 0


def test_a_residual_of_a_second_or_more_is_left_out() -> None:
    payload = HEADER.pack(5, 1, 0, 100, 4_000_000_000, 0, 0, 0, 0) + record()
    assert netflow5.export_time(payload) == 100_000_000
    decoded = netflow5.decode([made(payload)])
    assert netflow5.export_times(decoded.headers).tolist() == [100_000_000]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 200))
def test_nothing_makes_the_walk_raise_or_lose_bytes_unseen(junk: bytes, at: int) -> None:
    whole = datagram(2) + datagram(1)
    data = whole[:at] + junk + whole[at:]
    found, rejects = netflow5.datagrams(data, "x")
    assert found or rejects
    assert all(data[item.offset :].startswith(item.payload) for item in found)
    assert netflow5.decode(found).rejects == []


def labelled() -> list[dict[str, Any]]:
    path = SAMPLES / "labels.jsonl"
    if not path.exists():
        return []
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [case for case in cases if case["files"][0].startswith("netflow5")]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the development samples are not here")
@pytest.mark.parametrize("case", labelled(), ids=lambda case: str(case["name"]))
def test_development_samples(case: dict[str, Any]) -> None:
    data = (SAMPLES / case["files"][0]).read_bytes()
    found, rejects = netflow5.datagrams(data, "192.0.2.9")
    decoded = netflow5.decode(found)
    if case["expected_event_count"] is None:
        assert (found, len(rejects)) == ([], 1)
        return
    assert rejects == decoded.rejects == []
    assert int(decoded.headers["count"][0]) == case["expected_event_count"]
    names = {"l4_src_port": "src_port", "l4_dst_port": "dst_port", "tcp_flags": "flags"}
    names |= {"in_pkts": "packets", "in_bytes": "octets", "protocol": "protocol", "src_tos": "tos"}
    for event in case["expected_events"]:
        row, stated = decoded.records[event["event"]], event["json"]["netflow"]
        assert {name: int(row[names[name]]) for name in names} == {
            name: stated[name] for name in names
        }
        assert str(ipaddress.IPv4Address(int(row["src"]))) == stated["ipv4_src_addr"]
        assert str(ipaddress.IPv4Address(int(row["dst"]))) == stated["ipv4_dst_addr"]
        assert int(decoded.headers["sequence"][0]) == stated["flow_seq_num"]
