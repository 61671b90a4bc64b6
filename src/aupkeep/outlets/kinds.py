"""Everything that can carry a measure out: the one list of powers.

In: the name that `by` in a table `[[power]]` says. Out: the shape of that table, which opens the
power. A power that is not listed here does not exist for the settings, and cannot be armed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from aupkeep.outlets.authority.shape import AuthorityShape
from aupkeep.outlets.command.shape import CommandShape
from aupkeep.outlets.hestiacp.shape import HestiaShape
from aupkeep.outlets.nftables.shape import NftablesShape
from aupkeep.outlets.nginx_site.shape import NginxSiteShape
from aupkeep.outlets.postfix_hold.shape import PostfixHoldShape
from aupkeep.outlets.quarantine.shape import QuarantineShape
from aupkeep.outlets.shape import PowerShape
from aupkeep.outlets.signed_webhook.shape import SignedWebhookShape
from aupkeep.outlets.unix_account.shape import UnixAccountShape
from aupkeep.outlets.whmcs.shape import WhmcsShape
from aupkeep.policy.model import Measure

KINDS: Final[Mapping[str, type[PowerShape]]] = {
    "authority_letter": AuthorityShape,
    "command": CommandShape,
    "hestiacp": HestiaShape,
    "nftables": NftablesShape,
    "nginx_site": NginxSiteShape,
    "postfix_hold": PostfixHoldShape,
    "quarantine": QuarantineShape,
    "signed_webhook": SignedWebhookShape,
    "unix_account": UnixAccountShape,
    "whmcs": WhmcsShape,
}
#: What carries a measure out where a table does not say.
USUAL: Final = "postfix_hold"


def kind_of(table: Mapping[str, Any]) -> type[PowerShape]:
    """Return the shape of a table as TOML gives it; that of the usual one where `by` is wrong."""
    return KINDS.get(str(table.get("by", USUAL)), KINDS[USUAL])


def measures_of(kind: type[PowerShape]) -> tuple[str, ...]:
    """Return the measures that powers of a kind can carry out."""
    words: tuple[str, ...] = get_args(kind.model_fields["measure"].annotation)
    return words


#: What can be carried out: a letter, a hold on evidence, a fee in the ledger, and what some power
#: can do.
MEASURES: Final = frozenset(
    {
        Measure.WARN,
        Measure.PRESERVE,
        Measure.FEE,
        *(Measure(word) for kind in KINDS.values() for word in measures_of(kind)),
    }
)
