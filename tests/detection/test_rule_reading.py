"""Rule files are read strictly: all faults at once, each with its place."""

from __future__ import annotations

import pytest

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import (
    Absence,
    All,
    Baseline,
    Compare,
    Conjunction,
    OneOf,
    RuleSet,
    Window,
)
from aupkeep.policy.model import RuleFile

BASE = """\
title: Mail of a login
id: base
name: login_mail
logsource: {category: mail}
detection:
  selection: {stage: result, login|exists: true}
  condition: selection
"""
TESTS = """\
  tests:
    - {name: yes, events: [{kind: mail, stage: result, login: a}], expect: 1}
    - {name: no, events: [], expect: 0}
"""
COUNT = """\
title: Counted
id: count
name: counted
correlation:
  type: event_count
  rules: [login_mail]
  group-by: [customer, login]
  timespan: 1h
  condition: {gte: 1}
aup:
  clause: spam
  tier: fact
"""


def read(*documents: str, plans: tuple[str, ...] | None = None) -> RuleSet:
    text = "---\n".join(documents)
    file = RuleFile(path="rules/a.yml", text=text, documents=())
    return read_rules([file], clauses=("spam",), plans=plans)


def faults(*documents: str, plans: tuple[str, ...] | None = None) -> list[Fault]:
    with pytest.raises(AupkeepError) as caught:
        read(*documents, plans=plans)
    return list(caught.value.faults)


def base(selection: str, condition: str = "selection") -> str:
    return BASE.replace("{stage: result, login|exists: true}", selection).replace(
        "condition: selection", f"condition: {condition}"
    )


def test_sound_rules() -> None:
    rules = read(BASE, COUNT + TESTS)
    window = rules.rules["count"]
    assert isinstance(window, Window)
    assert (window.rules, window.kind, window.timespan) == (("base",), "mail", 3_600_000_000)
    assert window.aup is not None
    assert window.aup.status == "review"


def test_threshold_is_no_part_of_what_is_detected() -> None:
    one = read(BASE, COUNT + TESTS).rules["count"].detection
    higher = COUNT.replace("gte: 1", "gte: 7").replace(
        "clause: spam", "cooldown: 6h\n  clause: spam"
    )
    assert read(BASE, higher + TESTS).rules["count"].detection == one
    renamed = BASE.replace("login_mail", "other").replace("Mail of", "Post of")
    assert (
        read(renamed, COUNT.replace("login_mail", "other") + TESTS).rules["count"].detection == one
    )
    for changed in (COUNT.replace("1h", "2h"), COUNT.replace(", login]", "]")):
        assert read(BASE, changed + TESTS).rules["count"].detection != one
    assert read(base("{stage: result}"), COUNT + TESTS).rules["count"].detection != one


def test_order_follows_references() -> None:
    join = """\
title: Joined
id: join
name: joined
correlation: {type: temporal, rules: [counted, login_mail], group-by: [customer], timespan: 1h}
"""
    rules = read(join, COUNT + TESTS, BASE).rules
    assert list(rules) == ["count", "join"]
    joined = rules["join"]
    assert isinstance(joined, Conjunction)
    assert (joined.rules, joined.kinds) == (("count", "base"), ("mail",))


@pytest.mark.parametrize(
    ("document", "code", "part"),
    [
        (base("{stage: result, loginn|exists: true}"), "unknown-field", "did you mean `login`?"),
        (base("{stage: result, size: '3'}"), "wrong-type", "`size` holds numbers"),
        (base("{stage: result, dsn: 5}"), "wrong-type", 'put it in quotes: "5"'),
        (base("{stage: result, counted: 'true'}"), "wrong-type", "holds true or false"),
        (base("{stage: result, login|foo: a}"), "unknown-word", "not a modifier"),
        (base("{stage: result, login|base58: a}"), "unknown-word", "`base58`"),
        (base("{stage: result, reply|re: 'a('}"), "regex", "unclosed group"),
        (base("{stage: result, reply|re: '(?=a)'}"), "regex", "look-around"),
        (base("[a, b]"), "keyword", "name the field"),
        (base("{login|exists: true}"), "two-stages", "must select one `stage`"),
        (base("{stage: [result, attempt]}"), "two-stages", "must select one `stage`"),
        (
            base("{stage: result}\n  bad: {login: a}", "selection and not bad"),
            "unguarded-not",
            "`login|exists: true`",
        ),
        (base("{stage: result, login|neq: a}"), "unguarded-not", "`login|exists: true`"),
        (base("{stage: result}", "selectio"), "sigma", ""),
        (base("{}"), "empty", "selects nothing"),
        (BASE.replace("category: mail", "category: mial"), "unknown-word", "did you mean `mail`?"),
        (BASE.replace("title:", "tittle:"), "unknown-key", "did you mean `title`?"),
        (BASE.replace("id: base\n", ""), "missing-key", "has no `id`"),
        ("title: Nothing\nid: x\n", "no-rule", "has `detection`"),
    ],
)
def test_faults_of_base_rules(document: str, code: str, part: str) -> None:
    found = faults(document)
    assert code in [fault.code for fault in found]
    assert any(part in fault.what + fault.hint for fault in found)
    assert all(fault.place and fault.place.file == "rules/a.yml" for fault in found)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("timespan", "time-span", "unknown-key"),
        ("1h", "one hour", "not-a-duration"),
        ("event_count", "event_cuont", "unknown-word"),
        ("[login_mail]", "[login_male]", "unknown-word"),
        ("[login_mail]", "[counted]", "not-a-base-rule"),
        ("[login_mail]", "[]", "not-a-list"),
        ("[customer, login]", "[customer, logn]", "unknown-word"),
        ("[customer, login]", "[login, login]", "twice"),
        ("{gte: 1}", "{gte: 1, lt: 5}", "one-comparison"),
        ("{gte: 1}", "{gte: many}", "not-a-number"),
        ("{gte: 1}", "{field: size, gte: 1}", "unknown-key"),
        ("clause: spam", "clause: spma", "unknown-word"),
        ("tier: fact", "tier: facts", "unknown-word"),
        ("tier: fact", "tier: fact\n  statu: draft", "unknown-key"),
        ("tier: fact", "tier: fact\n  evidence: {fields: [nothing]}", "unknown-word"),
        ("tier: fact", "tier: fact\n  evidence: {most: 0}", "not-a-whole-number"),
        ("tier: fact", "tier: fact\n  threshold: {by: plan, x: 1}", "missing-key"),
        ("tier: fact", "tier: fact\n  threshold: {by: age, default: 1}", "threshold"),
        ("tier: fact", "tier: fact\n  threshold: {by: plan, default: 1, y: 1}", "unknown-word"),
        ("expect: 1", "expect: 0", "missing-test"),
        ("events: []", "events: [{kind: mail, nothing: 1}]", "unknown-word"),
        ("events: []", "events: [{kind: mail, size: x}]", "wrong-type"),
        ("events: []", "events: [{kind: mail, every: soon}]", "not-a-duration"),
        ("name: counted", "name: login_mail", "twice"),
    ],
)
def test_faults_of_correlations(old: str, new: str, code: str) -> None:
    document = (COUNT + TESTS).replace(old, new, 1)
    found = faults(BASE, document, plans=("x",))
    assert code in [fault.code for fault in found]
    assert all(fault.place and fault.place.line > 8 for fault in found)


def test_all_faults_at_once_in_order_of_place() -> None:
    bad = COUNT.replace("1h", "soon").replace("fact", "facts").replace("login]", "logn]")
    found = faults(base("{stage: result, nothing: 1}"), bad + TESTS)
    assert [fault.code for fault in found] == ["unknown-field", "not-a-duration", "unknown-word"]
    places = [(fault.place.line, fault.place.column) for fault in found if fault.place]
    assert places == sorted(places)


def test_circles_are_refused() -> None:
    join = """\
title: {0}
id: {0}
correlation: {{type: temporal, rules: [{1}, login_mail], group-by: [customer], timespan: 1h}}
"""
    found = faults(BASE, join.format("a", "b"), join.format("b", "a"))
    assert [fault.code for fault in found] == ["circle"]


def test_several_kinds_in_one_window_are_refused() -> None:
    other = BASE.replace("category: mail", "category: login").replace("login_mail", "tries")
    other = other.replace("id: base", "id: tries2").replace("stage: result, login|", "user|")
    found = faults(BASE, other, COUNT.replace("[login_mail]", "[login_mail, tries]") + TESTS)
    assert "several-kinds" in [fault.code for fault in found]


def test_windows_over_both_stages_are_refused() -> None:
    other = BASE.replace("id: base", "id: asked").replace("login_mail", "asked_mail")
    other = other.replace("stage: result", "stage: attempt")
    found = faults(BASE, other, COUNT.replace("[login_mail]", "[login_mail, asked_mail]") + TESTS)
    assert [fault.code for fault in found] == ["two-stages"]


def test_ten_thousand_values_are_taken() -> None:
    many = ", ".join(f'"u{i}@x.example"' for i in range(10_000))
    assert read(base("{stage: result, login: [" + many + "]}")).selections["base"].kind == "mail"


TRIES = """\
title: A login that failed
id: tries
name: tries
logsource: {category: login}
detection:
  selection: {outcome: failed}
  condition: selection
"""
USUAL = """\
title: More than is usual
id: usual
aup_metric:
  type: baseline
  rules: [login_mail]
  group-by: [customer, login]
  bucket: 1h
  history: 14d
  usual: {mean_of_top: 3}
  times: 3
  floor: 50
"""
SILENCE = """\
title: Nothing comes any more
id: silence
aup_metric: {type: absence, rules: [login_mail], after: [tries], group-by: [customer], timespan: 1h}
"""
ORDER = """\
title: Tries, then mail
id: order
correlation:
  type: temporal_ordered
  rules: [tries, login_mail]
  group-by: [source]
  aliases: {source: {tries: client_ip, base: client_ip}}
  timespan: 2h
"""
HOUR = 3_600_000_000
#: As version 0.1 computed them.
HASHES = {
    "count": "52433cdc1b88261cedf9d9aefb5a5c37ae1a68702a5933d49d7322386d554da4",
    "share": "996d2ed61c38a6cad989bba2c2563e8beaab63c6a0c3ee592ea71941bc9bd647",
    "join": "55d9e7c2037256cc4d038fe3c14ec8c3bc9e68a3e83ea229668de342321be843",
}


def one(*documents: str) -> str:
    """Return the detection hash of the last document."""
    return list(read(*documents).rules.values())[-1].detection


def test_a_baseline() -> None:
    rule = read(BASE, USUAL).rules["usual"]
    assert isinstance(rule, Baseline)
    assert (rule.bucket, rule.history, rule.least) == (HOUR, 336, 336)
    assert (rule.usual, rule.top, rule.times) == ("mean_of_top", 3, 3.0)
    assert (rule.threshold.default, rule.field, rule.kind) == (50, "", "mail")
    more = USUAL.replace("  times", "  min_history: 3d\n  field: size\n  times")
    changed = read(BASE, more.replace("{mean_of_top: 3}", "median")).rules["usual"]
    assert isinstance(changed, Baseline)
    assert (changed.least, changed.usual, changed.top, changed.field) == (72, "median", 0, "size")


def test_a_threshold_replaces_the_floor() -> None:
    block = "aup: {clause: spam, tier: fact, threshold: {by: plan, default: 5, x: 9}, tests: [\n"
    block += "  {name: a, events: [], expect: 1}, {name: b, events: [], expect: 0}]}\n"
    rule = read(BASE, USUAL.replace("  floor: 50\n", "") + block).rules["usual"]
    assert isinstance(rule, Baseline)
    assert (rule.threshold.default, rule.threshold.plans) == (5, {"x": 9})


def test_an_absence() -> None:
    rule = read(BASE, TRIES, SILENCE).rules["silence"]
    assert isinstance(rule, Absence)
    assert (rule.rules, rule.after, rule.kinds) == (("base",), ("tries",), ("login", "mail"))
    assert (rule.timespan, rule.forget) == (HOUR, 30 * 24 * HOUR)
    alone = SILENCE.replace(" after: [tries],", "").replace("1h}", "1h, forget: 2d}")
    rule = read(BASE, alone).rules["silence"]
    assert isinstance(rule, Absence)
    assert (rule.after, rule.kinds, rule.forget) == ((), ("mail",), 48 * HOUR)


def test_order_and_aliases() -> None:
    rule = read(BASE, TRIES, ORDER).rules["order"]
    assert isinstance(rule, Conjunction)
    assert rule.ordered
    assert rule.aliases == {"source": {"tries": "client_ip", "base": "client_ip"}}


def test_aliases_of_a_ratio_are_for_its_numerator_too() -> None:
    ratio = """\
title: Share
id: share
aup_metric:
  type: ratio
  numerator: other
  denominator: login_mail
  group-by: [who]
  aliases: {who: {other: sender, login_mail: login}}
  timespan: 1h
  min_denominator: 3
  condition: {gt: 0.5}
"""
    other = BASE.replace("id: base", "id: o").replace("login_mail", "other")
    rule = read(BASE, other, ratio).rules["share"]
    assert isinstance(rule, Window)
    assert rule.aliases == {"who": {"o": "sender", "base": "login"}}
    assert (rule.numerator, rule.rules) == ("o", ("base",))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  rules: [tries, login_mail]\n", "  condition: tries and login_mail\n"),
        ("  timespan", "  condition: {gte: 2}\n  timespan"),
        ("  timespan", "  condition: {eq: 2}\n  timespan"),
        ("  timespan", "  condition: tries AND login_mail\n  timespan"),
        ("  timespan", "  generate: true\n  timespan"),
        ("  timespan", "  generate: false\n  timespan"),
        ("id: order\n", "id: order\ngenerate: true\n"),
        ("group-by: [source]", "group-by: source"),
    ],
)
def test_other_forms_of_sigma_mean_the_same(old: str, new: str) -> None:
    assert one(BASE, TRIES, ORDER.replace(old, new, 1)) == one(BASE, TRIES, ORDER)


def test_the_order_of_the_rules_is_that_of_the_condition() -> None:
    turned = ORDER.replace("  rules: [tries, login_mail]\n", "  condition: login_mail and tries\n")
    rule = read(BASE, TRIES, turned).rules["order"]
    assert rule.rules == ("base", "tries")


def test_what_shapes_the_state_is_in_the_hash_and_thresholds_are_not() -> None:
    usual, silence, order = one(BASE, USUAL), one(BASE, TRIES, SILENCE), one(BASE, TRIES, ORDER)
    for old, new in (("times: 3", "times: 4"), ("floor: 50", "floor: 60")):
        assert one(BASE, USUAL.replace(old, new)) == usual
    for old, new in (
        ("bucket: 1h", "bucket: 2h"),
        ("14d", "7d"),
        ("{mean_of_top: 3}", "median"),
        ("mean_of_top: 3", "mean_of_top: 4"),
        ("  times", "  min_history: 3d\n  times"),
        ("  times", "  field: size\n  times"),
    ):
        assert one(BASE, USUAL.replace(old, new)) != usual
    assert one(BASE, TRIES, SILENCE.replace("1h}", "1h, forget: 30d}")) == silence
    for old, new in (("1h}", "2h}"), ("1h}", "1h, forget: 2d}"), (" after: [tries],", "")):
        assert one(BASE, TRIES, SILENCE.replace(old, new)) != silence
    assert one(BASE, TRIES, ORDER.replace("source", "address")) != order
    for old, new in (
        ("temporal_ordered", "temporal"),
        ("[tries, login_mail]", "[login_mail, tries]"),
        ("base: client_ip", "base: client_name"),
    ):
        assert one(BASE, TRIES, ORDER.replace(old, new)) != order
    renamed = BASE.replace("id: base", "id: other")
    assert one(renamed, TRIES, ORDER.replace("base:", "other:")) == order


def test_hashes_of_older_versions_stay() -> None:
    ratio = """\
title: Share
id: share
aup_metric:
  type: ratio
  numerator: other
  denominator: login_mail
  group-by: [login]
  timespan: 1h
  min_denominator: 3
  condition: {gt: 0.5}
"""
    other = base("{stage: result, status: bounced}").replace("id: base", "id: o")
    join = """\
title: Joined
id: join
correlation: {type: temporal, rules: [count, login_mail], group-by: [customer], timespan: 1h}
"""
    rules = read(BASE, other.replace("login_mail", "other"), COUNT + TESTS, ratio, join).rules
    assert {key: rule.detection for key, rule in rules.items()} == HASHES


def test_a_rule_of_ten_thousand_values_of_every_kind() -> None:
    for modifier in ("", "|contains", "|re"):
        many = ", ".join(f'"u{i}@x.example"' for i in range(10_000))
        document = base("{stage: result, login" + modifier + ": [" + many + "]}")
        assert len(document) > 64_000
        assert read(document).selections["base"].kind == "mail"


def test_whole_numbers_that_no_float_equals_are_not_bent() -> None:
    near = 10**17 + 1, 10**17 + 2, 10**18 - 1
    one = f"{{stage: result, size: [-0.5, {near[0]}, {near[1]}], recipients|gt: {near[2]}}}"
    predicate = read(base(one), COUNT + TESTS).selections["base"].predicate
    assert isinstance(predicate, All)
    assert predicate.parts[1:] == (
        OneOf(field="size", values=(-0.5, *near[:2])),
        Compare(field="recipients", op="gt", number=near[2]),
    )


@pytest.mark.parametrize(
    ("selection", "what", "column"),
    [
        ("{stage: result, size|gt: abc}", "`gt` cannot go with the value `abc`", 39),
        ("{stage: result, login|exists: [maybe]}", "`exists` cannot go with the value", 45),
        ("{stage: result, login: {a: b}}", "`login` must have a value or a list of", 37),
        ("{stage: result, login: [a, [b]]}", "`login` must have a value or a list of", 37),
    ],
)
def test_what_cannot_be_read_is_named_at_its_place(selection: str, what: str, column: int) -> None:
    (fault,) = faults(base(selection))
    assert what in fault.what
    assert fault.place is not None
    assert (fault.place.line, fault.place.column) == (6, column)


def test_a_threshold_that_is_no_number_is_one_fault() -> None:
    for wrong in ("many", "[1]", "{by: plan, big: 3}"):
        found = faults(BASE, COUNT + f"  threshold: {wrong}\n" + TESTS)
        assert len(found) == 1, wrong
        assert found[0].code in ("not-a-number", "missing-key")
