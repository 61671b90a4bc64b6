"""The text of every fault of a rule; `AUPKEEP_WRITE_GOLDEN=1` writes the files anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError, Fault, render
from aupkeep.detection.reading import read_rules
from aupkeep.policy.model import RuleFile

Edit = tuple[str, str]

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "rules"
SOURCE = ROOT / "src" / "aupkeep" / "detection"
SOUND = (Path(__file__).parent / "sound.yml").read_text()
#: The modules that read rules.
MODULES = (
    *("bounds", "clauses", "comparing", "correlating", "fitting", "linking", "metrics", "aliases"),
    *("reach", "reading", "sampling", "selecting", "shape", "testing"),
)
MANY = ", ".join(f"r{i}" for i in range(61))
HEAVY = ", ".join(f"'[a-f]{{300}}{i}'" for i in range(99))
RULE = """---
title: Rule {0}
id: r{0}
logsource: {{category: mail}}
detection: {{s: {{stage: result}}, condition: s}}
"""
JOIN = """---
title: Link {0}
id: link{0}
correlation: {{type: temporal, rules: [{1}, tries], group-by: [customer], timespan: 1h}}
"""
EVENT = "events: [{kind: mail, stage: result}]"

CASES: dict[str, tuple[Edit, ...]] = {
    "unknown-keys": (
        ("name: login_mail", "nam: login_mail"),
        ("logsource: {category: login}", "logsource: {category: login, prodct: linux}"),
        ("  timespan: 1h\n  condition: {gte: 3}", "  time-span: 1h\n  condition: {gte: 3, of: 1}"),
        ("  tier: fact", "  tier: fact\n  cool-down: 1h\n  evidence: {feilds: [login]}"),
        (", events: [], expect: 0", ", events: [], expect: 0, expects: 1"),
        ("min_denominator: 20", "min_denominator: 20\n  floor: 3"),
        ("usual: {mean_of_top: 3}", "usual: {mean_of_top: 3, of: 5}"),
        ("forget: 7d", "condition: {gte: 1}"),
    ),
    "missing-keys": (
        ("id: d-tries\n", ""),
        ("  type: event_count\n", ""),
        ("  tier: fact\n", "  tier:\n"),
        ("{by: plan, default: 3,", "{by: plan,"),
        ('name: "none", ', ""),
        ("condition: {field: recipient_domain, gt: 9}", "condition: {gt: 9}"),
        ("timespan: 1d, condition: {field: size, gt: 9}", "timespan: 1d"),
        ("  denominator: login_mail\n", ""),
        ("  floor: 50\n", ""),
        ("  bucket: 1h\n", ""),
        ("  rules: [tries, login_mail]\n", ""),
    ),
    "no-rule": ((SOUND, "title: Nothing\nid: x\n---\n- a\n---\n---\nb\n"),),
    "empty-file": ((SOUND, "# nothing yet\n"),),
    "wrong-types": (
        ("title: Mail of a login\n", "title: [Mail]\n"),
        ("id: d-asked", "id: 5"),
        ("name: tries", "name: {a: b}"),
        ("name: much_mail", f"name: {'m' * 201}"),
        ("rules: [much_mail, share]", "rules: 7"),
        ("  group-by: [customer, login]\n  timespan: 6h", "  group-by: {a: b}\n  timespan: 6h"),
        ("timespan: 6h", "timespan: 6"),
        ("min_denominator: 20", "min_denominator: 0.5"),
        ("{gte: 0.15}", "[0.15]"),
        ("    source: {tries: client_ip, d-mail: client_ip}", "    source: client_ip"),
        ("times: 3", "times: often"),
        ("after: [tries]", "after: [[tries]]"),
    ),
    "aup-is-no-mapping": (
        (SOUND[SOUND.index("aup:\n") : SOUND.index("---\ntitle: Mail to many")], "aup:\n"),
    ),
    "unknown-words": (
        ("category: login", "category: logn"),
        ("type: event_count", "type: event_cuont"),
        ("clause: spam", "clause: spma"),
        ("tier: fact", "tier: facts\n  status: live"),
        ("mail-bulk: 900", "mail-bukl: 900"),
        ("[tries, login_mail]", "[tries, login_mial]"),
        ("type: absence", "type: absense"),
    ),
    "unknown-fields": (
        ("login|exists: true}\n  bounced", "logn|exists: true}\n  bounced"),
        ("outcome: failed", "status: failed"),
        ("stage: result}], expect: 1", "stage: result, sizee: 5}], expect: 1"),
        ("tier: fact", "tier: fact\n  evidence: {fields: [recipient_domian]}"),
        ("group-by: [login]\n", "group-by: [logn]\n"),
        ("field: recipient_domain", "field: recipient_domian"),
        ("field: size\n", "field: sizes\n"),
    ),
    "wrong-values": (
        ("outcome: failed", "client_port: ssh"),
        ("stage: result}], expect: 1", "stage: result, size: big, source: 9999999999}], expect: 1"),
        ("{field: size, gt: 9}", "{field: login, gt: 9}"),
    ),
    "not-without-guard": (
        ("condition: selection and bounced", "condition: selection and not bounced"),
    ),
    "unused-and-twice": (
        ("condition: selection and bounced", "condition: selection"),
        ("{outcome: failed}", "{outcome: [failed, failed]}"),
        ("rules: [much_mail, share]", "rules: [much_mail, share, share]"),
        ("rules: [tries, login_mail]", "rules: [tries, login_mail, d-mail]"),
        ("name: places", "name: tries"),
        ("id: d-bytes", "id: d-bytes\nid: d-bites"),
    ),
    "two-stages": (("{stage: attempt, login|exists: true}", "{login|exists: true}"),),
    "two-stages-in-one-window": (
        ("rules: [login_mail]\n  field", "rules: [login_mail, asked_mail]\n  field"),
    ),
    "several-kinds": (
        ("denominator: login_mail", "denominator: tries"),
        ("rules: [login_mail]\n  field", "rules: [login_mail, tries]\n  field"),
    ),
    "conditions": (
        ("{field: recipient_domain, gt: 9}", "{field: recipient_domain, gt: 9, lt: 20}"),
        ("condition: {gte: 0.15}", "condition: gte 0.15"),
        ("{field: size, gt: 9}", "{field: size, gt: .inf}"),
        ("group-by: [source]", "condition: {gte: 1}\n  group-by: [source]"),
        ("rules: [much_mail, share]", "condition: much_mail or share"),
    ),
    "condition-of-a-base-rule": (
        ("condition: selection and bounced", "condition: [selection, bounced]"),
        ("{stage: attempt, login|exists: true}", "{stage: attempt}\n  timeframe: 5m"),
        ("{outcome: failed}\n  condition: selection", "{outcome: failed}\n  condition: selectoin"),
    ),
    "nested-condition": (
        ("condition: selection and bounced", f"condition: {'(' * 1000}selection{')' * 1000}"),
        (
            "{outcome: failed}\n  condition: selection",
            f"{{outcome: failed}}\n  condition: {'not ' * 41}selection",
        ),
    ),
    "long-condition": (
        ("condition: selection and bounced", f"condition: selection{' and bounced' * 6000}"),
    ),
    "selects-nothing": (
        ("{outcome: failed}", "{}"),
        ("bounced: {status: [bounced, expired]}", "bounced: [word]"),
    ),
    "patterns": (
        (
            "status: [bounced, expired]",
            "reply|re: ['(?=a)b', '(?<!a)b', '(a)\\1', '(a{1000}){1000}', 'a(', '[z-a]']",
        ),
    ),
    "patterns-too-large": (
        (
            "status: [bounced, expired]",
            f"reply|re: [{HEAVY}]",
        ),
    ),
    "modifiers": (("status: [bounced, expired]", "status|base58: [bounced], reply|expand: '%x%'"),),
    "circle": (
        ("rules: [much_mail, share]", "rules: [much_mail, order]"),
        ("rules: [tries, login_mail]", "rules: [tries, signs]"),
        ("d-mail: client_ip", "signs: client_ip"),
    ),
    "circle-of-one": (("rules: [much_mail, share]", "rules: [much_mail, signs]"),),
    "references": (
        ("numerator: refused_mail", "numerator: much_mail"),
        ("rules: [much_mail, share]", "rules: [much_mail, silence]"),
    ),
    "joins-one": (("rules: [much_mail, share]", "rules: [share]"),),
    "joins-too-many": (
        ("rules: [much_mail, share]", f"rules: [{MANY}]"),
        (
            "---\ntitle: Two signs",
            "".join(RULE.format(i) for i in range(61)) + "---\ntitle: Two signs",
        ),
    ),
    "long-chain": (
        (
            "---\ntitle: Two signs",
            "".join(JOIN.format(i, f"link{i + 1}") for i in range(31))
            + JOIN.format(31, "login_mail")
            + "---\ntitle: Two signs",
        ),
    ),
    "aliases-miss": (("{tries: client_ip, d-mail: client_ip}", "{tries: client_ip}"),),
    "aliases-unknown": (
        (
            "{tries: client_ip, d-mail: client_ip}",
            "{tries: client_pi, d-mail: client_ip, share: login}",
        ),
    ),
    "aliases-mix-types": (("tries: client_ip, d-mail", "tries: client_port, d-mail"),),
    "aliases-not-grouped": (
        ("    source: {tries", "    sorce: {tries"),
        ("group-by: [source]", "group-by: [customer]"),
    ),
    "aliases-twice": (("{tries: client_ip,", "{tries: client_ip, login_mail: client_ip,"),),
    "aliases-of-customer": (("{tries: client_ip,", "{tries: customer,"),),
    "customer-as-alias": (
        ("    source: {tries", "    customer: {tries"),
        ("group-by: [source]", "group-by: [customer]"),
    ),
    "generate": (
        ("  rules: [much_mail, share]", "  generate: false\n  rules: [much_mail, share]"),
        ("id: d-order", "id: d-order\ngenerate: maybe"),
    ),
    "generate-twice": (
        ("  rules: [much_mail, share]", "  generate: true\n  rules: [much_mail, share]"),
        ("id: d-signs", "id: d-signs\ngenerate: true"),
    ),
    "never": (
        (
            "threshold: {by: plan, default: 3, mail-bulk: 900}",
            "threshold: {by: plan, default: 3, mail-bulk: 1.0e30}",
        ),
        ("{field: recipient_domain, gt: 9}", "{field: final, gt: 2}"),
        ("{field: size, gt: 9}", "{field: size, gt: 1.0e20}"),
        ("{gte: 0.15}", "{gt: 1}"),
        ("floor: 50", "floor: 1.0e30"),
    ),
    "never-by-words": (("{field: recipient_domain, gt: 9}", "{field: status, gte: 7}"),),
    "never-below-one": (("{field: recipient_domain, gt: 9}", "{field: recipient_domain, lt: 1}"),),
    "never-a-fraction": (("{field: size, gt: 9}", "{field: size, eq: 9.5}"),),
    "never-in-its-own-group": (("{field: recipient_domain, gt: 9}", "{field: login, gt: 9}"),),
    "always": (
        ("{field: recipient_domain, gt: 9}", "{field: recipient_domain, gte: 0}"),
        ("{gte: 0.15}", "{gte: 0}"),
        ("{by: plan, default: 3,", "{by: plan, default: -3,"),
    ),
    "thresholds-where-none-are": (
        ("forget: 7d\n", "forget: 7d\naup: {clause: spam, tier: fact, threshold: 5, tests: []}\n"),
    ),
    "threshold-by-age": (("by: plan", "by: age"),),
    "baseline": (
        ("history: 14d", "history: 90m"),
        ("times: 3", "times: 0"),
        ("floor: 50", "floor: -1"),
    ),
    "mean-of-too-many": (("mean_of_top: 3", "mean_of_top: 400"),),
    "baseline-too-fine": (("bucket: 1h", "bucket: 1m"),),
    "baseline-more-than-its-history": (
        ("min_history: 3d", "min_history: 15d"),
        ("usual: {mean_of_top: 3}", "usual: mean"),
    ),
    "durations": (
        ("timespan: 2h", "timespan: 367d"),
        ("forget: 7d", "forget: 0s"),
        ("timespan: 6h", "timespan: soon"),
        ("tier: fact", "tier: fact\n  cooldown: 3w2d"),
    ),
    "missing-tests": (('    - {name: "none", events: [], expect: 0}\n', ""),),
    "only-negative-tests": (("expect: 1}", "expect: 0}"),),
    "tests": (
        (EVENT, "events: [{kind: mial}, {kind: mail, every: 5}, {kind: mail, repeat: 0}, mail]"),
        ("events: [], expect: 0", "events: none, expect: 0.5"),
    ),
    "tests-too-large": (
        (EVENT, "events: [{kind: mail, repeat: 200001}, {kind: mail, at: 9999w}]"),
        ("events: [], expect: 0", "events: [{kind: mail, repeat: 200000, every: 1h}], expect: 0"),
    ),
    "tests-too-many-rows": (
        (EVENT, f"events: [{', '.join(['{kind: mail, repeat: 200000}'] * 6)}]"),
    ),
    "test-ends-before-its-events": (
        (EVENT, "until: 1h, events: [{kind: mail, repeat: 9, every: 10m}]"),
    ),
    "tests-are-no-list": (
        ('tests:\n    - {name: "one"', 'tests:\n      one: {name: "one"'),
        ('    - {name: "none"', '      none: {name: "none"'),
    ),
    "most": (("tier: fact", "tier: fact\n  evidence: {most: 1001}"),),
}


def faults_of(*edits: Edit) -> tuple[Fault, ...]:
    text = SOUND
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new) if text.count(old) == 1 else text.replace(old, new, 1)
    file = RuleFile(path="rules/a.yml", text=text, documents=())
    with pytest.raises(AupkeepError) as caught:
        read_rules([file], clauses=("spam",), plans=("mail-bulk", "shared"))
    return caught.value.faults


def test_what_is_edited_here_is_sound() -> None:
    file = RuleFile(path="rules/a.yml", text=SOUND, documents=())
    assert len(read_rules([file], clauses=("spam",), plans=("mail-bulk",)).rules) == 8


@pytest.mark.parametrize("name", CASES)
def test_fault_text(name: str) -> None:
    found = "\n".join(render(fault) for fault in faults_of(*CASES[name])) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(found)
    assert found == path.read_text()


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


def test_every_code_has_a_case_and_every_message_its_style() -> None:
    codes: set[str] = set()
    for module in MODULES:
        source = (SOURCE / f"{module}.py").read_text()
        codes.update(re.findall(r'code="([a-z0-9-]+)"', source))
        codes.update(re.findall(r'shape\.fault\(\s*"([a-z-]+)"', source))
    for edits in CASES.values():
        for fault in faults_of(*edits):
            codes.discard(fault.code)
            assert not fault.what.endswith("."), fault.what
            assert not re.sub(r"`[^`]*`", "", fault.what)[:1].isupper(), fault.what
    assert codes == set()
