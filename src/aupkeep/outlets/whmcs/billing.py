"""Money at a WHMCS: charged once and credited once by our own reference.

In: a reference, a client, minor units of a currency. Out: an item on an invoice, a credit, or a
`PowerFault`. WHMCS keeps no key that makes a call safe to repeat, so the reference stands in the
text, and it is looked for before any try. A note is written before the call: while an earlier call
may still be on its way, or was taken and is shown nowhere, nothing is tried again: charging on a
guess is worse than a failure that people see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from aupkeep.base.clock import MINUTE
from aupkeep.base.errors import Fault
from aupkeep.outlets import durable
from aupkeep.outlets.remit import present
from aupkeep.outlets.whmcs.api import Whmcs, numbered
from aupkeep.sanctions.power import PowerFault

#: Digits behind the point, for currencies that have not two (ISO 4217).
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
DIGITS: Final[Mapping[str, int]] = dict.fromkeys(_NONE.split(" "), 0) | dict.fromkeys(
    _THREE.split(" "), 3
)
_TWO = 2
#: Stands in a note on a call that was answered with success.
_TAKEN = "taken"
_REFERENCE = re.compile(r"[0-9A-Za-z_-]{8,64}")
#: No call of ours is carried out by WHMCS later than this after it was made.
SETTLED: Final = 10 * MINUTE
#: An invoice in this state asks for nothing.
_VOID = frozenset({"Cancelled", "Refunded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An item with our reference, as it was found."""

    invoice: str
    minor_units: int
    #: The invoice it stands on still asks for it.
    due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """The door to one WHMCS for money."""

    whmcs: Whmcs
    #: Folder of the notes on what was tried, made when it is needed.
    notes: Path
    #: What WHMCS calls our customers, where that differs.
    names: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], int] = present

    def charge(
        self, reference: str, customer: str, minor_units: int, currency: str, text: str
    ) -> Charge:
        """Charge `minor_units` once and return what was found after it.

        Raises `PowerFault` where it is in doubt, refused, or was charged with another amount.
        """
        client = self._client(customer, currency)
        amount = as_whmcs(minor_units, currency)
        found = self.find(reference, customer, currency)
        if found is None:
            line = f"{text} {_marked(reference)}"
            self._once("charge", reference, lambda: self.whmcs.add_item(client, line, amount))
            found = self.find(reference, customer, currency)
        if found is None:
            raise _fault("the charge was taken, but is on no invoice", retry=True)
        if found.minor_units != minor_units:
            what = f"invoice {found.invoice} has another amount under this reference"
            raise _fault(what, retry=False)
        return found

    def find(self, reference: str, customer: str, currency: str) -> Charge | None:
        """Return the item with this reference; what waits to be invoiced is invoiced for that."""
        client = self._client(customer, currency)
        marked = _marked(reference)
        self.whmcs.invoice(client)
        found = [item for item in self.whmcs.items(client) if marked in item.description]
        if len(found) > 1:
            numbers = ", ".join(sorted({item.invoice for item in found}))
            raise _fault(f"charged more than once: invoices {numbers}", retry=False)
        if not found:
            return None
        units = as_units(found[0].amount, currency)
        return Charge(invoice=found[0].invoice, minor_units=units, due=found[0].status not in _VOID)

    def credit(
        self, reference: str, customer: str, minor_units: int, currency: str, text: str
    ) -> bool:
        """Give back once what was charged; False where nothing was.

        Raises `PowerFault` where either is in doubt or refused.
        """
        if self.find(reference, customer, currency) is None:
            # An earlier call may still become a charge.
            self._settled("charge", reference)
            return False
        if not self.credited(reference, customer, currency):
            client = self._client(customer, currency)
            line, amount = f"{text} {_marked(reference)}", as_whmcs(minor_units, currency)
            self._once("credit", reference, lambda: self.whmcs.add_credit(client, line, amount))
            if not self.credited(reference, customer, currency):
                raise _fault("the credit was taken, but is not in the client's log", retry=True)
        return True

    def credited(self, reference: str, customer: str, currency: str) -> bool:
        """Whether a credit with this reference is in the client's log."""
        client = self._client(customer, currency)
        return any(_marked(reference) in text for text in self.whmcs.credits(client))

    def client(self, customer: str) -> str:
        """Return the id of a client; raises `PowerFault` where it is none."""
        name = self.names.get(customer, customer)
        if not numbered(name):
            what = f"`{name}` is no id of a client of WHMCS: name it in `names`"
            raise _fault(what, retry=False)
        return name

    def _client(self, customer: str, currency: str) -> str:
        client = self.client(customer)
        theirs = self.whmcs.currency(client)
        if theirs != currency:
            what = f"client {client} is invoiced in {theirs or 'no stated currency'}"
            raise _fault(f"{what}, not in {currency}", retry=not theirs)
        return client

    def _once(self, act: str, reference: str, call: Callable[[], None]) -> None:
        """Make a call that changes money, noted before it and after it was taken."""
        self._settled(act, reference)
        note = self._note(act, reference)
        durable.folder(note.parent, mode=0o700)
        durable.write(note, f"tried {self.clock()}".encode("ascii"), mode=0o600)
        call()
        durable.write(note, f"{_TAKEN} {self.clock()}".encode("ascii"), mode=0o600)

    def _settled(self, act: str, reference: str) -> None:
        """Raise `PowerFault` while an earlier call was taken, or may still be carried out."""
        note = self._note(act, reference)
        try:
            word, tried = note.read_text(encoding="ascii").split()
            until = int(tried) + SETTLED
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            raise _fault(f"the note on an earlier {act} cannot be read", retry=False) from None
        if word == _TAKEN:
            what = f"WHMCS took the {act}, but shows it nowhere; it is not asked again"
            raise _fault(f"{what} while `{note}` is there", retry=True)
        if self.clock() < until:
            raise _fault(f"an earlier {act} may still be carried out", retry=True)

    def _note(self, act: str, reference: str) -> Path:
        return self.notes / f"{reference}.{act}"


def _marked(reference: str) -> str:
    """Return what stands in the text of an item or credit; nobody else's text begins so."""
    if not _REFERENCE.fullmatch(reference):
        raise _fault(f"`{reference}` cannot be a reference", retry=False)
    return f"[aupkeep {reference}]"


def as_whmcs(minor_units: int, currency: str) -> str:
    """Return minor units as WHMCS takes an amount, two digits; raises `PowerFault`."""
    amount = Decimal(minor_units).scaleb(-DIGITS.get(currency, _TWO))
    if minor_units <= 0 or amount != round(amount, _TWO):
        what = f"{minor_units} minor units of {currency} are no amount that WHMCS takes"
        raise _fault(what, retry=False)
    return f"{amount:.2f}"


def as_units(amount: str, currency: str) -> int:
    """Return the minor units of an amount as WHMCS writes it; raises `PowerFault`."""
    try:
        units = Decimal(amount).scaleb(DIGITS.get(currency, _TWO))
    except InvalidOperation:
        raise _fault("an item under our reference has no amount", retry=True) from None
    return int(units)


def _fault(what: str, *, retry: bool) -> PowerFault:
    return PowerFault(Fault(code="billing", what=what), retry=retry)
