"""Whether a port still answers.

In: `ADDRESS:PORT` inside the provider's networks. Out: there where it takes a connection, gone
where the machine refuses one; a machine that is silent is unknown, for a filter may be in between.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from aupkeep.cases.cause import Gone, Seen
from aupkeep.outlets.probes.inside import Inside, Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class PortProbe:
    """Tries to connect by TCP; sends nothing."""

    inside: Inside
    #: Seconds until silence is taken for silence.
    patience: float = 2.0

    def gone(self, target: str) -> Seen:
        """Look at `target`."""
        host, _, number = target.rpartition(":")
        if not number.isdecimal() or not 0 < int(number) <= 65535:  # noqa: PLR2004  # RFC 9293
            return Seen(gone=Gone.UNKNOWN, how=f"`{target}` names no port")
        address = self.inside.address(host.strip("[]"))
        if isinstance(address, Outside):
            return Seen(gone=Gone.UNKNOWN, how=address.why)
        try:
            with socket.create_connection((address, int(number)), timeout=self.patience):
                return Seen(gone=Gone.NO, how=f"port {number} of {address} takes connections")
        except ConnectionRefusedError:
            return Seen(gone=Gone.YES, how=f"port {number} of {address} refuses connections")
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            return Seen(gone=Gone.UNKNOWN, how=f"port {number} of {address}: {why}")
