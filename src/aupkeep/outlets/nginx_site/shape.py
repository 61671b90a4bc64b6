"""The table `[[power]]` of sites of an nginx."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from aupkeep.outlets.nginx_site.power import NginxSite
from aupkeep.outlets.shape import PowerShape


class NginxSiteShape(PowerShape):
    """An nginx on this machine."""

    by: Literal["nginx_site"]
    measure: Literal["lock_site"]
    #: Folder of the files that nginx includes, relative to the settings file.
    folder: str = Field(min_length=1)
    #: The nginx.conf that it runs with.
    config: str = "/etc/nginx/nginx.conf"
    #: Where it answers for its sites.
    ask: str = Field(default="http://127.0.0.1:80", pattern=r"^https?://[^/\s]+$")
    #: Sites that it must never lock.
    shared: list[str] = Field(default_factory=list)

    def opened(self, folder: Path) -> NginxSite:
        """Return the power."""
        return NginxSite(
            folder=(folder / self.folder).absolute(),
            config=(folder / self.config).absolute(),
            ask=self.ask,
            shared=tuple(name.lower() for name in self.shared),
        )
