"""Form posts to a panel, with a key from a file.

In: fields. Out: what the panel answered. The key is read at each call, so that only the hand must
be able to read it, and never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from aupkeep.base.errors import Fault, Place
from aupkeep.outlets import durable
from aupkeep.outlets.calling import Caller
from aupkeep.sanctions.power import PowerFault

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A panel's address and the file of its key, which holds `NAME:SECRET`."""

    caller: Caller
    key: Path

    def post(self, fields: Mapping[str, str]) -> bytes:
        """Post `fields` and return the answer; raises `PowerFault`."""
        return self.caller.post(urlencode(fields).encode("ascii"), _FORM)

    def secrets(self) -> tuple[str, str]:
        """Return the name and the secret; raises `PowerFault`."""
        try:
            text = self.key.read_text(encoding="ascii").strip()
        except OSError as error:
            raise durable.refused(self.key, "cannot be read", error) from None
        except UnicodeError:
            text = ""
        name, colon, secret = text.partition(":")
        if not (name and colon and secret):
            what = "a key is `NAME:SECRET` in one line"
            place = Place(file=str(self.key))
            raise PowerFault(Fault(code="key", what=what, place=place), retry=False)
        return name, secret
