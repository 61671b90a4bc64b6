"""A customer, a router and the world outside, each a network namespace of its own.

The customer has two addresses of each version; packets to the outside go through the router.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_NEWNET = 0x40000000

CUSTOMER, NEIGHBOUR, OUTSIDE = "198.51.100.7", "198.51.100.8", "203.0.113.9"
CUSTOMER_6, NEIGHBOUR_6, OUTSIDE_6 = "2001:db8:1::7", "2001:db8:1::8", "2001:db8:2::9"
#: Seconds that what must arrive may take on a busy machine, and what may be overtaken.
_SOON, _LATE = 20.0, 0.05
_RCVBUFFORCE = 33


@dataclass(frozen=True)
class Room:
    customer: str
    router: str
    outside: str

    def nft(self, *words: str, stdin: str = "") -> str:
        return run("ip", "netns", "exec", self.router, "nft", *words, stdin=stdin)

    def passes(self, source: str, to: tuple[str, int], *, inward: bool = False) -> bool:
        """Whether a datagram from `source` (a customer's) gets to `to`, or back (`inward`)."""
        other = NEIGHBOUR_6 if ":" in source else NEIGHBOUR
        with (
            self.bound(self.customer, source, to[1] if inward else 0) as mine,
            self.bound(self.customer, other, 0) as control,
            self.bound(self.outside, *to) as theirs,
        ):
            ends = (theirs, mine, theirs, control) if inward else (mine, theirs, control, theirs)
            begin, end, control_begin, control_end = ends
            begin.sendto(b"asked", end.getsockname()[:2])
            control_begin.sendto(b"control", control_end.getsockname()[:2])
            # Nothing stops the second one: where it has arrived, the first has or never will.
            control_end.settimeout(_SOON)
            first = control_end.recv(100)
            if first == b"asked":
                return True
            end.settimeout(_LATE)
            try:
                return end.recv(100) == b"asked"
            except TimeoutError:
                return False

    def arriving(self, source: str, count: int) -> int:
        """How many of so many datagrams of 1000 bytes, sent at once, arrive outside."""
        with (
            self.bound(self.customer, source, 0) as mine,
            self.bound(self.customer, NEIGHBOUR, 0) as control,
            self.bound(self.outside, OUTSIDE, 9) as theirs,
        ):
            for _ in range(count):
                mine.sendto(b"x" * 972, (OUTSIDE, 9))
            control.sendto(b"control", (OUTSIDE, 9))
            theirs.settimeout(_SOON)
            found = 0
            while theirs.recv(2000) != b"control":
                found += 1
            return found

    def bound(self, namespace: str, address: str, port: int) -> socket.socket:
        """A UDP socket in a namespace."""
        made: list[socket.socket] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET

        def make() -> None:
            # Only this thread goes there; the socket stays where it was made.
            libc = ctypes.CDLL(None, use_errno=True)
            place = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
            assert libc.setns(place, _NEWNET) == 0, os.strerror(ctypes.get_errno())
            os.close(place)
            one = socket.socket(family, socket.SOCK_DGRAM)
            one.bind((address, port))
            one.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 4 << 20)
            made.append(one)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]


def run(*words: str, stdin: str = "") -> str:
    done = subprocess.run(
        list(words), input=stdin, text=True, capture_output=True, check=False, env={"PATH": _PATH}
    )
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def missing() -> str:
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    if not all(shutil.which(name, path=_PATH) for name in ("ip", "nft")):
        return "Debian's nftables or iproute2 is not installed"
    name = f"aupkeep-{secrets.token_hex(4)}"
    words = ["ip", "netns", "add", name]
    if subprocess.run(words, check=False, capture_output=True, env={"PATH": _PATH}).returncode:
        return "no network namespace can be made here"
    run("ip", "netns", "del", name)
    return ""


@contextmanager
def room() -> Iterator[Room]:
    word = secrets.token_hex(4)
    own = Room(f"aupkeep-c{word}", f"aupkeep-r{word}", f"aupkeep-o{word}")
    names = (own.customer, own.router, own.outside)
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        _wire(own.customer, own.router, "in", ("198.51.100", "2001:db8:1:"), ("7", "8"))
        _wire(own.outside, own.router, "out", ("203.0.113", "2001:db8:2:"), ("9",))
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            path = Path("/proc/sys", *key.split("."))
            run("ip", "netns", "exec", own.router, "sh", "-c", f"echo 1 > {path}")
        # Who has which address is asked for once, or a packet could be overtaken meanwhile.
        for source, to in ((CUSTOMER, OUTSIDE), (NEIGHBOUR, OUTSIDE), (CUSTOMER_6, OUTSIDE_6)):
            for inward in (False, True):
                until = time.monotonic() + _SOON
                while not own.passes(source, (to, 9), inward=inward):
                    assert time.monotonic() < until
        yield own
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, env={"PATH": _PATH})


def _wire(
    far: str, router: str, port: str, prefixes: tuple[str, str], hosts: tuple[str, ...]
) -> None:
    four, six = prefixes
    run(
        "ip", "-n", far, "link", "add", "wan", "type", "veth", "peer", "name", port, "netns", router
    )
    addresses = [(far, "wan", host) for host in hosts] + [(router, port, "1")]
    for name, device, host in addresses:
        run("ip", "-n", name, "address", "add", f"{four}.{host}/24", "dev", device)
        run("ip", "-n", name, "address", "add", f"{six}:{host}/64", "dev", device, "nodad")
        run("ip", "-n", name, "link", "set", device, "up")
    run("ip", "-n", far, "route", "add", "default", "via", f"{four}.1")
    run("ip", "-n", far, "route", "add", "default", "via", f"{six}:1")
