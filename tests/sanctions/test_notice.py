"""Notices word for word, strangers' text that stays one line, and instants that are right.

`AUPKEEP_WRITE_GOLDEN=1` writes the files anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notice_stage import (
    NOW,
    POLICIES,
    finding,
    policy,
    sanction,
    spam_clause,
    told,
    volume,
)

from aupkeep.base.clock import DAY, HOUR, MINUTE, parse_instant
from aupkeep.policy.model import Policy
from aupkeep.sanctions.notice import LIFTED, OF_END, OF_MEASURE, Notice, compose
from aupkeep.sanctions.observed import MOST, evidence
from aupkeep.sanctions.sanction import State
from aupkeep.sanctions.wording import length, one_line, spoken

GOLDEN = Path(__file__).parents[1] / "golden" / "notices"


def measure(brand: Policy, word: str, **changes: object) -> Notice:
    return compose(sanction(brand, word), OF_MEASURE, told(brand, **changes), now=NOW)


def lifted(brand: Policy, **changes: object) -> Notice:
    ended = replace(
        sanction(brand, "hold_mail"), state=State.LIFTED, ended_at=NOW + 5 * HOUR, release=True
    )
    said: dict[str, object] = {
        "reason": "Mail that was held for this reason alone has been sent on."
    }
    return compose(ended, OF_END, told(brand, **(said | changes)), now=NOW + 5 * HOUR)


KINDS: dict[str, Callable[[Policy], Notice]] = {
    "warn": lambda brand: measure(brand, "warn"),
    "hold_mail": lambda brand: measure(brand, "hold_mail"),
    "lifted": lifted,
}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_word_for_word(name: str, kind: str) -> None:
    notice = KINDS[kind](policy(name))
    text = f"To: {notice.recipient}\nSubject: {notice.subject}\n\n{notice.text}"
    path = GOLDEN / name / f"{kind}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_notice_says_what_it_must(name: str, kind: str) -> None:
    brand = policy(name)
    text = KINDS[kind](brand).text
    must = ["42", f"aupkeep/{name} 43 q1w2e3", brand.contact, "c0ffeec0ffee"]
    if kind != LIFTED:
        must += [brand.version, brand.clauses[spam_clause(brand)].text.strip().splitlines()[0]]
        must += ["https://desk.example/notice/abc.def", "A login sends much"]
    for said in must:
        assert said in text
    assert "{{" not in text
    assert "None" not in text


def test_the_same_input_gives_the_same_notice_and_there_is_one_of_a_kind() -> None:
    brand = policy("jasmo")
    first, second = measure(brand, "warn"), measure(brand, "warn")
    assert first == second
    assert measure(brand, "hold_mail").id == first.id
    assert lifted(brand).id != first.id


def test_a_language_without_a_template_falls_back() -> None:
    for name in POLICIES:
        assert measure(policy(name), "warn", language="xx").language == "en"
        assert measure(policy(name), "warn", language="").language == "en"


HOSTILE = (
    "ann\r\nBcc: all@example.org\r\n\r\nClick here: http://evil.example",
    "ann\u2028Subject: paid\x0b\x0c\x85",
    "ann\u202emoc.elpmaxe",
    "{{ policy_title }}{% raw %}",
    "\x1b[2Jann\x00\x07",
    "\ud800ann",
)


def _lines(notice: Notice) -> int:
    return len(notice.text.splitlines())


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("text", HOSTILE)
def test_strangers_words_stay_one_line(name: str, text: str) -> None:
    brand = policy(name)
    plain = replace(sanction(brand, "hold_mail"), target="ann", customer="c")
    nasty = replace(plain, target=text, customer=text)
    key: dict[str, str | None] = {"customer": text, "login": text}
    findings = [finding(brand, key=key, service=text, actor=f"login:{text}")]
    tame = [finding(brand, key={"customer": "c", "login": "ann"}, service="s")]
    for kind in (OF_MEASURE, OF_END):
        expected = compose(plain, kind, told(brand, findings=tame), now=NOW)
        notice = compose(nasty, kind, told(brand, findings=findings), now=NOW)
        assert _lines(notice) == _lines(expected)
        assert all(char.isprintable() for char in notice.text.replace("\n", ""))
        assert notice.subject.isprintable()
        notice.text.encode()


@given(st.text(max_size=80))
def test_one_line_is_one_line_and_leaves_what_can_be_read(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert one_line(line) == line
    assert (line == text) == text.isprintable()


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        ("2026-03-01T08:00:00Z", "UTC", "2026-03-01 08:00 UTC"),
        ("2026-03-01T08:00:00Z", "America/Phoenix", "2026-03-01 01:00 MST (08:00 UTC)"),
        ("2026-03-01T05:30:00Z", "America/Phoenix", "2026-02-28 22:30 MST (2026-03-01 05:30 UTC)"),
        ("2026-03-01T22:00:00Z", "Asia/Dubai", "2026-03-02 02:00 +04 (2026-03-01 22:00 UTC)"),
        ("2026-03-01T08:00:00Z", "Asia/Kathmandu", "2026-03-01 13:45 +0545 (08:00 UTC)"),
        # The hour that is there twice: told apart by the zone's name and by UTC.
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25 02:30 CEST (00:30 UTC)"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25 02:30 CET (01:30 UTC)"),
        # The hour that is not there.
        ("2026-03-29T00:59:00Z", "Europe/Berlin", "2026-03-29 01:59 CET (00:59 UTC)"),
        ("2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-29 03:00 CEST (01:00 UTC)"),
        # London is UTC in winter only.
        ("2026-01-01T12:00:00Z", "Europe/London", "2026-01-01 12:00 UTC"),
        ("2026-07-01T12:00:00Z", "Europe/London", "2026-07-01 13:00 BST (12:00 UTC)"),
    ],
)
def test_instants_in_the_providers_zone(instant: str, zone: str, expected: str) -> None:
    assert spoken(parse_instant(instant), zone) == expected


@pytest.mark.parametrize(
    ("micros", "expected"),
    [
        (HOUR, "1 hour"),
        (90 * MINUTE, "90 minutes"),
        (2 * DAY, "2 days"),
        (24 * HOUR, "1 day"),
        (MINUTE, "1 minute"),
        (500_000, "0.5 seconds"),
    ],
)
def test_lengths(micros: int, expected: str) -> None:
    assert length(micros) == expected


#: What of a finding is told, and how.
LINES: dict[str, tuple[dict[str, object], str]] = {
    "login_spam": (
        {},
        (
            "A login sends much, and much of it to addresses that do not exist (login"
            " ann@shop.example): all of this within 1 hour: \u201cA login's own volume, well below"
            " any cap\u201d, \u201cMany addresses of a login do not exist\u201d, \u201cA large"
            " share of a login's addresses does not exist\u201d; from "
        ),
    ),
    "login_hour": (
        {"value": 230, "threshold": 100, "unit": "rows"},
        (
            "A login sends to more recipients in an hour than its plan foresees (login"
            " ann@shop.example): 230 counted within 1 hour, where we look from 100 on; from "
        ),
    ),
    "login_unusual": (
        {"value": 181, "threshold": 180.0, "unit": "rows"},
        (
            "A login sends three times as many recipients in an hour as in its own busiest hours"
            " (login ann@shop.example): 181 counted within 1 hour, where we look above 180; from "
        ),
    ),
    "guesses_many": (
        {
            "value": 35,
            "threshold": 30,
            "unit": "different peer_ip",
            "key": {"customer": "c-1", "actor_ip": "198.51.100.7"},
        },
        (
            "Passwords are guessed on many machines (from address 198.51.100.7): 35 different"
            " addresses within 10 minutes, where we look from 30 on; from "
        ),
    ),
    "syn_flood": (
        {
            "value": 125_000,
            "threshold": 120_000,
            "unit": "packets in all",
            "key": {
                "customer": "c-1",
                "actor_ip": "198.51.100.7",
                "peer_ip": "192.0.2.1",
                "dst_port": "443",
            },
        },
        (
            "One door is flooded with beginnings of connections (from address 198.51.100.7, to"
            " address 192.0.2.1, port 443): 125000 packets within 1 minute, where we look"
            " from 120000 on; from "
        ),
    ),
    "reported_spam": (
        {
            "value": 1,
            "threshold": 1,
            "unit": "rows",
            "key": {"customer": "c-1", "service": None, "actor": "ip:198.51.100.7"},
        },
        "Somebody complains about unsolicited mail (198.51.100.7); from ",
    ),
    "login_unknown_share": (
        {"value": 0.2345, "threshold": 0.15, "unit": "as a share"},
        (
            "A large share of a login's addresses does not exist (login ann@shop.example): 23.45 %"
            " within 6 hours, where we look from 15 % on; from "
        ),
    ),
}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("rule", sorted(LINES))
def test_evidence_in_the_rules_own_words(name: str, rule: str) -> None:
    brand = policy(name)
    changes, expected = LINES[rule]
    (line,) = evidence([finding(brand, rule, **changes)], brand)
    assert line.startswith(expected)
    assert line.endswith(f" to {spoken(NOW - 30 * MINUTE, brand.time_zone)}")
    (going_on,) = evidence([finding(brand, rule, state="growing", **changes)], brand)
    assert going_on.endswith(" and it goes on")


@pytest.mark.parametrize("name", POLICIES)
def test_every_rule_that_finds_something_has_words(name: str) -> None:
    brand = policy(name)
    rules = [item for file in brand.rules for item in file.documents if "aup" in item]
    assert len(rules) > 20
    for item in rules:
        said = finding(brand, str(item["name"]), value=7, threshold=5, unit="rows")
        (line,) = evidence([said], brand)
        assert line.startswith(f"{item['title']} (")
        assert "conditions" not in line


def test_a_rule_the_policy_no_longer_has_is_named_as_it_was_called() -> None:
    brand = policy("jasmo")
    gone = replace(volume(brand), rule="unknown", rule_name="old_rule")
    (line,) = evidence([gone], brand)
    assert line.startswith("old_rule (login ann@shop.example): 230 counted, where we look from 100")


def test_what_did_not_come_is_told_so() -> None:
    brand = policy("jasmo")
    document = {
        "title": "No backup came",
        "id": "no_backup",
        "name": "no_backup",
        "aup_metric": {"type": "absence", "timespan": "24h"},
    }
    brand = replace(brand, rules=(replace(brand.rules[0], documents=(document,)),))
    said = finding(brand, "no_backup", value=0, threshold=1)
    (line,) = evidence([said], brand)
    assert line.startswith("No backup came (login ann@shop.example): nothing came within 1 day;")


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1, 500])
def test_many_findings_are_counted(count: int) -> None:
    brand = policy("jasmo")
    findings = [
        volume(brand, id=f"{number:04}", first=NOW + number * MINUTE, last=NOW + number * MINUTE)
        for number in reversed(range(count))
    ]
    lines = evidence(findings, brand)
    assert len(lines) == min(count, MOST + 1)
    shown = [spoken(NOW + number * MINUTE, brand.time_zone) for number in range(min(count, MOST))]
    assert [line.partition("; from ")[2].partition(" to ")[0] for line in lines[:MOST]] == shown
    if count > MOST:
        last = spoken(NOW + (count - 1) * MINUTE, brand.time_zone)
        assert lines[-1] == f"and {count - MOST} more of the kind, up to {last}"
