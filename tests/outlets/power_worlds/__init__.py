"""A world for each kind of power: a new kind needs one module here and one line in `WORLDS`."""

from __future__ import annotations

from collections.abc import Mapping

from power_worlds import accounts, files, others, packets, postfix_maps, sites
from power_worlds.world import Kind

#: Name of a kind in `outlets.kinds.KINDS` -> its worlds, by what is particular of each.
WORLDS: Mapping[str, Mapping[str, Kind]] = {
    "command": others.PROGRAM,
    "nftables": packets.KINDS,
    "nginx_site": sites.KINDS,
    "postfix_hold": postfix_maps.KINDS,
    "quarantine": files.KINDS,
    "signed_webhook": others.WEBHOOK,
    "unix_account": accounts.KINDS,
}
#: Kinds that cannot keep the whole contract, why, and where what they do keep is tried.
APART: Mapping[str, str] = {
    "authority_letter": "a letter that has left is not taken back: test_authority_letter.py",
    "hestiacp": "the panel has one suspension a user, with no name on it: test_hestiacp.py",
    "whmcs": "the panel has one suspension a service; money is not a state: test_whmcs.py",
}
