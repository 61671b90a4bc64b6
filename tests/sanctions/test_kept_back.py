"""What customers never read: whom the other side is, whatever strangers wrote."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notice_stage import finding, policy

from aupkeep.sanctions.observed import BLANK, KEPT_BACK, evidence, kinds_of

TRAP = "Trap.Address@pristine-trap.example"


def lines(key: dict[str, str], seen: dict[str, str] | None = None) -> str:
    brand = policy("jasmo")
    made = finding(
        brand, key={"customer": "c-1", **key}, evidence=seen or {}, actor="login:ann@shop.example"
    )
    return "\n".join(evidence([made], brand))


@pytest.mark.parametrize("column", sorted(KEPT_BACK))
def test_a_column_of_the_other_side_is_named_and_not_shown(column: str) -> None:
    said = lines({"login": "ann@shop.example", column: TRAP})
    assert "trap" not in said.lower()
    assert KEPT_BACK[column] in said
    assert "ann@shop.example" in said


@pytest.mark.parametrize("column", sorted(KEPT_BACK))
@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/out?who={}",
        "https://{}@shop.example/",
        "https://shop.example/u/{}/leave",
        "https://shop.example/u#{}",
        "shop.example/u/{}",
    ],
)
def test_a_page_does_not_carry_whom_it_was_sent_to(column: str, url: str) -> None:
    for written in (TRAP, quote(TRAP, safe=""), TRAP.lower()):
        said = lines({"accused_url": url.format(written)}, {column: TRAP})
        assert "trap" not in said.lower(), said
        assert "shop.example" in said


def test_a_page_is_cut_where_nothing_names_the_person_too() -> None:
    said = lines({"accused_url": f"https://shop.example/a/{TRAP}/b?x=1#y"})
    assert f"https://shop.example/a/{BLANK}/b and more, which is kept back" in said


def test_the_customers_own_words_stay() -> None:
    seen = {"recipient": "ann@shop.example", "recipient_domain": "shop.example"}
    assert "ann@shop.example" in lines({"login": "ann@shop.example"}, seen)


@given(trap=st.from_regex(r"[a-z0-9.+%\\()\[\]]{4,20}@[a-z]{4,10}\.example", fullmatch=True))
def test_no_form_of_an_address_comes_through(trap: str) -> None:
    said = lines({"login": "ann@shop.example", "accused_host": f"x {trap} y"}, {"reporter": trap})
    assert trap not in said
    assert BLANK in said


def test_kinds_are_those_that_the_parts_of_a_rule_read() -> None:
    brand = policy("jasmo")
    assert kinds_of([finding(brand)], brand) == ("mail",)
    assert kinds_of([], brand) == ()
