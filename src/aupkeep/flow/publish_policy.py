"""The act of publishing a policy version.

In: a checked policy. Out: the version, stored word for word and entered in the record. The same
folder published again is no act; another text under a published version is refused, and so is a
later version that reaches back behind the newest one.
"""

from __future__ import annotations

from collections.abc import Sequence

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.recording import Recording
from aupkeep.flow.rules import Ruled
from aupkeep.policy.model import Policy
from aupkeep.store import ground
from aupkeep.store.database import unit


def publish_policy(ruled: Ruled, *, now: int) -> bool:
    """Publish `ruled`; False where this version is published already with the same text.

    Raises `AupkeepError` where the version is published with another hash, as versions never
    change, and where it would take the place of the newest one for time that has passed.
    """
    policy = ruled.policy
    if is_published(ruled):
        return False
    _refuse_past(policy, ground.published(policy.provider), now)
    with unit():
        ground.put_published(
            ground.Published(
                provider=policy.provider,
                version=policy.version,
                hash=policy.hash,
                effective=policy.effective,
                published_at=now,
                files=ruled.files,
            )
        )
        recording = Recording()
        body = {"policy": policy.id, "version": policy.version, "hash": policy.hash}
        recording.enter(policy.provider, "policy_published", policy.version, body, at=now)
        recording.keep()
    return True


def _refuse_past(policy: Policy, earlier: Sequence[ground.Published], now: int) -> None:
    """Refuse what would decide about the past anew; only a first version may reach back."""
    newest = max((version.effective for version in earlier), default=None)
    if newest is None or policy.effective > newest or policy.effective >= now:
        return
    raise AupkeepError(
        Fault(
            code="effective-in-the-past",
            what=(
                f"version `{policy.version}` of `{policy.provider}` would be in force from "
                f"{format_instant(policy.effective)}, which has passed and is not later than the "
                f"newest published version's {format_instant(newest)}"
            ),
            hint="set `effective` to an instant to come",
        )
    )


def is_published(ruled: Ruled) -> bool:
    """Whether this very text is published; raises `AupkeepError` where its version has another."""
    policy = ruled.policy
    for version in ground.published(policy.provider):
        if version.version != policy.version:
            continue
        if version.hash == policy.hash:
            return True
        raise AupkeepError(
            Fault(
                code="version-is-published",
                what=(
                    f"version `{policy.version}` of `{policy.provider}` is published with another "
                    "text, and a published version never changes"
                ),
                hint="give the changed folder a new `version` and an `effective` instant to come",
            )
        )
    return False
