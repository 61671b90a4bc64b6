"""The table `[[power]]` of a signed webhook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from aupkeep.outlets import asked
from aupkeep.outlets.calling import Caller
from aupkeep.outlets.remit import Word
from aupkeep.outlets.shape import PowerShape
from aupkeep.outlets.signed_webhook.power import SignedWebhook


class SignedWebhookShape(PowerShape):
    """A web address of the provider's own that carries a measure out."""

    by: Literal["signed_webhook"]
    measure: Word
    #: Where orders are posted.
    url: Annotated[str, AfterValidator(asked.address)]
    #: File that holds the key and nothing else, relative to the settings file.
    key_file: str = Field(min_length=1)
    #: File of the authorities whose certificates are taken; empty: the usual ones.
    ca_file: str = ""
    #: Scopes that the receiver understands; none: the usual ones of the measure.
    scopes: Annotated[list[str], AfterValidator(asked.scopes)] = Field(default_factory=list)
    #: Of `terminate`: how long after the last agreement it is called.
    delay: Annotated[str, AfterValidator(asked.delay)] = asked.DELAY
    #: Seconds for each step of a call.
    patience: int = Field(default=10, ge=1, le=60)

    def opened(self, folder: Path) -> SignedWebhook:
        """Return the power."""
        caller = Caller(
            url=self.url,
            name="the webhook",
            code="webhook",
            patience=self.patience,
            ca=(folder / self.ca_file).absolute() if self.ca_file else None,
        )
        return SignedWebhook(
            provider=self.provider,
            remit=asked.remit(self.measure, self.scopes, self.delay),
            caller=caller,
            key=(folder / self.key_file).absolute(),
        )
