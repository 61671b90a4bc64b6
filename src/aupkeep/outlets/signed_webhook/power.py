"""A power that asks a web address of the provider's own, and believes only what it states.

In: orders. Out: signed posts; what the receiver states is in force. That an order was taken says
nothing: only `look` does, and only by the words `"in_force": true` about this very sanction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aupkeep.base.canonical import canonical
from aupkeep.base.clock import SECOND, format_instant
from aupkeep.base.errors import Fault, Place
from aupkeep.outlets import durable
from aupkeep.outlets.calling import Caller
from aupkeep.outlets.remit import OtherDoor
from aupkeep.outlets.signed_webhook.signing import Signer, headers, signer
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

#: Characters of the receiver's own words that are shown.
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedWebhook(OtherDoor):
    """Carries a measure out by posts to one address."""

    caller: Caller
    #: File with the key and nothing else; read at each call, by the hand alone.
    key: Path

    def apply(self, order: Order) -> None:
        """Ask that it be so; the receiver knows the same order by its id."""
        self.remit.check_due(order)
        self._ask("apply", order)

    def look(self, order: Order) -> Seen:
        """Ask whether it is so now; raises `PowerFault` for an answer that does not say."""
        self.remit.check(order)
        answer = self._ask("look", order)
        stated = answer.get("in_force")
        if not isinstance(stated, bool) or answer.get("sanction") != order.sanction:
            what = "does not state `in_force` (true or false) of this `sanction`"
            raise self.caller.fault(what, retry=True)
        told = _shown(answer.get("how", ""))
        said = f"{self.caller.name} states {'that it is' if stated else 'that it is not'} in force"
        return Seen(in_force=stated, how=f"{said}: {told}" if told else said)

    def undo(self, order: Order) -> None:
        """Ask that it be so no more; what cannot be taken back is not asked for."""
        self.remit.check(order)
        if self.reversible:
            self._ask("undo", order)

    def marks(self) -> list[Mark]:
        """Return what the receiver states is in force of this measure."""
        body = {"act": "list", "measure": self.measure, "provider": self.provider}
        listed = self._post(f"{self.provider}-{self.measure}-list", body).get("marks")
        if not isinstance(listed, list):
            raise self.caller.fault("does not state `marks`, a list", retry=True)
        return [self._mark(item) for item in listed]

    def troubles(self) -> list[str]:
        """Return why it could not work now; the receiver is asked for its list."""
        try:
            self.marks()
            loose = self.key.stat().st_mode & 0o007
        except PowerFault as fault:
            return [one.what for one in fault.faults]
        except OSError as error:
            return [f"the key `{self.key}`: {(error.strerror or str(error)).lower()}"]
        return [f"everybody on this machine can read the key `{self.key}`"] if loose else []

    def _ask(self, act: str, order: Order) -> Mapping[str, Any]:
        body = {
            "act": act,
            "sanction": order.sanction,
            "provider": order.provider,
            "customer": order.customer,
            "case": order.case,
            "measure": order.measure,
            "scope": order.scope,
            "target": order.target,
            "until": None if order.until is None else format_instant(order.until),
            "release": order.release,
        }
        return self._post(f"{order.sanction}-{act}", body)

    def _post(self, identity: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        data = canonical(body)
        seconds = self.remit.clock() // SECOND
        signed = headers(self._signer(), identity, data, seconds=seconds)
        said = self.caller.post(data, {"Content-Type": "application/json", **signed})
        try:
            answer = json.loads(said) if said else {}
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self.caller.fault("answers with something that is no JSON object", retry=True)
        if error := answer.get("error"):
            raise self.caller.fault(f"reports an error: {_shown(error)}", retry=True)
        return answer

    def _signer(self) -> Signer:
        try:
            return signer(self.key.read_text(encoding="ascii"))
        except OSError as error:
            raise durable.refused(self.key, "cannot be read", error) from None
        except ValueError as error:
            what = "is no key" if isinstance(error, UnicodeError) else str(error)
            fault = Fault(code="key", what=what, place=Place(file=str(self.key)))
            raise PowerFault(fault, retry=False) from None

    def _mark(self, item: object) -> Mark:
        if isinstance(item, dict):
            words = [item.get("sanction"), item.get("target"), item.get("text", "")]
            if all(isinstance(word, str) for word in words):
                return Mark(sanction=words[0], target=words[1], text=_shown(words[2]))
        raise self.caller.fault("lists a mark without `sanction` and `target`", retry=True)


def _shown(said: object) -> str:
    text = said if isinstance(said, str) else json.dumps(said)
    return " ".join(sign for sign in text.split() if sign.isprintable())[:_SHOWN]
