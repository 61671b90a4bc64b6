"""The act of publishing a policy version.

In: a checked policy. Out: the version, stored word for word and entered in the record. The same
folder published again is no act; another text under a published version is refused.
"""

from __future__ import annotations

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.recording import Recording
from aupkeep.flow.rules import Ruled
from aupkeep.store import ground
from aupkeep.store.database import unit


def publish_policy(ruled: Ruled, *, now: int) -> bool:
    """Publish `ruled`; False where this version is published already with the same text.

    Raises `AupkeepError` where the version is published with another hash: versions never change.
    """
    policy = ruled.policy
    if is_published(ruled):
        return False
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
