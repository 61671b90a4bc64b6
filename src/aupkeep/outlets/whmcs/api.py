"""The calls of WHMCS's API that are used, each with what it must answer.

In: ids and texts. Out: what WHMCS states, checked. An answer without `"result": "success"` is a
fault whatever its status. The contract is unconfirmed: it was written from WHMCS's public pages and
never tried against a licensed one. Source: developers.whmcs.com, API reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aupkeep.outlets.panel.access import Access
from aupkeep.outlets.panel.power import Standing

#: What the reason of a suspension of ours begins with.
OURS = "aupkeep "
_STATES = frozenset(
    {"Pending", "Active", "Suspended", "Terminated", "Cancelled", "Fraud", "Completed"}
)
#: Invoices asked for by one call, and the most that are looked through.
_AT_ONCE, _MOST = 25, 200
_SHOWN = 200
_LONGEST_ID = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of an invoice."""

    invoice: str
    #: Of the invoice.
    status: str
    description: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whmcs:
    """One WHMCS; a door for services too."""

    access: Access

    def unfit(self, name: str) -> str:
        """Return why `name` cannot be the id of a service, or an empty string."""
        return "" if numbered(name) else f"`{name}` is no id of WHMCS: it is a number"

    def standing(self, name: str) -> Standing:
        """Read the status of a service."""
        said = self._call("GetClientsProducts", serviceid=name)
        listed = [item for item in self._listed(said, "products", "product") if _is(item, name)]
        if not listed:
            return Standing(there=False, how=f"WHMCS knows no service {name}")
        status, reason = listed[0].get("status"), listed[0].get("suspensionreason")
        if status not in _STATES:
            raise self.access.caller.fault("states no status of the service", retry=True)
        ours = str(reason).startswith(OURS) if reason else None
        how = f"WHMCS states that service {name} is {status}"
        return Standing(suspended=status == "Suspended", ours=ours, how=how)

    def suspend(self, name: str, sanction: str) -> None:
        """Ask the service's module to suspend it."""
        self._call("ModuleSuspend", serviceid=name, suspendreason=f"{OURS}{sanction}")

    def restore(self, name: str) -> None:
        """Ask the service's module to suspend it no more."""
        self._call("ModuleUnsuspend", serviceid=name)

    def check(self) -> None:
        """Ask about a service that cannot be."""
        self._call("GetClientsProducts", serviceid="0")

    def currency(self, client: str) -> str:
        """Return the currency (ISO 4217) of a client."""
        said = self._call("GetClientsDetails", clientid=client)
        told = said.get("client")
        details = told if isinstance(told, dict) else said
        return str(details.get("currency_code", ""))

    def add_item(self, client: str, text: str, amount: str) -> None:
        """Add a billable item, to be invoiced at the next run."""
        self._call(
            "AddBillableItem",
            clientid=client,
            description=text,
            amount=amount,
            unit="quantity",
            quantity="1",
            invoiceaction="nextcron",
        )

    def invoice(self, client: str) -> None:
        """Let what waits to be invoiced to a client be invoiced now."""
        self._call("GenInvoices", clientid=client)

    def items(self, client: str) -> Iterator[Item]:
        """Yield the lines of a client's latest invoices; raises where there are too many."""
        for start in range(0, _MOST, _AT_ONCE):
            said = self._call(
                "GetInvoices",
                userid=client,
                limitstart=str(start),
                limitnum=str(_AT_ONCE),
                orderby="id",
                order="desc",
            )
            for one in self._listed(said, "invoices", "invoice", start=start):
                yield from self._lines(str(one.get("id", "")))
            if start + _AT_ONCE >= self._total(said):
                return
        raise self.access.caller.fault(f"has more than {_MOST} invoices of one client", retry=False)

    def add_credit(self, client: str, text: str, amount: str) -> None:
        """Add to the credit of a client."""
        self._call("AddCredit", clientid=client, description=text, amount=amount)

    def credits(self, client: str) -> list[str]:
        """Return the descriptions of every credit of a client."""
        said = self._call("GetCredits", clientid=client)
        return [str(one.get("description", "")) for one in self._listed(said, "credits", "credit")]

    def _lines(self, invoice: str) -> Iterator[Item]:
        said = self._call("GetInvoice", invoiceid=invoice)
        for item in self._listed({"totalresults": 1, **said}, "items", "item"):
            yield Item(
                invoice=invoice,
                status=str(said.get("status", "")),
                description=str(item.get("description", "")),
                amount=str(item.get("amount", "")),
            )

    def _listed(
        self, said: Mapping[str, Any], outer: str, inner: str, *, start: int = 0
    ) -> list[dict[str, Any]]:
        """Return a list of WHMCS; one that is missing is a fault, and no empty list."""
        found = said.get(outer)
        listed = found.get(inner) if isinstance(found, dict) else None
        items = [item for item in listed or () if isinstance(item, dict)]
        if not items and self._total(said) > start:
            raise self.access.caller.fault(f"does not list its `{outer}`", retry=True)
        return items

    def _total(self, said: Mapping[str, Any]) -> int:
        total = str(said.get("totalresults", ""))
        if not numbered(total):
            raise self.access.caller.fault("does not state `totalresults`", retry=True)
        return int(total)

    def _call(self, action: str, **fields: str) -> Mapping[str, Any]:
        identifier, secret = self.access.secrets()
        named = {"identifier": identifier, "secret": secret, "responsetype": "json"}
        said = self.access.post({"action": action, **named, **fields})
        try:
            answer = json.loads(said)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self.access.caller.fault("answers with no JSON object", retry=True)
        if answer.get("result") != "success":
            told = " ".join(str(answer.get("message", "")).split())[:_SHOWN]
            what = f"refuses {action}: {told or 'it does not say why'}"
            raise self.access.caller.fault(what, retry=True)
        return answer


def numbered(text: str) -> bool:
    """Whether `text` is an id of WHMCS."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


def _is(item: Mapping[str, Any], name: str) -> bool:
    return str(item.get("id", "")) == name
