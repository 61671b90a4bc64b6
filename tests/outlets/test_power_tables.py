"""What the tables of powers behind other people's doors may say, and what they open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aupkeep.base.clock import DAY
from aupkeep.outlets.hestiacp.shape import HestiaShape
from aupkeep.outlets.kinds import KINDS, MEASURES, measures_of
from aupkeep.outlets.remit import SCOPES
from aupkeep.outlets.signed_webhook.shape import SignedWebhookShape
from aupkeep.outlets.whmcs.shape import WhmcsShape
from aupkeep.policy.model import Measure

HOOK: dict[str, Any] = {
    "provider": "jasmo",
    "by": "signed_webhook",
    "measure": "deny_service",
    "url": "https://orders.example/aupkeep",
    "key_file": "keys/orders",
}


def test_every_measure_of_other_doors_has_scopes() -> None:
    assert set(measures_of(KINDS["signed_webhook"])) == set(SCOPES)
    assert measures_of(KINDS["command"]) == measures_of(KINDS["signed_webhook"])


def test_what_can_be_carried_out() -> None:
    never_here = {Measure.QUARANTINE_FILE, Measure.REMOVE_CONTENT}
    assert set(Measure) - never_here <= MEASURES


def test_a_webhook_as_the_settings_say() -> None:
    power = SignedWebhookShape.model_validate(
        HOOK | {"ca_file": "ca.pem", "patience": 3, "scopes": ["service"], "delay": "2d"}
    ).opened(Path("/opt/here"))
    assert power.key == Path("/opt/here/keys/orders")
    assert (power.caller.ca, power.caller.patience) == (Path("/opt/here/ca.pem"), 3)
    assert (power.remit.scopes, power.delay) == (("service",), 0)
    ending = SignedWebhookShape.model_validate(HOOK | {"measure": "terminate", "delay": "2d"})
    assert ending.opened(Path()).delay == 2 * DAY
    usual = SignedWebhookShape.model_validate(HOOK | {"measure": "terminate"}).opened(Path())
    assert (usual.delay, usual.caller.ca) == (DAY, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example",
        "https://[2001:db8::1]:8443/a?b=c",
        "http://127.0.0.1:80/",
        "http://[::1]/",
    ],
)
def test_addresses_that_are_taken(url: str) -> None:
    assert SignedWebhookShape.model_validate(HOOK | {"url": url}).url == url


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "http://orders.example/"}, "is another machine, so its address begins with https"),
        ({"url": "http://192.0.2.1/"}, "is another machine"),
        ({"url": "ftp://orders.example"}, "no address such as"),
        ({"url": "https://"}, "no address such as"),
        ({"url": "https://x.example:port/"}, "no address such as"),
        ({"url": "https://x.example/ y"}, "no address such as"),
        ({"url": "orders.example"}, "no address such as"),
        ({"delay": "30m"}, "an hour at least"),
        ({"delay": "soon"}, "is not a duration"),
        ({"scopes": ["site", "world"]}, "`world` is no scope"),
        ({"measure": "fee"}, "Input should be"),
        ({"patience": 0}, "greater than or equal to 1"),
        ({"verify": False}, "Extra inputs"),
    ],
)
def test_tables_that_are_wrong(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SignedWebhookShape.model_validate(HOOK | change)


def test_panels_keep_their_notes_apart() -> None:
    table = {"provider": "jasmo", "url": "https://p.example/", "key_file": "k"}
    files = set()
    for shape, measures in (
        (HestiaShape, ("suspend_account", "suspend_service", "lock_site")),
        (WhmcsShape, ("suspend_service",)),
    ):
        by = {HestiaShape: "hestiacp", WhmcsShape: "whmcs"}[shape]
        for measure in measures:
            made = shape.model_validate({**table, "by": by, "measure": measure})
            files.add(made.holders(Path("/opt/here")).file)
    assert len(files) == 4
    assert Path("/opt/here/doors/jasmo.suspend_service.whmcs.json") in files
