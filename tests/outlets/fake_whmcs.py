"""A made-up WHMCS on the loopback, written from notes about its API and not from our client.

POST `/includes/api.php` with form fields `action`, `identifier`, `secret`, `responsetype`; JSON
with `result`: success or error. It suspends services, invoices billable items, keeps credits.
"""

# ruff: noqa: N802  # the API's own names
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from moody import Moody, Request, serving

IDENTIFIER, SECRET = "Ident1fier", "S3cret"


@dataclass
class Client:
    currency: str = "USD"
    #: Billable items that wait for the next run of the cron job.
    waiting: list[dict[str, str]] = field(default_factory=list)
    credits: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Whmcs:
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Actions that changed something.
    done: list[str] = field(default_factory=list)

    def do(self, request: Request) -> bytes:
        assert request.path == "/includes/api.php"
        asked = dict(parse_qsl(request.body.decode(), strict_parsing=True))
        if (asked.pop("identifier", ""), asked.pop("secret", "")) != (IDENTIFIER, SECRET):
            return _error("Authentication Failed")
        assert asked.pop("responsetype") == "json"
        act = getattr(self, asked.pop("action"), None)
        assert act is not None
        return act(**asked)

    def ModuleSuspend(self, serviceid: str, suspendreason: str) -> bytes:
        service = self.services.get(serviceid)
        if service is None:
            return _error("Service ID Not Found")
        service |= {"status": "Suspended", "suspensionreason": suspendreason}
        self.done.append("suspend")
        return _success()

    def ModuleUnsuspend(self, serviceid: str) -> bytes:
        service = self.services.get(serviceid)
        if service is None:
            return _error("Service ID Not Found")
        service |= {"status": "Active", "suspensionreason": ""}
        self.done.append("unsuspend")
        return _success()

    def GetClientsProducts(self, serviceid: str) -> bytes:
        service = self.services.get(serviceid)
        if service is None:
            return _success(totalresults=0, products="")
        product = {"id": int(serviceid), **service}
        return _success(totalresults=1, products={"product": [product]})

    def GetClientsDetails(self, clientid: str) -> bytes:
        if clientid not in self.clients:
            return _error("Client Not Found")
        return _success(client={"id": int(clientid), "currency_code": self._of(clientid)})

    def _of(self, clientid: str) -> str:
        return self.clients[clientid].currency

    def AddBillableItem(
        self,
        clientid: str,
        description: str,
        amount: str,
        unit: str,
        quantity: str,
        invoiceaction: str,
    ) -> bytes:
        assert (unit, quantity, invoiceaction) == ("quantity", "1", "nextcron")
        assert Decimal(amount) > 0
        if clientid not in self.clients:
            return _error("Client ID not Found")
        self.clients[clientid].waiting.append({"description": description, "amount": amount})
        self.done.append("charge")
        return _success(billableid=len(self.done))

    def GenInvoices(self, clientid: str) -> bytes:
        client = self.clients[clientid]
        if client.waiting:
            name = str(1000 + len(self.invoices))
            self.invoices[name] = {"userid": clientid, "status": "Unpaid", "items": client.waiting}
            client.waiting = []
        return _success(numcreated=0)

    def GetInvoices(
        self, userid: str, limitstart: str, limitnum: str, orderby: str, order: str
    ) -> bytes:
        assert (orderby, order) == ("id", "desc")
        found = [
            {"id": int(name), "status": one["status"]}
            for name, one in reversed(self.invoices.items())
            if one["userid"] == userid
        ]
        start, number = int(limitstart), int(limitnum)
        listed = found[start : start + number]
        return _success(totalresults=len(found), invoices={"invoice": listed} if listed else "")

    def GetInvoice(self, invoiceid: str) -> bytes:
        one = self.invoices.get(invoiceid)
        if one is None:
            return _error("Invoice ID Not Found")
        return _success(
            invoiceid=int(invoiceid), status=one["status"], items={"item": one["items"]}
        )

    def AddCredit(self, clientid: str, description: str, amount: str) -> bytes:
        assert Decimal(amount) > 0
        if clientid not in self.clients:
            return _error("Client ID Not Found")
        made = {"description": description, "amount": amount}
        self.clients[clientid].credits.append(made)
        self.done.append("credit")
        return _success(newbalance=amount)

    def GetCredits(self, clientid: str) -> bytes:
        if clientid not in self.clients:
            return _error("Client ID Not Found")
        listed = self.clients[clientid].credits
        return _success(totalresults=len(listed), credits={"credit": listed} if listed else "")

    def charged(self, text: str) -> list[str]:
        """Return the amounts of every item, on an invoice or not, with `text` in it."""
        items = [item for client in self.clients.values() for item in client.waiting]
        items += [item for one in self.invoices.values() for item in one["items"]]
        return [item["amount"] for item in items if text in item["description"]]


def _success(**said: Any) -> bytes:
    return json.dumps({"result": "success", **said}).encode()


def _error(message: str) -> bytes:
    return json.dumps({"result": "error", "message": message}).encode()


@contextmanager
def whmcs() -> Iterator[tuple[Moody, Whmcs]]:
    """Begin a WHMCS with two clients and three services."""
    panel = Whmcs(
        services={
            str(name): {"clientid": "7", "status": "Active", "suspensionreason": ""}
            for name in (11, 12, 13)
        },
        clients={"7": Client(), "8": Client(currency="SAR")},
    )
    moody = Moody(do=panel.do, pretend=lambda _: _success(), error=_error("Module failed"))
    with serving(moody, "/includes/api.php") as server:
        yield server, panel
