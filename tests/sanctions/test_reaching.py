"""Whom a notice goes to where the mailbox it would go to is what the measure falls on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notice_stage import policy, sanction

from aupkeep.sanctions.reaching import Contact, Reach, apart, one_text, reach

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
    assert reach(made, [Contact(first=contact, second=second, own_domain=own)]) == Reach(
        first=(first,) if first else (), second=(also,) if also else (), held_only=only
    )


HELD = Contact(first=OWN, second=SECOND)
RESELLER = Contact(first=OTHER, second="deputy@far.example")


@pytest.mark.parametrize(
    ("contacts", "copies", "held_only"),
    [
        ([HELD, RESELLER], [(SECOND, "-2"), (OWN, ""), (OTHER, "-1")], False),
        ([Contact(first=OWN), RESELLER], [(OWN, ""), (OTHER, "-1")], False),
        ([RESELLER], [(OTHER, "")], False),
        ([HELD, Contact(first=OWN.upper())], [(SECOND, "-2"), (OWN, "")], False),
        ([Contact(first=OWN), Contact(first=OWN.lower())], [(OWN, "")], True),
        ([Contact(first=OWN, second=OTHER), RESELLER], [(OWN, ""), (OTHER, "-1")], False),
        ([Contact(first=""), RESELLER], [(OTHER, "")], False),
        ([], [], False),
    ],
)
def test_customer_and_reseller_are_each_written_to_once(
    contacts: list[Contact],
    copies: list[tuple[str, str]],
    held_only: bool,  # noqa: FBT001  # a case
) -> None:
    found = reach(sanction(policy("jasmo"), "hold_mail"), contacts)
    assert list(found.copies) == copies
    assert found.held_only is held_only
    assert apart(one_text(found.first)) == found.first


def test_a_service_that_both_have_their_domain_in_reaches_two_second_addresses() -> None:
    made = replace(sanction(policy("jasmo"), "suspend_service"), scope="service")
    both = [
        Contact(first="a@x.example", second="a@far.example", own_domain=True),
        Contact(first="b@x.example", second="b@far.example", own_domain=True),
    ]
    assert reach(made, both).copies == (
        ("a@far.example", "-2"),
        ("b@far.example", "-3"),
        ("a@x.example", ""),
        ("b@x.example", "-1"),
    )
