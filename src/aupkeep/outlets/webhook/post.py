"""Post a JSON object to a web address.

In: plain values. Out: taken (any 2xx), or a `PowerFault`. No redirect is followed, no proxy asked,
and no answer read but its status, so that an address in the settings stays the only one called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from aupkeep.base.canonical import canonical
from aupkeep.base.errors import Fault
from aupkeep.sanctions.power import PowerFault

#: Answers of 4xx that time may change: time-out, too early, too many requests.
_PASSING = frozenset({408, 425, 429})
_REFUSED, _FAILED = 300, 500


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
        data = canonical(body)
        try:
            with (
                httpx.Client(
                    timeout=self.patience, follow_redirects=False, trust_env=False
                ) as client,
                client.stream("POST", self._address(), content=data, headers=headers) as answer,
            ):
                code = answer.status_code
        except httpx.TimeoutException:
            raise self._fault(f"gave no answer within {self.patience:g} s", retry=True) from None
        except httpx.TransportError as error:
            why = str(error).lower() or type(error).__name__
            raise self._fault(f"cannot be reached: {why}", retry=True) from None
        if _REFUSED <= code < _FAILED and code not in _PASSING:
            moved = " (redirects are not followed)" if code < 400 else ""  # noqa: PLR2004  # 3xx
            raise self._fault(f"answers {code}{moved}", retry=False)
        if code >= _REFUSED:
            raise self._fault(f"answers {code}", retry=True)

    def _address(self) -> httpx.URL:
        try:
            found = httpx.URL(self.url)
        except httpx.InvalidURL:
            found = httpx.URL("")
        if found.scheme not in ("http", "https") or not found.host:
            what = "the webhook is not an address that begins with http:// or https://"
            raise PowerFault(Fault(code="webhook", what=what), retry=False)
        return found

    def _fault(self, what: str, *, retry: bool) -> PowerFault:
        said = f"the webhook at {self._address().host} {what}"
        return PowerFault(Fault(code="webhook", what=said), retry=retry)
