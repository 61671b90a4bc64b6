"""Whether a page is still there.

In: a URL whose host is inside the provider's networks. Out: gone where the server says 404, 410 or
451 (RFC 9110, RFC 7725), there where it says 2xx; everything else is unknown, a redirect, a refusal
and a server that is down among it. HEAD is asked, then GET, without reading what comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from aupkeep.cases.cause import Gone, Seen
from aupkeep.outlets.probes.inside import Inside, Outside

_GONE = frozenset({404, 410, 451})
_OK = range(200, 300)
#: The server does not know HEAD.
_NOT_HEAD = frozenset({400, 405, 501})


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlProbe:
    """Asks a web server for a page's status."""

    inside: Inside
    #: Seconds for each step of a call.
    patience: float = 3.0

    def gone(self, target: str) -> Seen:
        """Look at `target`."""
        try:
            url = httpx.URL(target)
        except (httpx.InvalidURL, UnicodeError, ValueError):
            return Seen(gone=Gone.UNKNOWN, how="this is no URL that could be asked for")
        if url.scheme not in ("http", "https") or not url.host:
            return Seen(gone=Gone.UNKNOWN, how="only http and https pages are looked at")
        address = self.inside.address(url.host)
        if isinstance(address, Outside):
            return Seen(gone=Gone.UNKNOWN, how=address.why)
        try:
            code = self._status(url, address)
        except httpx.HTTPError as error:
            why = str(error).lower() or type(error).__name__
            return Seen(gone=Gone.UNKNOWN, how=f"{url.host} cannot be asked: {why}")
        if code in _GONE:
            return Seen(gone=Gone.YES, how=f"{url.host} answers {code} for the page")
        gone = Gone.NO if code in _OK else Gone.UNKNOWN
        return Seen(gone=gone, how=f"{url.host} answers {code} for the page")

    def _status(self, url: httpx.URL, address: str) -> int:
        """Return the status, asked of exactly the address that was checked."""
        there = url.copy_with(host=address)
        headers = {"Host": url.netloc.decode("ascii")}
        named = {"sni_hostname": url.host}
        code = 0
        with httpx.Client(
            timeout=self.patience, follow_redirects=False, trust_env=False, headers=headers
        ) as client:
            for method in ("HEAD", "GET"):
                with client.stream(method, there, extensions=named) as answer:
                    code = answer.status_code
                if code not in _NOT_HEAD:
                    break
        return code
