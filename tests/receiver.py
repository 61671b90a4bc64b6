"""A receiver of signed orders, written from the page that tells providers how to write one.

It checks signatures by the standard's own words with code of its own, does each order once, and
keeps what stands.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aupkeep.outlets.calling import Caller
from aupkeep.outlets.remit import SCOPES, Remit
from aupkeep.outlets.signed_webhook.power import SignedWebhook
from aupkeep.sanctions.power import Order
from moody import Moody, Request, serving
from orders import Clock, order

SECRET = bytes(range(32))
SEED = bytes(range(100, 132))
TARGETS = {"address": "198.51.100.{}", "site": "shop-{}.example", "mailbox": "ann-{}@c.example"}


def secret_key() -> str:
    return "whsec_" + base64.b64encode(SECRET).decode()


def private_key() -> str:
    return "whsk_" + base64.b64encode(SEED).decode()


def verified(request: Request) -> bool:
    """Whether a request bears a signature by either key."""
    given = request.headers
    text = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + request.body
    version, _, signature = given["webhook-signature"].partition(",")
    raw = base64.b64decode(signature)
    if version == "v1":
        return hmac.compare_digest(raw, hmac.new(SECRET, text, hashlib.sha256).digest())
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    Ed25519PublicKey.from_public_bytes(octets).verify(raw, text)
    return version == "v1a"


@dataclass
class Receiver:
    """What stands behind the address."""

    #: Sanction -> target.
    standing: dict[str, str] = field(default_factory=dict)
    #: How often something took effect.
    effects: list[tuple[str, str]] = field(default_factory=list)
    foreign: dict[str, str] = field(default_factory=dict)

    def do(self, request: Request) -> bytes:
        assert verified(request)
        asked = json.loads(request.body)
        return json.dumps(getattr(self, f"_{asked['act']}")(asked)).encode()

    def _apply(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["sanction"] not in self.standing:
            self.standing[asked["sanction"]] = asked["target"]
            self.effects.append(("apply", asked["sanction"]))
        return {"done": True}

    def _undo(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.standing.pop(asked["sanction"], None) is not None:
            self.effects.append(("undo", asked["sanction"]))
        return {"done": True}

    def _look(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["sanction"]
        there = self.standing.get(name) == asked["target"]
        return {"sanction": name, "in_force": there, "how": "looked at the list"}

    def _list(self, _: dict[str, Any]) -> dict[str, Any]:
        ours = [{"sanction": one, "target": on, "text": "on"} for one, on in self.standing.items()]
        other = [{"sanction": "", "target": on, "text": why} for on, why in self.foreign.items()]
        return {"marks": ours + other}


@dataclass
class WebhookWorld:
    """A signed webhook and its receiver."""

    power: SignedWebhook
    server: Moody
    receiver: Receiver
    clock: Clock

    def order(self, number: int = 1, **changes: Any) -> Order:
        measure = self.power.measure
        scope = SCOPES[measure][0]
        target = TARGETS.get(scope, "thing-{}").format(number)
        return order(number, **({"measure": measure, "scope": scope, "target": target} | changes))

    def standing(self) -> set[str]:
        return set(self.receiver.standing)


@contextmanager
def world(
    folder: Path,
    *,
    measure: str = "suspend_service",
    key: str = "",
    delay: int = 0,
    identity: Path | None = None,
    trusted: Path | None = None,
) -> Iterator[WebhookWorld]:
    """Begin a receiver and the power that asks it."""
    receiver, clock = Receiver(), Clock()
    file = folder / "key"
    file.write_text((key or secret_key()) + "\n")
    file.chmod(0o600)
    moody = Moody(
        do=receiver.do, pretend=lambda _: b'{"done": true}', error=b'{"error": "no such service"}'
    )
    with serving(moody, "/orders?door=secret", identity=identity) as server:
        power = SignedWebhook(
            provider="jasmo",
            remit=Remit(measure=measure, delay=delay, clock=clock),
            caller=Caller(
                url=server.url, name="the webhook", code="webhook", patience=0.5, ca=trusted
            ),
            key=file,
        )
        yield WebhookWorld(power, server, receiver, clock)
