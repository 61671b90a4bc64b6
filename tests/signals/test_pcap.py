"""Captures in all their forms, whole and broken."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.signals.formats import pcap
from aupkeep.signals.formats.pcap import Datagram
from aupkeep.signals.parsed import Reject

EXPORTER = "192.0.2.9"
PAYLOAD = b"what the exporter sent"
IPV4 = bytes([192, 0, 2, 9, 192, 0, 2, 10])
IPV6 = bytes.fromhex("20010db8" + "00" * 11 + "01" + "20010db8" + "00" * 11 + "02")
MACS = bytes(12)


def udp(payload: bytes = PAYLOAD) -> bytes:
    return struct.pack(">HHHH", 40000, 2055, 8 + len(payload), 0) + payload


def ipv4(inner: bytes, *, protocol: int = 17, fragment: int = 0) -> bytes:
    length = 20 + len(inner)
    return struct.pack(">BBHHHBBH", 0x45, 0, length, 0, fragment, 64, protocol, 0) + IPV4 + inner


def ipv6(inner: bytes, *, following: int = 17) -> bytes:
    return struct.pack(">IHBB", 0x60000000, len(inner), following, 64) + IPV6 + inner


def ethernet(packet: bytes, kind: int = 0x0800, tags: bytes = b"") -> bytes:
    return MACS + tags + struct.pack(">H", kind) + packet


def classic(frames: list[bytes], *, order: str = "<", nano: bool = False, link: int = 1) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    fraction = 250_000_000 if nano else 250_000
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return head + b"".join(
        struct.pack(order + "IIII", 1_700_000_000, fraction, len(frame), len(frame)) + frame
        for frame in frames
    )


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, *, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def packet(frame: bytes, ticks: int, *, number: int = 0, order: str = "<") -> bytes:
    head = (number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, struct.pack(order + "IIIII", *head) + frame, order)


def only(data: bytes) -> Datagram:
    (found,) = pcap.read(data)
    assert isinstance(found, Datagram)
    return found


def reasons(data: bytes) -> list[str]:
    return [item.reason for item in pcap.read(data) if isinstance(item, Reject)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_classic_capture_in_both_orders_and_clocks(order: str, nano: bool) -> None:  # noqa: FBT001 - a parameter of the test
    data = classic([ethernet(ipv4(udp()))], order=order, nano=nano)
    assert only(data) == Datagram(
        received_at=1_700_000_000_250_000, exporter=EXPORTER, payload=PAYLOAD, offset=24
    )


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, ethernet(ipv4(udp()))),
        (1, ethernet(ipv4(udp()), tags=bytes.fromhex("8100000a"))),
        (1, ethernet(ipv4(udp()), tags=bytes.fromhex("88a8000a8100000b"))),
        (1, ethernet(ipv4(udp())) + bytes(6)),
        (0, bytes.fromhex("02000000") + ipv4(udp())),
        (108, bytes.fromhex("00000002") + ipv4(udp())),
        (101, ipv4(udp())),
        (228, ipv4(udp())),
        (113, bytes(14) + bytes.fromhex("0800") + ipv4(udp())),
        (276, bytes.fromhex("0800") + bytes(18) + ipv4(udp())),
    ],
)
def test_link_types(link: int, frame: bytes) -> None:
    found = only(classic([frame], link=link))
    assert (found.exporter, found.payload) == (EXPORTER, PAYLOAD)


def test_ipv6_also_behind_extension_headers() -> None:
    options = bytes([17, 0]) + bytes(6)
    plain = ethernet(ipv6(udp()), 0x86DD)
    extended = ethernet(ipv6(options + udp(), following=0), 0x86DD)
    found = [item for item in pcap.read(classic([plain, extended])) if isinstance(item, Datagram)]
    assert [(item.exporter, item.payload) for item in found] == [("2001:db8::1", PAYLOAD)] * 2


def test_frames_without_udp_are_passed_over() -> None:
    arp = ethernet(bytes(28), 0x0806)
    tcp = ethernet(ipv4(bytes(20), protocol=6))
    assert list(pcap.read(classic([arp, tcp]))) == []


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (ethernet(ipv4(udp()))[:-3], "frame cut short"),
        (ethernet(ipv4(udp()))[:20], "frame cut short"),
        (ethernet(ipv4(b"1234")), "frame cut short"),
        (b"short", "frame cut short"),
        (ethernet(ipv4(udp(), fragment=0x2000)), "UDP in IP fragments"),
        (ethernet(ipv4(udp(), fragment=0x0010)), "UDP in IP fragments"),
        (ethernet(ipv6(bytes(8) + udp(), following=44), 0x86DD), "UDP in IP fragments"),
    ],
)
def test_a_frame_that_cannot_be_read_is_rejected_and_the_next_is_read(
    frame: bytes, reason: str
) -> None:
    data = classic([frame, ethernet(ipv4(udp()))])
    first, second = pcap.read(data)
    assert isinstance(first, Reject)
    assert (first.reason, first.offset) == (reason, 24)
    assert isinstance(second, Datagram)


def test_unknown_link_type_is_named() -> None:
    assert reasons(classic([b"frame"], link=147)) == ["link type 147 is not read"]


@pytest.mark.parametrize("cut", [1, 16, 17, 60])
def test_truncated_capture_gives_what_stood_before(cut: int) -> None:
    frame = ethernet(ipv4(udp()))
    data = classic([frame, frame])[:-cut]
    first, second = pcap.read(data)
    assert isinstance(first, Datagram)
    assert isinstance(second, Reject)
    assert second.offset == 24 + 16 + len(frame)


def test_junk_length_ends_the_reading() -> None:
    data = classic([]) + b"\xff" * 64
    assert reasons(data) == ["packet length out of range"]


def test_header_alone_and_no_capture() -> None:
    assert reasons(classic([])[:10]) == ["capture header cut short"]
    assert reasons(b"\x00\x05 no capture") == ["not a capture file"]
    assert not pcap.is_capture(b"")


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_in_both_orders(order: str) -> None:
    frame = ethernet(ipv4(udp()))
    data = section(order) + interface(order=order)
    offset = len(data)
    data += packet(frame, 1_700_000_000_250_000, order=order)
    assert pcap.is_capture(data)
    assert only(data) == Datagram(
        received_at=1_700_000_000_250_000, exporter=EXPORTER, payload=PAYLOAD, offset=offset
    )


def test_pcapng_clock_options_of_each_interface() -> None:
    nano = struct.pack("<HHB3xHHqHH", 9, 1, 9, 14, 8, 100, 0, 0)
    binary = struct.pack("<HHB3x", 9, 1, 0x80 | 10)
    data = section() + interface(options=nano) + interface(link=101, options=binary)
    data += packet(ethernet(ipv4(udp())), 5_000_000_000)
    data += packet(ipv4(udp()), 7 * 1024 + 512, number=1)
    found = [item.received_at for item in pcap.read(data) if isinstance(item, Datagram)]
    assert found == [105_000_000, 7_500_000]


def test_pcapng_other_packet_blocks_and_a_second_section() -> None:
    frame = ethernet(ipv4(udp()))
    simple = block(3, struct.pack("<I", len(frame)) + frame)
    old = block(2, struct.pack("<HHIIII", 0, 0, 0, 9, len(frame), len(frame)) + frame)
    data = section() + interface() + simple + old + block(0x0BAD, b"unknown")
    data += section(">") + interface(order=">") + packet(frame, 11, order=">")
    found = [item.received_at for item in pcap.read(data) if isinstance(item, Datagram)]
    assert found == [0, 9, 11]


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (packet(b"frame", 1, number=7), "packet of an interface that was not described"),
        (block(6, bytes(8)), "packet block cut short"),
        (block(6, struct.pack("<IIIII", 0, 0, 0, 999, 999)), "packet block cut short"),
        (b"\x06\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00", "block length out of range"),
        (b"\x06\x00\x00\x00\xff\xff\x00\x00", "block header cut short"),
        (struct.pack("<III", 6, 4096, 0), "block cut short"),
        (b"\x0a\x0d\x0d\x0a" + bytes(24), "unknown byte order"),
    ],
)
def test_broken_pcapng_blocks(tail: bytes, reason: str) -> None:
    assert reasons(section() + interface() + tail) == [reason]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 300), st.sampled_from(["classic", "ng"]))
def test_nothing_makes_the_reader_raise(junk: bytes, at: int, form: str) -> None:
    frame = ethernet(ipv4(udp()))
    whole = classic([frame, frame]) if form == "classic" else section() + interface()
    whole += b"" if form == "classic" else packet(frame, 1)
    spoiled = whole[:at] + junk + whole[at + len(junk) :]
    for item in pcap.read(spoiled):
        assert 0 <= item.offset < max(len(spoiled), 1)
