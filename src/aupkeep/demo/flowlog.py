"""The flow files of both brands: which exporter saw what.

In: the plots. Out: file name -> bytes, and the exporters. Jasmo has an exporter that vouches for
the addresses behind it and one that does not; Injazat has one, whose file holds bare datagrams.
A third file comes from nobody Jasmo knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from aupkeep.base.clock import DAY, MINUTE
from aupkeep.demo.attacks import DEEDS, Attack, forged
from aupkeep.demo.brand import INJAZAT, JASMO, Brand
from aupkeep.demo.flows import Flows
from aupkeep.demo.netflow import Router, capture, datagrams
from aupkeep.demo.plot import Role
from aupkeep.demo.rhythm import Span
from aupkeep.demo.traffic import honest_traffic, own_machines

#: Longest time from the end of a flow to its export; nothing happens later than this.
_LAG = 4 * MINUTE
_UPTIME = 9 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFile:
    """One file of datagrams and the exporter it claims to come from."""

    path: str
    provider: str
    data: bytes
    exporter: str
    guarded: bool
    #: The exporter is one that the provider knows.
    known: bool = True
    #: The file holds bare datagrams, so the exporter must be told to the reader.
    bare: bool = False


def _router(span: Span, address: str, collector: str) -> Router:
    number = int(ip_address(address))
    boot = span.start - _UPTIME - number % 977 * MINUTE
    boot -= boot % 1_000
    return Router(address=address, collector=collector, boot=boot, sequence=number % 90_001)


def _behind(role: Role, prefix: str) -> bool:
    address = role.customer.address
    return bool(prefix and address) and ip_address(address) in ip_network(prefix)


def _seen(seed: int, brand: Brand, span: Span, plot: Sequence[Role], prefix: str) -> Flows:
    """Return what the exporter in front of `prefix` sees."""
    flows = Flows()
    inside = span.inner(MINUTE, _LAG)
    for role in plot:
        if not _behind(role, prefix):
            continue
        honest_traffic(flows, seed, brand, inside, role)
        scanned = role.label == "reassigned" and brand is INJAZAT
        deed = DEEDS["vertical_scan"] if scanned else DEEDS.get(role.label)
        if deed:
            deed(Attack(flows, seed, brand, role))
    return flows


def _blamed(seed: int, brand: Brand, plot: Sequence[Role]) -> Flows:
    flows = Flows()
    for role in plot:
        if role.label == "forged_source":
            forged(Attack(flows, seed, brand, role))
    return flows


def flow_files(seed: int, span: Span, plots: Mapping[str, Sequence[Role]]) -> list[FlowFile]:
    """Return the flow files of both brands."""
    plot = plots[JASMO.name]
    guarded = _seen(seed, JASMO, span, plot, JASMO.guarded)
    own_machines(guarded, seed, JASMO, span.inner(MINUTE, _LAG))
    unguarded = _seen(seed, JASMO, span, plot, JASMO.unguarded)
    other = _seen(seed, INJAZAT, span, plots[INJAZAT.name], INJAZAT.guarded)
    own_machines(other, seed, INJAZAT, span.inner(MINUTE, _LAG))
    told = (
        ("jasmo/flows-guarded.pcap", guarded, "10.20.0.1", "10.20.0.9"),
        ("jasmo/flows-unguarded.pcap", unguarded, "10.20.0.2", "10.20.0.9"),
        ("injazat/flows.nf5", other, "10.30.0.1", "10.30.0.9"),
        ("jasmo/flows-forged.pcap", _blamed(seed, JASMO, plot), "100.64.0.66", "10.20.0.9"),
    )
    return [_file(span, *one) for one in told]


def _file(span: Span, path: str, flows: Flows, address: str, collector: str) -> FlowFile:
    router = _router(span, address, collector)
    sent = datagrams(flows.table(), router)
    bare = path.endswith(".nf5")
    return FlowFile(
        path=path,
        provider=path.partition("/")[0],
        data=b"".join(payload for _, payload in sent) if bare else capture(sent, router),
        exporter=address,
        guarded="unguarded" not in path and "forged" not in path,
        known="forged" not in path,
        bare=bare,
    )
