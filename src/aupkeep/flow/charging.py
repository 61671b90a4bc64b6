"""Fees: charged by the hand, disputed by customers, upheld or credited by people.

In: orders for fees, acts of people. Out: bookings of the ledger, each entered in its own
transaction; where the settings name a billing power, the same is asked of it. The ledger comes
first and has the last word: whatever was asked of billing, our books know of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.alarms import alarm
from aupkeep.flow.installation import PolicyBook
from aupkeep.flow.powers import FEE
from aupkeep.flow.recording import Recording
from aupkeep.policy.money import written
from aupkeep.sanctions.ledger import Booking, Fee, Kind, charge, charged_since, follow, standing
from aupkeep.sanctions.power import Mark, Order, Power, PowerFault, Seen
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import fees, sanctions
from aupkeep.store.database import unit
from aupkeep.store.rows import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """Carries `fee` out for one provider: in the ledger, and by `billing` where there is one."""

    provider: str
    policies: PolicyBook
    clock: Callable[[], int]
    billing: Power | None = None
    measure: str = FEE
    reversible: bool = True

    def prepare(self) -> None:
        """Prepare billing."""
        if self.billing is not None:
            self.billing.prepare()

    def carries(self, scope: str, target: str) -> str:
        """Return why billing cannot charge it; the ledger can charge anybody."""
        return self.billing.carries(scope, target) if self.billing is not None else ""

    def plan(self, order: Order) -> str:
        """Return what stands at billing before."""
        return self.billing.plan(order) if self.billing is not None else ""

    def apply(self, order: Order) -> None:
        """Charge the fee, once; raises `PowerFault` where the cap of its period is reached."""
        now = self.clock()
        with unit():
            known = fees.bookings_of(order.sanction)
            if standing(known) is Kind.CREDITED:
                raise _fault("it was charged and credited, and is not charged again")
            if not known:
                sanction = find(order.sanction)
                self._within_cap(sanction, now)
                fee = Fee(
                    sanction=sanction.id,
                    provider=sanction.provider,
                    customer=sanction.customer,
                    amount=sanction.amount,
                    currency=sanction.currency,
                )
                _keep(charge(fee, at=now), now=now)
        if self.billing is not None:
            self.billing.apply(order)

    def look(self, order: Order) -> Seen:
        """Look into the ledger, and at billing."""
        stands = standing(fees.bookings_of(order.sanction))
        if stands is None:
            return Seen(in_force=False, how="the ledger has no charge for it")
        if self.billing is not None:
            there = self.billing.look(order)
            if there.in_force == (stands is Kind.CREDITED):
                # One of the two is behind: billing says what is really so.
                return there
        said = "has its credit" if stands is Kind.CREDITED else "has its charge"
        return Seen(in_force=stands is not Kind.CREDITED, how=f"the ledger {said}")

    def undo(self, order: Order) -> None:
        """Credit the fee in full, once; what was never charged needs no credit."""
        if self.billing is not None:
            self.billing.undo(order)
        now = self.clock()
        with unit():
            known = fees.bookings_of(order.sanction)
            if known and standing(known) is not Kind.CREDITED:
                sanction = find(order.sanction)
                by, reason = sanction.lifted_by, sanction.reason
                _keep(follow(known, Kind.CREDITED, at=now, by=by, reason=reason), now=now)

    def marks(self) -> list[Mark]:
        """Return what billing has; without one, the charges of the ledger that stand."""
        if self.billing is not None:
            return self.billing.marks()
        return [
            Mark(sanction=item.sanction, target=item.customer, text="a charge of the ledger")
            for item in fees.standing(self.provider)
        ]

    def troubles(self) -> list[str]:
        """Return why billing could not work now."""
        return self.billing.troubles() if self.billing is not None else []

    def _within_cap(self, sanction: Sanction, now: int) -> None:
        schedule = self.policies.version(sanction.provider, sanction.policy_version).fees
        if schedule is None or sanction.amount <= 0:
            raise _fault(f"policy version {sanction.policy_version} names no amount for it")
        known = fees.bookings_about(sanction.provider, sanction.customer)
        charged = charged_since(known, sanction.currency, now - schedule.period)
        if charged + sanction.amount > schedule.cap:
            cap, before = (written(one, sanction.currency) for one in (schedule.cap, charged))
            raise _fault(
                f"the customer was charged {before} already, and the policy's cap is {cap}"
            )


def dispute(identity: str, reason: str, *, now: int, by: str = "") -> Booking:
    """Freeze a fee that its customer disputes, and tell the operator.

    `by` is the person who writes it down for them, empty where the customer did. Raises
    `AupkeepError` for a fee that is not charged or was disputed before, or without a reason.
    """
    return _settle(identity, Kind.DISPUTED, reason, now=now, by=by)


def uphold(identity: str, person: str, reason: str, *, now: int, alone: bool = False) -> Booking:
    """Let `person` decide that a disputed fee is owed; another one than agreed to it.

    `alone` is the mode for one operator, and the entry says so. Raises `AupkeepError` otherwise.
    """
    sanction = find(identity)
    own = person in sanction.approved_by
    if own and not alone:
        what = f"{person} agreed to this fee, so another person must decide the dispute"
        raise AupkeepError(Fault(code="own-decision", what=what))
    return _settle(identity, Kind.UPHELD, reason, now=now, by=person, same=own)


def _settle(
    identity: str, kind: Kind, reason: str, *, now: int, by: str, same: bool = False
) -> Booking:
    said = " ".join(reason.split())
    if not said:
        what = "a reason is needed"
        raise AupkeepError(Fault(code="no-reason", what=what, hint="say why in a few words"))
    with unit():
        sanction = find(identity)
        known = fees.bookings_of(sanction.id)
        if not known:
            what = f"nothing was charged by sanction {sanction.id[:12]}"
            raise AupkeepError(Fault(code="no-fee", what=what, hint="see `aupkeep fee list`"))
        made = follow(known, kind, at=now, by=by, reason=said)
        text = ""
        if kind is Kind.DISPUTED:
            amount = written(sanction.amount, sanction.currency)
            text = f"the fee of {amount} for case {sanction.case[:12]} is disputed: {said}"
        _keep(made, now=now, text=text, same=same)
    return made


def _keep(booking: Booking, *, now: int, text: str = "", same: bool = False) -> None:
    """Store a booking with its entry, and an alarm that says `text`; inside a unit."""
    if not fees.put_booking(booking):
        return
    recording = Recording()
    body: dict[str, object] = {
        "booking": booking.id,
        "content": sha256(to_text(booking).encode()),
        "customer": booking.customer,
    }
    if booking.by:
        body["by"] = booking.by
    if same:
        body["same_person"] = True
    recording.enter(booking.provider, f"fee_{booking.kind}", booking.sanction, body, at=now)
    if text:
        alarm(recording, booking.provider, "fee-disputed", booking.sanction, text, now=now)
    recording.keep()


def find(identity: str) -> Sanction:
    """Return the fee whose id is or begins with `identity`; raises `AupkeepError` for none."""
    found = sanctions.get_sanction(identity)
    if found is None or found.measure != FEE:
        what = f"no fee, or more than one, has an id that begins with `{identity}`"
        hint = "`aupkeep fee list` names them all"
        raise AupkeepError(Fault(code="no-such-fee", what=what, hint=hint))
    return found


def _fault(what: str) -> PowerFault:
    return PowerFault(Fault(code="fee", what=what), retry=False)
