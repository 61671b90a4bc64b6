"""The flow files, read by struct and NumPy: well formed, guilty only where the truth is."""

from __future__ import annotations

import struct
from collections import defaultdict
from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from numpy.typing import NDArray

from aupkeep.base.clock import MINUTE
from aupkeep.demo.brand import BRANDS
from aupkeep.demo.flows import ACTIVE_TIMEOUT, TCP, WHOLE, Flows
from aupkeep.demo.fortnight import Fortnight
from aupkeep.demo.netflow import Router, datagrams

ROW = np.dtype(">u4,>u4,>u4,>u2,>u2,>u4,>u4,>u4,>u4,>u2,>u2,u1,u1,u1,u1,>u2,>u2,u1,u1,>u2")


def bare(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = 24 + 48 * struct.unpack_from(">H", data, at + 2)[0]
        found.append(data[at : at + size])
        at += size
    return found


def captured(data: bytes) -> list[tuple[int, str, bytes]]:
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    found, at = [], 24
    while at < len(data):
        seconds, micros, size, whole = struct.unpack_from("<IIII", data, at)
        assert size == whole
        frame = data[at + 16 : at + 16 + size]
        assert frame[12:14] == b"\x08\x00"
        assert sum(struct.unpack(">10H", frame[14:34])) % 0xFFFF == 0
        assert struct.unpack(">HHH", frame[34:40]) == (2055, 2055, size - 34)
        found.append((seconds * 1_000_000 + micros, str(ip_address(frame[26:30])), frame[42:]))
        at += 16 + size
    return found


def payloads(fortnight: Fortnight, path: str) -> list[bytes]:
    data = fortnight.files[path]
    return bare(data) if path.endswith(".nf5") else [one[2] for one in captured(data)]


def records(sent: list[bytes]) -> NDArray[np.int64]:
    """Return start, end, src, dst, sport, dport, protocol, flags, packets of all records."""
    parts = []
    for one in sent:
        _, _, uptime, seconds, nanos = struct.unpack_from(">HHIII", one)
        boot = seconds * 1_000_000 + nanos // 1_000 - uptime * 1_000
        rows = np.frombuffer(one, dtype=ROW, offset=24)
        columns = [rows[f"f{field}"].astype(np.int64) for field in (7, 8, 0, 1, 9, 10, 13, 12, 5)]
        columns[0] = columns[0] * 1_000 + boot
        columns[1] = columns[1] * 1_000 + boot
        parts.append(np.stack(columns, axis=1))
    return np.concatenate(parts)


@pytest.mark.parametrize(
    "path",
    [
        "jasmo/flows-guarded.pcap",
        "jasmo/flows-unguarded.pcap",
        "jasmo/flows-forged.pcap",
        "injazat/flows.nf5",
    ],
)
def test_datagrams_are_well_formed(fortnight: Fortnight, path: str) -> None:
    expected, boots, previous = None, set(), 0
    for one in payloads(fortnight, path):
        version, count, uptime, seconds, nanos, sequence = struct.unpack_from(">HHIIII", one)
        assert version == 5
        assert 1 <= count <= 30
        assert len(one) == 24 + 48 * count
        assert expected in (None, sequence)
        expected = sequence + count
        exported = seconds * 1_000_000 + nanos // 1_000
        boots.add(exported - uptime * 1_000)
        assert previous < exported <= fortnight.end
        previous = exported
    assert len(boots) == 1
    rows = records(payloads(fortnight, path))
    assert (rows[:, 0] >= fortnight.start).all()
    assert (rows[:, 0] <= rows[:, 1]).all()
    assert (rows[:, 1] < fortnight.end).all()
    assert (rows[:, 1] - rows[:, 0] <= ACTIVE_TIMEOUT).all()


def test_flows_leave_the_exporter_within_two_minutes(fortnight: Fortnight) -> None:
    for one in payloads(fortnight, "injazat/flows.nf5"):
        _, _, _, seconds, nanos = struct.unpack_from(">HHIII", one)
        lag = seconds * 1_000_000 + nanos // 1_000 - records([one])[:, 1]
        assert lag.min() > 0
        assert lag.max() < 2 * MINUTE


def test_there_are_enough_records(fortnight: Fortnight) -> None:
    paths = [source.path for source in fortnight.sources if source.format == "netflow5"]
    count = sum(len(one) // 48 for path in paths for one in payloads(fortnight, path))
    assert 120_000 < count < 300_000


def test_captures_name_their_exporters(fortnight: Fortnight) -> None:
    known = {exporter.address for exporter in fortnight.exporters}
    for path in ("jasmo/flows-guarded.pcap", "jasmo/flows-unguarded.pcap"):
        assert {one[1] for one in captured(fortnight.files[path])} < known
    forged = {one[1] for one in captured(fortnight.files["jasmo/flows-forged.pcap"])}
    assert len(forged) == 1
    assert not forged & known


def scanners(rows: NDArray[np.int64]) -> set[str]:
    """Return inside sources that tried 15 ports of a host or 25 hosts on a port in five minutes."""
    half = rows[(rows[:, 6] == TCP) & (rows[:, 7] & 16 == 0) & (rows[:, 8] <= 3)]
    ports, hosts = defaultdict(set), defaultdict(set)
    for _, end, src, dst, _, dport, *_ in half.tolist():
        ports[src, dst, end // (5 * MINUTE)].add(dport)
        hosts[src, dport, end // (5 * MINUTE)].add(dst)
    found = {key[0] for key, seen in ports.items() if len(seen) >= 15}
    found |= {key[0] for key, seen in hosts.items() if len(seen) >= 25}
    inside = [ip_network(prefix) for brand in BRANDS for prefix in brand.networks]
    return {str(ip_address(src)) for src in found if any(ip_address(src) in net for net in inside)}


def addresses(fortnight: Fortnight, provider: str, *labels: str) -> set[str]:
    return {
        role.customer.address
        for role in fortnight.roles
        if role.customer.provider == provider and role.label in labels
    }


def test_only_scanners_scan(fortnight: Fortnight) -> None:
    scans = ("vertical_scan", "horizontal_scan", "own_systems_scan")
    guarded = scanners(records(payloads(fortnight, "jasmo/flows-guarded.pcap")))
    assert guarded == addresses(fortnight, "jasmo", *scans)
    other = scanners(records(payloads(fortnight, "injazat/flows.nf5")))
    assert other == addresses(fortnight, "injazat", *scans, "reassigned")
    unguarded = scanners(records(payloads(fortnight, "jasmo/flows-unguarded.pcap")))
    assert unguarded == addresses(fortnight, "jasmo", "spoofed_neighbour")
    forged = scanners(records(payloads(fortnight, "jasmo/flows-forged.pcap")))
    assert forged == addresses(fortnight, "jasmo", "forged_source")


def test_only_guessers_open_many_short_ssh_conversations(fortnight: Fortnight) -> None:
    for provider, paths in (
        ("jasmo", ("jasmo/flows-guarded.pcap", "jasmo/flows-unguarded.pcap")),
        ("injazat", ("injazat/flows.nf5",)),
    ):
        counts: dict[tuple[str, int], int] = defaultdict(int)
        for path in paths:
            rows = records(payloads(fortnight, path))
            ssh = rows[(rows[:, 5] == 22) & (rows[:, 7] == WHOLE) & (rows[:, 8] <= 60)]
            for _, end, src, *_ in ssh.tolist():
                counts[str(ip_address(src)), end // (10 * MINUTE)] += 1
        busy = {src for (src, _), count in counts.items() if count >= 40}
        assert busy == addresses(fortnight, provider, "ssh_flows")
        assert all(count < 5 for (src, _), count in counts.items() if src not in busy)


def test_a_long_flow_is_cut_at_the_active_timeout() -> None:
    flows = Flows()
    flows.add(
        start=0,
        end=12 * MINUTE,
        src=1,
        dst=2,
        sport=40_000,
        dport=22,
        protocol=TCP,
        flags=WHOLE,
        packets=3_000,
        octets=9_000,
    )
    table = flows.table()
    assert table["start"].tolist() == [0, 5 * MINUTE, 10 * MINUTE]
    assert table["flags"].tolist() == [26, 24, 25]
    assert table["packets"].tolist() == [1_000] * 3


def test_no_flows_make_no_datagrams() -> None:
    router = Router(address="10.0.0.1", collector="10.0.0.2", boot=0)
    assert datagrams(Flows().table(), router) == []
