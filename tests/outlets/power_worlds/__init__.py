"""A world for each kind of power: a new kind needs one module here and one line in `WORLDS`."""

from __future__ import annotations

from collections.abc import Mapping

from power_worlds import accounts, files, packets, postfix_maps, sites
from power_worlds.world import Kind

#: Name of a kind in `outlets.kinds.KINDS` -> its worlds, by what is particular of each.
WORLDS: Mapping[str, Mapping[str, Kind]] = {
    "nftables": packets.KINDS,
    "nginx_site": sites.KINDS,
    "postfix_hold": postfix_maps.KINDS,
    "quarantine": files.KINDS,
    "unix_account": accounts.KINDS,
}
