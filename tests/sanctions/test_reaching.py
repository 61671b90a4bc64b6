"""Whom a notice goes to where the mailbox it would go to is what the measure falls on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notice_stage import policy, sanction

from aupkeep.sanctions.reaching import Reach, reach

OWN, OTHER, SECOND = "Ann@Shop.example", "boss@far.example", "home@else.example"


@pytest.mark.parametrize(
    ("measure", "scope", "contact", "second", "own", "expected"),
    [
        ("hold_mail", "mailbox", OWN, SECOND, False, (OWN, SECOND, False)),
        ("hold_mail", "mailbox", OWN, "", False, (OWN, "", True)),
        ("hold_mail", "mailbox", OWN, OWN.lower(), False, (OWN, "", True)),
        ("hold_mail", "mailbox", OTHER, SECOND, True, (OTHER, "", False)),
        ("hold_mail", "service", OTHER, "", True, (OTHER, "", True)),
        ("suspend_account", "account", OTHER, SECOND, True, (OTHER, SECOND, False)),
        ("suspend_account", "account", OTHER, SECOND, False, (OTHER, "", False)),
        ("warn", "mailbox", OWN, SECOND, True, (OWN, "", False)),
        ("lock_site", "site", OWN, SECOND, True, (OWN, "", False)),
        ("hold_mail", "mailbox", "", SECOND, True, ("", "", False)),
    ],
)
def test_whom(  # one parameter a fact
    measure: str,
    scope: str,
    contact: str,
    second: str,
    own: bool,  # noqa: FBT001  # a case
    expected: tuple[str, str, bool],
) -> None:
    made = replace(sanction(policy("jasmo"), measure), scope=scope)
    first, also, only = expected
    assert reach(made, contact, second, own_domain=own) == Reach(
        first=first, second=also, held_only=only
    )
