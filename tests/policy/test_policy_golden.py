"""The text of every fault, word for word; `AUPKEEP_WRITE_GOLDEN=1` writes the files anew."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError, Fault, render
from aupkeep.policy.draft import open_folder
from aupkeep.policy.reading import FaultyPolicyError, draft_faults, read_policy
from aupkeep.policy.templates import REQUIRED

Edit = tuple[str, str | None, str | None]
Edited = Callable[..., dict[str, str]]

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "policy"
SOURCE = ROOT / "src" / "aupkeep" / "policy"
PAGE = "policy.md"
BOOK = "enforcement.yml"
RULES = "rules/mail.yml"
WARN = "notices/en/warn.md"

FEE = "notices/en/fee.md"
#: The clean folder with a fee in a step, but for its prices.
CHARGES: tuple[Edit, ...] = (
    (PAGE, "preserve, notify_authority]", "preserve, notify_authority, fee]"),
    (BOOK, "measures: [suspend_account]", "measures: [suspend_account, fee]"),
    (
        FEE,
        None,
        " ".join(f"{{{{ {name} }}}}" for name in REQUIRED),
    ),
)
PRICES = (
    "{currency: EUR, cap: 9000, period: 90d, amounts: {spam: {stop: 4500}, opt-out: {stop: 1}}}"
)


def priced(prices: str) -> tuple[Edit, ...]:
    """Return the edits to a folder that charges by `prices`."""
    return (*CHARGES, (BOOK, "act_within: 24h", f"fees: {prices}\nact_within: 24h"))


CASES: dict[str, tuple[Edit, ...]] = {
    "anchor": ((BOOK, "protected_customers: [c-0001]", "protected_customers: &p [c-0001]"),),
    "alias": ((BOOK, "protected_customers: [c-0001]", "protected_customers: *p"),),
    "tag": ((BOOK, "act_within: 24h", "act_within: !!python/name:os.system 24h"),),
    "syntax": ((BOOK, "strike_decay: 180d", "strike_decay: 180d: 5"),),
    "syntax-in-rule": ((RULES, "level: medium", "level: [medium"),),
    "control-character": ((BOOK, "strike_decay: 180d", "strike_decay: \x01"),),
    "duplicate-key": ((BOOK, "appeal_within: 14d", "appeal_within: 14d\nact_within: {a: !x 1}"),),
    "key-not-text": ((BOOK, "act_within: 24h", "act_within: 24h\n404: 24h\n[a, b]: 24h"),),
    "too-deep": ((BOOK, "act_within: 24h", f"act_within: {'[' * 30}{']' * 30}"),),
    "too-large": ((BOOK, None, "#" * 4_000_001),),
    "two-documents": ((BOOK, "ladders:", "---\nladders:"),),
    "tab-file": ((BOOK, None, "\t"),),
    "empty-file": ((BOOK, None, ""),),
    "null-file": ((BOOK, None, "~\n"),),
    "missing-files": ((PAGE, None, None), (BOOK, None, None)),
    "stray-file": (("enforcment.yml", None, "a: 1\n"), ("rules/old.yml.bak", None, "")),
    "no-front-matter": ((PAGE, None, "# Rules\n"),),
    "empty-front-matter": ((PAGE, None, "---\n---\n## Spam {#spam}\nNo.\n"),),
    "no-clauses": ((PAGE, None, "---\ntitle: x\n---\nBe kind.\n"),),
    "clause-id": ((PAGE, "{#opt-out}", "{#Opt Out}"),),
    "duplicate-clause": ((PAGE, "{#opt-out}", "{#spam}"),),
    "empty-clause": ((PAGE, "Who says stop is left alone.\n", ""),),
    "untitled-clause": ((PAGE, "Asked not to write {#", "{#"),),
    "no-dialogue": (("notices/en/reminder.md", None, None),),
    "dialogue-lacks": (("notices/en/appeal_decision.md", None, "We have decided.\n"),),
    "category-word": ((BOOK, "ladder: mail, applies", "ladder: mail, category: scam, applies"),),
    "unknown-key": ((BOOK, "ladder: mail, applies_to", "lader: mail, applies_to"),),
    "words-of-cases": (
        (BOOK, "ladder: mail, applies_to", "ladder: mail, clock: bussiness_days, applies_to"),
        (
            BOOK,
            "appeal_within: 14d",
            "tell: resellers\ncompromised_strike: whole\nappeal_within: 14d",
        ),
    ),
    "unknown-key-in-step": ((BOOK, "answer_within: 48h", "answer_witin: 48h"),),
    "unknown-key-in-when": ((BOOK, "lasting: 12h", "lastting: 12h"),),
    "unknown-key-at-top": ((PAGE, "contact:", "conntact:"),),
    "missing-key": ((BOOK, "accounts_per_hour: 5", ""),),
    "wrong-types": (
        (BOOK, "accounts_per_hour: 5", "accounts_per_hour: five"),
        (BOOK, "immediate: true", "immediate: yes"),
        (BOOK, "measures: [warn]", "measures: warn"),
        (BOOK, "  grave:\n    steps:", "  odd: 3\n  grave:\n    steps:"),
        (BOOK, "appeal_within: 14d", "appeal_within: 14"),
    ),
    "wrong-types-in-front": (
        (PAGE, 'version: "7"', "version: 7"),
        (PAGE, "effective: 2026-11-01T00:00:00+01:00", "effective: 20261101"),
        (PAGE, "title: House rules", "title: [House, rules]"),
    ),
    "out-of-bounds": (
        (BOOK, "share_permille: 10", "share_permille: 1001"),
        (BOOK, "accounts_per_hour: 5", "accounts_per_hour: 0"),
    ),
    "later-schema": ((PAGE, "title: House rules", "schema: 2\ntitle: House rules"),),
    "empty-list": (
        (BOOK, "measures: [warn]", "measures: []"),
        (PAGE, "services: [mailbox, site]", "services: []"),
        (BOOK, "protected_customers: [c-0001]", "protected_customers: []"),
    ),
    "empty-mapping": ((BOOK, None, "clauses: {}\n"),),
    "listed-twice": ((BOOK, "measures: [warn]", "measures: [warn, warn]"),),
    "wrong-duration": (
        (BOOK, "act_within: 24h", "act_within: 1 day"),
        (BOOK, "strike_decay: 180d", "strike_decay: 0d"),
    ),
    "too-long": (
        (BOOK, "act_within: 24h", "act_within: 5219w"),
        (BOOK, "strike_decay: 180d", f"strike_decay: {'9' * 90}d"),
    ),
    "contact": ((PAGE, "contact: abuse@acme.example", "contact: ask at the desk"),),
    "no-zone": ((PAGE, "00:00:00+01:00", "00:00:00"),),
    "no-instant": ((PAGE, "2026-11-01T00:00:00+01:00", "first of May"),),
    "time-zone": ((PAGE, "Europe/Berlin", "Europe/Berln"),),
    "day": ((PAGE, "[2026-12-25]", "[2026-12-25, 2026-13-01]"),),
    "weekend": ((PAGE, "[saturday, sunday]", "[saturday, sundy]"),),
    "name": ((PAGE, "id: acme-rules", "id: Acme Rules"),),
    "clause-key": ((BOOK, "  opt-out:", "  Opt Out:"),),
    "line": (
        (PAGE, "title: House rules", 'title: " House rules"'),
        (PAGE, "contact: abuse@acme.example", f"contact: {'a' * 201}"),
    ),
    "unknown-measure": ((BOOK, "measures: [warn]", "measures: [wran]"),),
    "unknown-scope": ((BOOK, "scope: service", "scope: servce"),),
    "unknown-severity": ((BOOK, "severity: high", "severity: hihg"),),
    "unknown-tier": ((BOOK, "tier: strong, unanswered", "tier: certain, unanswered"),),
    "unknown-ladder": ((BOOK, "ladder: grave", "ladder: graev"),),
    "unused-ladder": ((BOOK, "ladder: grave", "ladder: mail"),),
    "unknown-service": ((BOOK, "applies_to: [mailbox]", "applies_to: [mailbx]"),),
    "unknown-duty": ((PAGE, "must-notify, 48-hours]", "must-notify, 48-huors]"),),
    "duty-not-listed": ((BOOK, "duties: [48-hours]", "duties: [dmca]"),),
    "clause-without-heading": ((PAGE, "{#opt-out}", "{#optout}"),),
    "duty-without-entry": ((BOOK, "  immediate: {enabled: true}\n", ""),),
    "duty-without-measure": (
        (PAGE, "preserve, notify_authority]", "preserve]"),
        ("notices/en/notify_authority.md", None, None),
    ),
    "duty-left-out": ((BOOK, "    duties: [must-notify]\n", ""),),
    "mandatory-duty": ((BOOK, "must-notify: {enabled: true}", "must-notify: {enabled: false}"),),
    "duty-not-in-step": (
        (BOOK, "measures: [preserve, notify_authority]", "measures: [warn]"),
        (BOOK, "[suspend_account, preserve, notify_authority]", "[suspend_account, preserve]"),
    ),
    "duty-delayed": (
        (
            BOOK,
            "measures: [preserve, notify_authority]",
            "when: {unanswered: 72h}\n        measures: [preserve, notify_authority]",
        ),
    ),
    "duty-too-slow": ((BOOK, "within: 48h}", "within: 72h}"),),
    "immediate-without-fact": ((BOOK, "    tier: fact\n", "    tier: strong\n"),),
    "immediate-not-reserved": (
        (PAGE, "[graduated, immediate,", "[graduated,"),
        (BOOK, "  immediate: {enabled: true}\n", ""),
    ),
    "immediate-switched-off": (
        (BOOK, "  immediate: {enabled: true}", "  immediate: {enabled: false}"),
    ),
    "immediate-below-fact": ((BOOK, "when: {tier: fact}", "when: {tier: strong}"),),
    "touches-service-first": ((BOOK, "    immediate: true\n", ""),),
    "touches-service-later": ((BOOK, "{findings: 3, within: 7d, tier: fact}", "{tier: fact}"),),
    "two-clauses-one-ladder": ((BOOK, "ladder: mail, duties", "ladder: grave, duties"),),
    "score-step": ((BOOK, "when: {tier: fact}", "when: {tier: score}"),),
    "within-alone": ((BOOK, "{findings: 3, within: 7d,", "{within: 7d, lasting: 1h,"),),
    "measure-not-reserved": ((BOOK, "measures: [preserve, notify", "measures: [fee, notify"),),
    "fees-not-reserved": ((BOOK, "act_within: 24h", f"fees: {PRICES}\nact_within: 24h"),),
    "fee-without-amount": CHARGES,
    "fee-of-a-step-without-one": priced(PRICES.replace("spam: {stop", "spam: {hold: 1, stop")),
    "fee-of-no-clause": priced(PRICES.replace("amounts: {", "amounts: {spma: {stop: 1}, ")),
    "fee-over-cap": priced(PRICES.replace("4500", "9001")),
    "fee-wrong-values": priced(
        PRICES.replace("EUR", "ERU").replace("4500", "45.5").replace("period: 90d, ", "")
    ),
    "no-length": ((BOOK, "        length: 30d\n", ""),),
    "length-without-end": ((BOOK, "scope: service", "scope: service\n        length: 2h"),),
    "too-few-people": ((BOOK, "length: 7d", "length: 7d\n        people: 1"),),
    "duplicate-step": ((BOOK, "name: close", "name: preserve"),),
    "not-noticed": ((BOOK, "decide_within: 48h, reported: true", "decide_within: 48h"),),
    "reported-and-noticed": ((BOOK, "severity: high,", "severity: high, reported: true,"),),
    "tier-too-high": ((BOOK, "{severity: high, tier: fact", "{severity: high, tier: judgement"),),
    "no-notice": ((WARN, None, None),),
    "notice-of-other-measure": (("notices/en/throttle.md", None, "Slow.\n"),),
    "notice-in-other-language": (("notices/de/receipt.md", None, "Danke.\n"),),
    "template-syntax": ((WARN, "{% endfor %}", "{% endfr %}"),),
    "template-filter": ((WARN, "{{ clause_text }}", "{{ clause_text | shout }}"),),
    "template-name": ((WARN, "{{ customer }}", "{{ custmer }}"),),
    "template-inside": (
        (
            WARN,
            "{{ customer }}",
            (
                "{{ customer }}{{ ''.__class__ }}{{ contact['__doc__'] }}\n"
                "{{ evidence | map(attribute='__init__') | list }}{{ contact._secret }}"
            ),
        ),
    ),
    "notice-lacks": (
        ("notices/en/hold_mail.md", "{% if ends %}, until {{ ends }}{% endif %}", ""),
        ("notices/en/hold_mail.md", "checkpoint {{ checkpoint }}", "the last"),
    ),
}


def faults_of(files: dict[str, str]) -> tuple[Fault, ...]:
    return AupkeepError(draft_faults(open_folder(files))).faults


def check_golden(name: str, faults: tuple[Fault, ...]) -> None:
    found = "\n".join(render(fault) for fault in faults) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(found)
    assert found == path.read_text()


@pytest.mark.parametrize("name", CASES)
def test_fault_text(name: str, edited: Edited) -> None:
    faults = faults_of(edited(*CASES[name]))
    assert faults
    check_golden(name, faults)


def test_a_faulty_folder_is_refused(edited: Edited) -> None:
    with pytest.raises(FaultyPolicyError) as caught:
        read_policy(edited(*CASES["weekend"]))
    assert [fault.code for fault in caught.value.faults] == ["unknown-word"]
    assert caught.value.exit_code == 1


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {*CASES, "ten-faults"}


def test_every_code_of_the_source_has_a_case_and_every_message_its_style(edited: Edited) -> None:
    codes = set()
    for path in SOURCE.rglob("*.py"):
        codes |= set(re.findall(r'code="([a-z0-9-]+)"', path.read_text()))
    codes |= set(re.findall(r'self\._fault\(\s*"([a-z-]+)"', (SOURCE / "marks.py").read_text()))
    for edits in CASES.values():
        for fault in faults_of(edited(*edits)):
            codes.discard(fault.code)
            assert not fault.what.endswith("."), fault.what
            assert not re.sub(r"`[^`]*`", "", fault.what)[:1].isupper(), fault.what
    assert codes == set()


def test_ten_faults_are_named_in_one_run(edited: Edited) -> None:
    files = edited(
        (PAGE, "00:00:00+01:00", "00:00:00"),
        (PAGE, "[saturday, sunday]", "[saturday, sundy]"),
        (BOOK, "act_within: 24h", "act_within: 1 day"),
        (BOOK, "must-notify: {enabled: true}", "must-notify: {enabled: false}"),
        (BOOK, "answer_within: 48h", "answer_witin: 48h"),
        (BOOK, "length: 7d", "length: 7d\n        people: 1"),
        (BOOK, "measures: [hold_mail]", "measures: [fee]"),
        (BOOK, "ladder: mail, applies_to", "ladder: mial, applies_to"),
        (BOOK, "decide_within: 48h, reported: true", "decide_within: 48h"),
        (WARN, "{{ customer }}", "{{ custmer }}"),
        (BOOK, "    severity: critical\n", "    severity: critical\n    severity: high\n"),
    )
    faults = faults_of(files)
    assert len(faults) >= 10
    check_golden("ten-faults", faults)
