"""The table of joins: what makes rows of the records of a line format.

In: nothing. Out: format name -> join. A join takes records in order (`take`), hands over the rows
it has completed (`rows`), and can be saved and restored in between; `trace` tells of each record.
"""

from __future__ import annotations

from collections.abc import Mapping

from aupkeep.events.login import LoginJoin
from aupkeep.events.mail import MailJoin

Join = MailJoin | LoginJoin

JOINS: Mapping[str, type[Join]] = {
    "postfix": MailJoin,
    "sshd": LoginJoin,
}
