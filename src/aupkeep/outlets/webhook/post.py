"""Post a JSON object to a web address.

In: plain values. Out: taken (any 2xx), or a `PowerFault`. No answer is read but its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aupkeep.base.canonical import canonical
from aupkeep.outlets.calling import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A web address that takes JSON objects."""

    #: `http:` or `https:`; may hold a secret, so that only its host is ever shown.
    url: str
    #: Seconds for each step of a call.
    patience: float = 5.0

    def post(self, identity: str, body: Mapping[str, object]) -> None:
        """Post `body`; the same `identity` tells a receiver that it is the same message again.

        Raises `PowerFault` where it was not taken, `TypeError` for what is not canonical JSON.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": identity}
        caller = Caller(url=self.url, name="the webhook", code="webhook", patience=self.patience)
        caller.post(canonical(body), headers, most=0)
