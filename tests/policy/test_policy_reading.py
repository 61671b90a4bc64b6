from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR, parse_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.cases.deadline import decide_by
from aupkeep.policy.building import build
from aupkeep.policy.draft import open_folder
from aupkeep.policy.model import Limits, Measure, Severity, Step, Tier, When
from aupkeep.policy.reading import folder_hash, read_policy

Edited = Callable[..., dict[str, str]]


def test_a_clean_folder_becomes_a_policy(clean: Mapping[str, str]) -> None:
    policy = read_policy(clean)
    assert (policy.provider, policy.id, policy.version) == ("acme", "acme-rules", "7")
    assert policy.effective == parse_instant("2026-10-31T23:00:00Z")
    assert policy.title == "House rules"
    assert policy.preamble == "# House rules\n\nBe kind to your neighbours."
    assert policy.contact == "abuse@acme.example"
    assert (policy.languages, policy.time_zone) == (("en",), "Europe/Berlin")
    assert (policy.weekend, policy.holidays) == (("saturday", "sunday"), ("2026-12-25",))
    assert policy.services == ("mailbox", "site")
    assert policy.measures[:2] == (Measure.WARN, Measure.HOLD_MAIL)
    assert policy.duties == ("graduated", "immediate", "must-notify", "48-hours")
    assert policy.graduated
    assert policy.limits == Limits(
        accounts_per_hour=5, share_permille=10, protected_customers=("c-0001",)
    )
    assert (policy.act_within, policy.appeal_within) == (DAY, 14 * DAY)
    assert policy.strike_decay == 180 * DAY


def test_what_a_policy_may_say_of_cases(edited: Edited, clean: Mapping[str, str]) -> None:
    plain = read_policy(clean)
    clause = plain.clauses["spam"]
    assert (clause.by_service, clause.business_days, plain.tell) == (False, False, "customer")
    assert (plain.compromised_strike, plain.resolve_after, plain.close_after) == (0, DAY, 14 * DAY)
    said = "tell: both\ncompromised_strike: half\nresolve_after: 2d\nclose_after: 3d\n"
    policy = read_policy(
        edited(
            ("enforcement.yml", "appeal_within: 14d", said + "appeal_within: 14d"),
            (
                "enforcement.yml",
                "ladder: mail, applies_to",
                "ladder: mail, clock: business_days, group_by: service, applies_to",
            ),
        )
    )
    clause = policy.clauses["spam"]
    assert (clause.by_service, clause.business_days, policy.tell) == (True, True, "both")
    assert (policy.compromised_strike, policy.resolve_after, policy.close_after) == (
        1,
        2 * DAY,
        3 * DAY,
    )
    saturday = parse_instant("2026-07-11T10:00:00Z")
    assert decide_by(plain, plain.clauses["spam"], saturday) == saturday + DAY
    assert decide_by(policy, clause, saturday) == parse_instant("2026-07-13T22:00:00Z")


def test_a_week_has_a_day_to_work_on(edited: Edited) -> None:
    week = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
    with pytest.raises(AupkeepError, match="a week needs a day"):
        read_policy(edited(("policy.md", "saturday, sunday", week)))


def test_clauses_come_in_the_order_of_the_page(clean: Mapping[str, str]) -> None:
    policy = read_policy(clean)
    assert list(policy.clauses) == ["spam", "csam", "opt-out"]
    spam, csam = policy.clauses["spam"], policy.clauses["csam"]
    assert spam.title == "Unwanted mail"
    assert spam.text.startswith("Send mail only")
    assert spam.text.endswith("Ask first.")
    assert (spam.severity, spam.tier, spam.ladder) == (Severity.HIGH, Tier.FACT, "mail")
    assert (spam.applies_to, spam.immediate, spam.reported) == (("mailbox",), False, False)
    assert (csam.immediate, csam.reported, csam.duties) == (True, True, ("must-notify",))
    assert csam.decide_within == HOUR


def test_ladders_say_what_the_file_says(clean: Mapping[str, str]) -> None:
    first, second, third = read_policy(clean).ladders["mail"].steps
    assert first == Step(
        name="warning",
        when=When(),
        measures=(Measure.WARN,),
        scope="mailbox",
        answer_within=48 * HOUR,
    )
    assert second.when == When(findings=3, within=7 * DAY, tier=Tier.FACT)
    assert (second.length, second.people) == (DAY, 1)
    assert third.when == When(lasting=12 * HOUR, tier=Tier.STRONG, unanswered=72 * HOUR)


def test_rules_and_notices_are_kept_word_for_word(clean: Mapping[str, str]) -> None:
    policy = read_policy(clean)
    (rule,) = policy.rules
    assert (rule.path, rule.text) == ("rules/mail.yml", clean["rules/mail.yml"])
    assert [document["name"] for document in rule.documents] == ["login_mail", "many_recipients"]
    assert policy.notices["en", "warn"] == clean["notices/en/warn.md"]
    assert ("en", "receipt") in policy.notices


def test_a_duty_that_is_switched_off_is_no_duty(edited: Edited) -> None:
    policy = read_policy(
        edited(
            ("policy.md", "duties: [graduated,", "duties: [monitor, graduated,"),
            ("enforcement.yml", "duties:\n  grad", "duties:\n  monitor: {enabled: false}\n  grad"),
        )
    )
    assert "monitor" not in policy.duties


def test_what_is_noticed_can_be_told_from_outside(clean: Mapping[str, str]) -> None:
    with pytest.raises(AupkeepError, match="no rule notices the clause `spam`"):
        read_policy(clean, noticed={})
    told = {"spam": ("a",), "opt-out": ("b",)}
    with pytest.raises(AupkeepError, match="`opt-out` is `reported`, but the rule `b` notices it"):
        read_policy(clean, noticed=told)


def test_a_draft_rule_notices_nothing(edited: Edited) -> None:
    with pytest.raises(AupkeepError, match="no rule notices the clause `spam`"):
        read_policy(edited(("rules/mail.yml", "status: review", "status: draft")))


def test_a_broken_rule_file_does_not_make_clauses_look_unnoticed(edited: Edited) -> None:
    with pytest.raises(AupkeepError) as caught:
        read_policy(edited(("rules/mail.yml", None, "a: b: c\n")))
    assert [fault.code for fault in caught.value.faults] == ["yaml-syntax"]


def test_a_faulty_draft_cannot_be_built(edited: Edited) -> None:
    draft = open_folder(edited(("enforcement.yml", "act_within: 24h", "act_within: soon")))
    with pytest.raises(ValueError, match="shape"):
        build(draft, "0")


def test_a_folder_without_files_is_refused() -> None:
    with pytest.raises(AupkeepError) as caught:
        read_policy({})
    assert [fault.code for fault in caught.value.faults] == ["missing-file", "missing-file"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_byte_changes_the_hash(clean: Mapping[str, str], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(clean)))
    at = data.draw(st.integers(0, len(clean[path]) - 1))
    letter = data.draw(st.sampled_from("xyz\n"))
    changed = clean[path][:at] + letter + clean[path][at + 1 :]
    same = changed == clean[path]
    assert (folder_hash({**clean, path: changed}) == folder_hash(clean)) is same


def test_names_and_order_of_files_are_part_of_the_hash(clean: Mapping[str, str]) -> None:
    policy = read_policy(clean)
    backwards = dict(reversed(list(clean.items())))
    assert read_policy(backwards).hash == policy.hash == folder_hash(clean)
    renamed = dict(clean)
    renamed["rules/post.yml"] = renamed.pop("rules/mail.yml")
    assert read_policy(renamed).hash != policy.hash
    emptied = {**clean, "notices/en/receipt.md": ""}
    assert read_policy(emptied).hash != policy.hash
