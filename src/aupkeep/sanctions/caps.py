"""What keeps one mistake small: how many customers may be under a measure at a time and an hour.

In: the policy's limits and what is in force. Out: why the next one must wait, or nothing. A cap
that is reached pauses the power until a person says go on (DESIGN section 6).
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.base.clock import HOUR
from aupkeep.policy.model import Limits
from aupkeep.sanctions.sanction import Sanction

_PERMILLE = 1000


def over(
    sanction: Sanction,
    others: Iterable[Sanction],
    limits: Limits,
    *,
    customers: int,
    now: int,
    vouched: int | None = None,
) -> str:
    """Return which cap applying `sanction` would pass, in plain words; empty: none.

    `others` are the provider's sanctions that touch service and were ever applied; `customers` is
    how many customers the provider has. One customer counts once, and one may always be acted on.
    What was applied before `vouched` counts no more: a person looked at it and said go on.
    """
    if not sanction.touches_service:
        return ""
    touching = [
        item
        for item in others
        if item.touches_service
        and item.id != sanction.id
        and (vouched is None or (item.applied_at or 0) > vouched)
    ]
    lately = {item.customer for item in touching if (item.applied_at or 0) > now - HOUR} - {
        sanction.customer
    }
    if len(lately) >= limits.accounts_per_hour:
        return (
            f"{len(lately)} other customers were acted on within an hour, and the policy's limit "
            f"is {limits.accounts_per_hour}"
        )
    under = {item.customer for item in touching if item.in_force} - {sanction.customer}
    share = max(1, customers * limits.share_permille // _PERMILLE)
    if len(under) >= share:
        return (
            f"{len(under)} of {customers} customers are under a measure, and the policy's limit "
            f"is {limits.share_permille / 10:g} % ({share})"
        )
    return ""
