"""`aupkeep fee`: what customers were charged, disputes and credits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aupkeep.base.clock import format_instant
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import approving, charging
from aupkeep.flow.knocking import knock
from aupkeep.policy.money import written
from aupkeep.sanctions.ledger import Account, Booking, balances, fee_of, standing
from aupkeep.sanctions.wording import one_line
from aupkeep.store import fees

app = typer.Typer(
    add_completion=False, name="fee", help="List, dispute and credit fees.", no_args_is_help=True
)

One = Annotated[str, typer.Argument(metavar="FEE", help="the sanction's id, or its beginning")]
Reason = Annotated[str, typer.Option(help="why, for the record")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


@app.command("list")
def list_fees(
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="only this provider's")] = "",
    as_json: Json = False,
) -> None:
    """List what was charged, the oldest first, and what stands on the accounts."""
    with plain_errors():
        opened(folder)
        by_fee: dict[str, list[Booking]] = {}
        for item in fees.all_bookings(provider=provider):
            by_fee.setdefault(item.sanction, []).append(item)
        for listed in by_fee.values():
            if as_json:
                say_json(fee_object(listed))
            else:
                said = fee_object(listed)
                amount = written(int(said["amount"]), str(said["currency"]))
                about = f"{amount} to {said['customer']} of {said['provider']}: {said['state']}"
                print(one_line(f"{str(said['id'])[:12]} {said['charged_at']} {about}"))
        if not as_json:
            whole = balances(one for listed in by_fee.values() for one in listed)
            for (account, currency), balance in sorted(whole.items()):
                print(f"{account}: {written(balance, currency)}")


@app.command("dispute")
def dispute(fee: One, *, folder: Folder = None, reason: Reason) -> None:
    """Write down that the customer disputes a fee: it is frozen until somebody decides."""
    with plain_errors():
        opened(folder)
        charging.dispute(fee, reason, now=now(), by=whoever())
        print("the fee is frozen until somebody upholds or credits it")


@app.command("uphold")
def uphold(fee: One, *, folder: Folder = None, reason: Reason) -> None:
    """Decide that a disputed fee is owed; another person than agreed to it."""
    with plain_errors():
        alone = opened(folder).settings.single_operator
        charging.uphold(fee, whoever(), reason, now=now(), alone=alone)
        print("the fee is owed again")


@app.command("credit")
def credit(fee: One, *, folder: Folder = None, reason: Reason) -> None:
    """Credit a fee in full; the hand books it and tells the customer."""
    with plain_errors():
        installation = opened(folder)
        sanction = charging.find(fee)
        new = approving.lift(sanction.id, whoever(), reason, release=False, now=now())
        knock(installation.data, new.id)
        print(one_line(f"{written(new.amount, new.currency)} to {new.customer} is credited"))


def fee_object(listed: list[Booking]) -> dict[str, Any]:
    """Return the JSON object of the fee that `listed`, all its bookings, are about."""
    fee, stands = fee_of(listed), standing(listed)
    owed = balances(listed)
    return {
        "id": fee.sanction,
        "provider": fee.provider,
        "customer": fee.customer,
        "amount": fee.amount,
        "currency": fee.currency,
        "state": str(stands),
        "charged_at": format_instant(listed[0].at),
        "balance": {account.value: owed.get((account, fee.currency), 0) for account in Account},
        "bookings": [
            {"kind": one.kind.value, "at": format_instant(one.at), "by": one.by}
            | {"reason": one.reason}
            for one in listed
        ],
    }
