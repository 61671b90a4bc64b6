"""The intake of flows: NetFlow v5 datagrams in, rows of the flow schema out.

In: datagrams of a source in their order. Out: rows with event ids that depend on the datagrams
alone, and rejects. A flow's id is (exporter, engine, boot) as stream and its number in the
exporter's own flow sequence as position, so a datagram that comes twice gives the same ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.events import flow_rows
from aupkeep.events.flow_boots import Boots
from aupkeep.signals.formats import netflow5
from aupkeep.signals.formats.pcap import Datagram
from aupkeep.signals.parsed import KEPT_OF_REJECT, Reject
from aupkeep.signals.source import Exporter

#: Unknown exporters that are counted by address; more are counted together under "".
MOST_UNKNOWN = 1000
_VERSION = 1


class FlowIntake:
    """Turns datagrams into rows; holds the boots of all exporters between batches."""

    def __init__(
        self, *, refuse_unknown: bool = False, trace: list[tuple[int, str]] | None = None
    ) -> None:
        """Begin without memory.

        With `refuse_unknown`, datagrams of exporters that are not known are rejected. `trace`
        receives (offset of the datagram, "row" or "reject") for each one taken.
        """
        self.refuse_unknown = refuse_unknown
        self.trace = trace
        #: Datagrams of unknown exporters, by address.
        self.unknown: dict[str, int] = {}
        self._boots = Boots()
        self._frames: list[pl.DataFrame] = []
        self._rejects: list[Reject] = []

    def take(
        self, datagrams: list[Datagram], *, source: int, exporters: Mapping[str, Exporter]
    ) -> None:
        """Take datagrams of one source; `exporters` is keyed by address.

        An exporter that is not in there is neither authenticated nor guarded.
        """
        allowed = self._admit(datagrams, exporters)
        decoded = netflow5.decode(allowed)
        self._rejects += decoded.rejects
        future = flow_rows.future(decoded)
        self._refuse(decoded, future)
        if decoded.datagrams:
            placed = self._place(decoded, exporters)
            self._frames.append(flow_rows.rows(decoded, placed, ~future, source=source))
        if self.trace is not None:
            self._report(datagrams, decoded, future)

    def rows(self) -> pl.DataFrame:
        """Return the rows since the last call, in the order of the datagrams."""
        frames, self._frames = self._frames, []
        return pl.concat(frames) if frames else pl.DataFrame(schema=flow_rows.SCHEMA)

    def rejects(self) -> list[Reject]:
        """Return what could not be a row since the last call; offsets are the datagrams'."""
        rejects, self._rejects = self._rejects, []
        return rejects

    def lost(self) -> dict[str, int]:
        """Return, by exporter, how many flows its sequence counts that never came."""
        return self._boots.lost()

    def save(self) -> dict[str, Any]:
        """Return the memory as plain values; rows and rejects must have been fetched before."""
        return {"version": _VERSION, "boots": self._boots.save(), "unknown": dict(self.unknown)}

    @classmethod
    def restore(
        cls,
        saved: Mapping[str, Any],
        *,
        refuse_unknown: bool = False,
        trace: list[tuple[int, str]] | None = None,
    ) -> FlowIntake:
        """Return an intake that goes on from what `save` returned.

        Raises `ValueError` on the state of another version of the program.
        """
        if saved["version"] != _VERSION:
            raise ValueError(f"flow intake state has version {saved['version']}, not {_VERSION}")
        intake = cls(refuse_unknown=refuse_unknown, trace=trace)
        intake._boots = Boots.restore(saved["boots"])
        intake.unknown = dict(saved["unknown"])
        return intake

    def _admit(
        self, datagrams: list[Datagram], exporters: Mapping[str, Exporter]
    ) -> list[Datagram]:
        """Count the unknown exporters and leave their datagrams out where that is asked for."""
        allowed: list[Datagram] = []
        for datagram in datagrams:
            address = datagram.exporter
            if address not in exporters and not netflow5.fault(datagram.payload):
                name = address if address in self.unknown or self._has_room() else ""
                self.unknown[name] = self.unknown.get(name, 0) + 1
                if self.refuse_unknown:
                    reason = f"exporter {address} is not on the allow list"
                    head = datagram.payload[:KEPT_OF_REJECT]
                    self._rejects.append(Reject(datagram.offset, head, reason))
                    continue
            allowed.append(datagram)
        return allowed

    def _has_room(self) -> bool:
        return len(self.unknown) < MOST_UNKNOWN

    def _place(
        self, decoded: netflow5.Decoded, exporters: Mapping[str, Exporter]
    ) -> flow_rows.Placed:
        """Find stream and position of each datagram, and what is declared of its exporter."""
        stream, position = [], []
        names = ("engine_type", "engine_id", "uptime", "sequence", "count")
        columns = [decoded.headers[name].tolist() for name in names]
        exported = netflow5.export_times(decoded.headers).tolist()
        for datagram, at, kind, number, uptime, sequence, count in zip(
            decoded.datagrams, exported, *columns, strict=True
        ):
            engine = (datagram.exporter, kind, number)
            boot = self._boots.find(engine, exported=at, uptime=uptime, sequence=sequence)
            stream.append(boot.stream)
            position.append(boot.place(sequence, count, at))
        addresses = [datagram.exporter for datagram in decoded.datagrams]
        known = [exporters.get(address) for address in addresses]
        return flow_rows.Placed(
            stream=np.array(stream, np.int64),
            position=np.array(position, np.int64),
            exporter=addresses,
            authenticated=np.array([one is not None and one.authenticated for one in known]),
            guarded=np.array([one is not None and one.guarded for one in known]),
            sampling=np.array([0 if one is None else one.sampling for one in known], np.int64),
        )

    def _refuse(self, decoded: netflow5.Decoded, future: NDArray[np.bool_]) -> None:
        for flow in np.flatnonzero(future).tolist():
            datagram = decoded.datagrams[int(decoded.owner[flow])]
            begin = 24 + 48 * int(decoded.index[flow])
            head = datagram.payload[begin : begin + 48]
            self._rejects.append(Reject(datagram.offset, head, "flow ends after its export"))

    def _report(
        self, datagrams: list[Datagram], decoded: netflow5.Decoded, future: NDArray[np.bool_]
    ) -> None:
        """Say of each datagram whether any row came of it."""
        fruitful = {
            decoded.datagrams[owner].offset for owner in np.unique(decoded.owner[~future]).tolist()
        }
        trace = self.trace if self.trace is not None else []
        trace += [
            (datagram.offset, "row" if datagram.offset in fruitful else "reject")
            for datagram in datagrams
        ]
