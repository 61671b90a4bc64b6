"""The powers and channels that the settings name.

In: an installation. Out: doors, opened. Which measures a provider has a power for is known from the
settings alone, so that the engine can say so without touching anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.flow.installation import Installation
from aupkeep.flow.preserving import Preserver
from aupkeep.outlets.mail.channel import Channel
from aupkeep.outlets.mail.outbox import Outbox
from aupkeep.outlets.mail.smtp import Smtp
from aupkeep.outlets.postfix_hold.power import main_cf_lines
from aupkeep.outlets.remit import present
from aupkeep.policy.model import Measure
from aupkeep.sanctions.power import Power
from aupkeep.settings import MailSettings

__all__ = ["Powers", "channel", "holds", "main_cf_lines", "named"]

#: (provider, measure) -> what carries it out.
Powers = Mapping[tuple[str, str], Power]

WARN = Measure.WARN.value
PRESERVE = Measure.PRESERVE.value
FEE = Measure.FEE.value
#: The folder of letters that wait to leave by SMTP. It lies beside the keys and not with the data:
#: the hand, which may be root, reads and writes files there, and engine and web own the data.
SPOOL = "letters"


def named(installation: Installation) -> dict[str, tuple[str, ...]]:
    """Return provider -> the measures that there is a power for; one for evidence is always."""
    settings = installation.settings
    found: dict[str, tuple[str, ...]] = {}
    for provider in settings.provider:
        own = [item.measure for item in settings.power if item.provider == provider.name]
        letters = [WARN] if settings.mail else []
        # The ledger is there always; a billing power carries a fee on to where invoices are made.
        found[provider.name] = tuple(dict.fromkeys([*letters, PRESERVE, *own, FEE]))
    return found


def holds(installation: Installation, *, clock: Callable[[], int] = present) -> Powers:
    """Return the powers that there are, but for letters and the ledger."""
    keeper = Preserver(installation=installation, clock=clock)
    kept: dict[tuple[str, str], Power] = {
        (provider.name, PRESERVE): keeper for provider in installation.settings.provider
    }
    return kept | {
        (item.provider, item.measure): item.opened(installation.folder)
        for item in installation.settings.power
    }


def channel(installation: Installation) -> Channel | None:
    """Return the way by which letters leave; None where the settings name none."""
    mail = installation.settings.mail
    if mail is None:
        return None
    if mail.outbox:
        return Outbox((installation.folder / mail.outbox).absolute())
    host, _, port = mail.smtp.rpartition(":")
    return Smtp(
        host=host.strip("[]"),
        port=int(port),
        tls=mail.tls,
        user=mail.user,
        password=_password(mail, installation.folder),
        spool=(installation.folder / SPOOL).absolute(),
        log=(installation.folder / mail.log).absolute() if mail.log else None,
    )


def _password(mail: MailSettings, folder: Path) -> str:
    if not mail.password_file:
        return ""
    path = folder / mail.password_file
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as refused:
        why = (refused.strerror or str(refused)).lower()
        raise AupkeepError(
            Fault(code="no-password", what=f"cannot be read: {why}", place=Place(file=str(path)))
        ) from None
