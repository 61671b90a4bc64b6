"""Through which gaps of a Postfix configuration a held login could send."""

from __future__ import annotations

import pytest

from aupkeep.outlets.postfix_hold.asking import gaps

MAP = "lmdb:/etc/postfix/held"
ASKS = f"check_sasl_access {MAP}"
PLAIN = (
    "smtp inet n - y - - smtpd\nsmtps inet n - y - - smtpd -o x=y\npickup unix n - y 60 1 pickup"
)


def found(main: dict[str, str], own: str = "", services: str = PLAIN) -> list[str]:
    settings = {"smtpd_sasl_auth_enable": "yes", "smtpd_delay_reject": "yes"} | main

    def ask(*words: str) -> str:
        if words == ("-M",):
            return services
        if words == ("-Px",):
            return own
        return "".join(f"{name} = {settings.get(name, '')}\n" for name in words[1:])

    return gaps(ask, (MAP,))


@pytest.mark.parametrize(
    "main",
    [
        {f"smtpd_{stage}_restrictions": f"{ASKS}, permit_sasl_authenticated, reject"}
        for stage in ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data")
    ]
    + [
        {"smtpd_sender_restrictions": f"reject_unknown_sender_domain,{ASKS}"},
        {"smtpd_sender_restrictions": f"check_sasl_access proxy:{MAP}"},
        {"smtpd_sender_restrictions": "check_sasl_access lmdb:/etc/../etc/postfix/held"},
        {"smtpd_sender_restrictions": "ours", "smtpd_restriction_classes": "ours", "ours": ASKS},
        {"smtpd_client_restrictions": "permit", "smtpd_sender_restrictions": ASKS},
    ],
)
def test_a_map_that_is_asked(main: dict[str, str]) -> None:
    assert found(main) == []


@pytest.mark.parametrize(
    ("main", "gap"),
    [
        ({}, f"no restriction list says `{ASKS}`"),
        ({"smtpd_sender_restrictions": "check_sasl_access lmdb:/other"}, "no restriction list"),
        ({"smtpd_sender_restrictions": f"check_sender_access {MAP}"}, "no restriction list"),
        (
            {"smtpd_recipient_restrictions": f"permit_mynetworks {ASKS}"},
            "smtpd_recipient_restrictions asks the map only behind `permit_mynetworks`",
        ),
        (
            {"smtpd_client_restrictions": ASKS, "smtpd_delay_reject": "no"},
            "no restriction list",
        ),
        (
            {"smtpd_sender_restrictions": ASKS, "smtpd_proxy_filter": "127.0.0.1:10025"},
            "smtpd_proxy_filter",
        ),
        # A class that stands for itself ends, too.
        (
            {"smtpd_sender_restrictions": "a", "smtpd_restriction_classes": "a", "a": "a"},
            "no restriction list",
        ),
    ],
)
def test_a_map_that_is_not_asked(main: dict[str, str], gap: str) -> None:
    one, two = found(main)
    assert one.startswith("service smtp/inet: ")
    assert two.startswith("service smtps/inet: ")
    assert gap in one


def test_each_service_is_looked_at_as_master_cf_changes_it() -> None:
    asked = {"smtpd_sender_restrictions": ASKS}
    own = "smtps/inet/smtpd_sender_restrictions ="
    (gap,) = found(asked, own)
    assert gap.startswith("service smtps/inet: no restriction list")
    assert found(asked, f"{own}\nsmtps/inet/smtpd_sasl_auth_enable = no") == []
    assert found({}, f"smtp/inet/smtpd_sasl_auth_enable = no\n{own} {ASKS}") == []
    assert found(asked, "pickup/unix/smtpd_sender_restrictions =") == []


def test_without_logins_nothing_is_asked() -> None:
    (gap,) = found({"smtpd_sasl_auth_enable": "no", "smtpd_sender_restrictions": ASKS})
    assert "no smtpd takes logins" in gap
