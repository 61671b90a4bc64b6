"""Random rule documents, each beside what it means in the intermediate form.

In: a tape of choices. Out: YAML text as people write it, and the rule set it must be read as. The
meaning is written down here, apart from the reader; pySigma's own matching is asked nowhere.
"""

from __future__ import annotations

from typing import Any

from oracle_cases import SECOND, Tape, called

from aupkeep.detection import rule as ir
from aupkeep.policy.model import Tier

#: As written, and in microseconds.
SPANS = {"60s": 60, "1s": 1, "90s": 90, "7s": 7, "1h": 3600, "30d": 30 * 86_400}
ANY, ONE = ir.Wild.ANY, ir.Wild.ONE
TESTS = """\
  tests:
    - {name: some, events: [{kind: mail, stage: result}], expect: 1}
    - {name: none, events: [], expect: 0}
"""
Item = tuple[str, ir.Predicate]


def one_of(field: str, *values: str | float, cased: bool = False) -> ir.OneOf:
    return ir.OneOf(field=field, values=values, cased=cased)


def glob(*pieces: str | ir.Wild, cased: bool = False) -> ir.Glob:
    return ir.Glob(field="status", pieces=pieces, cased=cased)


def known(field: str) -> ir.Present:
    return ir.Present(field=field, present=True)


def compare(field: str, op: Any, number: float) -> ir.Compare:
    return ir.Compare(field=field, op=op, number=number)


#: A line of a selection, and what it means.
ITEMS: tuple[Item, ...] = (
    ("login|exists: true", known("login")),
    ("size|gte: 1", compare("size", "gte", 1)),
    ("final: true", ir.Flag(field="final", value=True)),
    ("status|startswith: a", glob("a", ANY)),
    ("status: a", one_of("status", "a")),
    ("status: [A, b.c]", one_of("status", "A", "b.c")),
    ("status|cased: Abc", one_of("status", "Abc", cased=True)),
    ("status: 'a*'", glob("a", ANY)),
    ("status: 'a?c'", glob("a", ONE, "c")),
    ("status|contains: B", glob(ANY, "B", ANY)),
    ("status|contains|cased: B", glob(ANY, "B", ANY, cased=True)),
    ("status|endswith: [c, B]", ir.Some(parts=(glob(ANY, "c"), glob(ANY, "B")))),
    (
        "status|contains|all: [a, b]",
        ir.All(parts=(glob(ANY, "a", ANY), glob(ANY, "b", ANY))),
    ),
    ("status|re: '^a.*[cb]$'", ir.Regex(field="status", pattern="^a.*[cb]$")),
    ("status|re|i: '^a.?B'", ir.Regex(field="status", pattern="^a.?B", flags="i")),
    ("status: ''", one_of("status", "")),
    ("status: null", ir.Present(field="status", present=False)),
    ("login|exists: false", ir.Present(field="login", present=False)),
    ("size: 2", one_of("size", 2)),
    ("size: [1, 3, 9007199254740992]", one_of("size", 1, 3, 2**53)),
    ("size|lt: 2.5", compare("size", "lt", 2.5)),
    ("delay|gt: 0.2", compare("delay", "gt", 0.2)),
    ("delay|lte: 1", compare("delay", "lte", 1)),
    ("final: false", ir.Flag(field="final", value=False)),
    ("client_ip|cidr: 10.0.0.0/8", ir.Cidr(field="client_ip", network="10.0.0.0/8")),
    (
        'client_ip|cidr: [192.0.2.0/24, "2001:db8::/32"]',
        ir.Some(
            parts=(
                ir.Cidr(field="client_ip", network="192.0.2.0/24"),
                ir.Cidr(field="client_ip", network="2001:db8::/32"),
            )
        ),
    ),
    ("status|fieldref: login", ir.Same(field="status", other="login")),
    ("size|fieldref: recipients", ir.Same(field="size", other="recipients")),
)
#: Guards for a `not`: every field that the lines above name.
GUARDS = ("status", "size", "delay", "final", "client_ip", "login", "recipients")
RESULT: Item = ("stage: result", one_of("stage", "result"))


def every(*parts: ir.Predicate) -> ir.Predicate:
    return ir.All(parts=parts)


def mapping(tape: Tape) -> Item:
    """Lines of one mapping: all of them must hold; a field with the same modifiers stands once."""
    drawn = dict(tape.pick(ITEMS) for _ in range(tape.pick((1, 1, 2))))
    heads = {line.partition(":")[0]: line for line in drawn}
    lines = tuple(heads.values())
    return "{" + ", ".join(lines) + "}", every(*(drawn[line] for line in lines))


def base(tape: Tape, name: str) -> Item:
    """A base rule over mail."""
    one, meant_one = mapping(tape) if tape.chance(2) else _plain(tape.pick(ITEMS[:4]))
    two, meant_two = mapping(tape)
    other, meant_other = mapping(tape)
    lists = tape.chance(3)
    if lists:
        two, meant_two = f"[{two}, {other}]", ir.Some(parts=(meant_two, meant_other))
    condition, meant = tape.pick(
        (
            ("always and one", every(meant_one)),
            ("always and (one or two)", ir.Some(parts=(meant_one, meant_two))),
            ("always and one and two", every(meant_one, meant_two)),
            ("always and 1 of one*", every(meant_one)),
            (
                "always and one and guard and not two",
                every(meant_one, *map(known, GUARDS), ir.Not(part=meant_two)),
            ),
        )
    )
    names = {"one": one, "two": two, "guard": _guard()}
    selections = "".join(f"  {key}: {text}\n" for key, text in names.items() if key in condition)
    text = (
        f"title: T\nid: {name}\nname: {name}_name\nlogsource: {{category: mail}}\n"
        f"detection:\n  always: {{{RESULT[0]}}}\n{selections}  condition: {condition}\n"
    )
    return text, every(RESULT[1], meant)


def _plain(item: Item) -> Item:
    return "{" + item[0] + "}", item[1]


def _guard() -> str:
    return "{" + ", ".join(f"{field}|exists: true" for field in GUARDS) + "}"


def aup(tape: Tape, default: float, *, thresholds: bool) -> tuple[str, ir.Aup, ir.Threshold]:
    cooldown, micros = tape.pick((("", 0), ("", 0), ("30s", 30), ("2h", 7200)))
    most = tape.pick((20, 1, 3))
    plans = {"x": default * 2} if thresholds and tape.chance(2) else {}
    text = f"aup:\n  clause: spam\n  tier: fact\n  status: review\n  evidence: {{most: {most}}}\n"
    if cooldown:
        text += f"  cooldown: {cooldown}\n"
    if plans:
        text += f"  threshold: {{by: plan, default: {default}, x: {plans['x']}}}\n"
    made = ir.Aup(
        clause="spam", tier=Tier.FACT, status="review", cooldown=micros * SECOND, most=most
    )
    return text + TESTS, made, ir.Threshold(default=default, plans=plans)


def rule(tape: Tape, number: int, joined: list[str]) -> tuple[str, ir.Rule]:
    """A correlation or metric over the base rules, or over all rules before it."""
    name, kind = f"r{number}", tape.pick(tuple(WRITERS))
    span = tape.pick(tuple(SPANS))
    shared = f"title: T\nid: {name}\nname: {name}_name\n"
    text, made = WRITERS[kind](tape, name, kind, span, joined)
    return shared + text, made


def grouping(tape: Tape, parts: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    if tape.chance(4):
        fields = {
            part: "client_ip" if part == "f" else tape.pick(("login", "client_ip"))
            for part in parts
        }
        if any(part.startswith("r") for part in parts):
            fields = dict.fromkeys(parts, "client_ip")
        written = ", ".join(f"{part}_name: {field}" for part, field in fields.items())
        return (
            f"  group-by: [customer, source]\n  aliases: {{source: {{{written}}}}}\n",
            {"group_by": ("customer", "source"), "aliases": {"source": fields}},
        )
    by = tape.pick((("customer",), ("client_ip",), ("customer", "client_ip")))
    return f"  group-by: [{', '.join(by)}]\n", {"group_by": by}


def names(parts: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"{part}_name" for part in parts) + "]"


def window(tape: Tape, name: str, kind: str, span: str, _: list[str]) -> tuple[str, ir.Rule]:
    rules = tape.pick((("s0",), ("s1", "s0")))
    field = {"event_count": "", "ratio": "", "value_count": tape.pick(("size", "delay"))}.get(
        kind, tape.pick(("size", "delay"))
    )
    op: Any = "gte" if kind == "ratio" else tape.pick(("gte", "gt", "gte"))
    default = tape.pick((0.5, 0.25, 0.75) if kind == "ratio" else (1, 2, 3))
    by, grouped = grouping(tape, ("s0", "s1") if kind == "ratio" else rules)
    policy, made, threshold = aup(tape, default, thresholds=kind != "ratio")
    counted = f"field: {field}, " if field else ""
    condition = f"  timespan: {span}\n  condition: {{{counted}{op}: {default}}}\n"
    least = tape.pick((1, 2)) if kind == "ratio" else 0
    if kind == "ratio":
        rules = ("s0",)
        text = "aup_metric:\n  type: ratio\n  numerator: s1_name\n  denominator: s0_name\n"
        text += f"  min_denominator: {least}\n"
    else:
        text = f"correlation:\n  type: {kind}\n  rules: {names(rules)}\n"
    measure: Any = kind
    meant = ir.Window(
        **called(name),
        measure=measure,
        kind="mail",
        rules=rules,
        field=field,
        op=op,
        aup=made,
        numerator="s1" if kind == "ratio" else "",
        least=least,
        threshold=threshold,
        timespan=SPANS[span] * SECOND,
        **grouped,
    )
    return text + by + condition + policy, meant


def join(tape: Tape, name: str, kind: str, span: str, joined: list[str]) -> tuple[str, ir.Rule]:
    rules = tape.some(joined, 2, 3)
    by, grouped = grouping(tape, rules)
    policy, made, _ = aup(tape, 1, thresholds=False)
    text = f"correlation:\n  type: {kind}\n  rules: {names(rules)}\n  timespan: {span}\n"
    kinds = {"login" if part == "f" else "mail" for part in rules}
    meant = ir.Conjunction(
        **called(name),
        rules=rules,
        kinds=tuple(sorted(kinds)),
        timespan=SPANS[span] * SECOND,
        ordered=kind == "temporal_ordered",
        aup=made,
        **grouped,
    )
    return text + by + policy, meant


def baseline(tape: Tape, name: str, _: str, __: str, ___: list[str]) -> tuple[str, ir.Rule]:
    rules = tape.pick((("s0",), ("s1", "s0")))
    bucket, length = tape.pick((("20s", 20), ("1h", 3600), ("1s", 1)))
    history, least = tape.pick(((10, 1), (3, 2), (40, 3)))
    top = tape.pick((0, 1, 3))
    field = tape.pick(("", "size"))
    times, floor = tape.pick((1, 2, 1.5)), tape.pick((1, 0.5, 2))
    by, grouped = grouping(tape, rules)
    policy, made, threshold = aup(tape, floor, thresholds=True)
    usual = f"{{mean_of_top: {top}}}" if top else "median"
    text = f"aup_metric:\n  type: baseline\n  rules: {names(rules)}\n" + by
    text += (
        f"  bucket: {bucket}\n  history: {history * length}s\n  min_history: {least * length}s\n"
    )
    text += f"  usual: {usual}\n  times: {times}\n  floor: {floor}\n"
    text += f"  field: {field}\n" if field else ""
    meant = ir.Baseline(
        **called(name),
        kind="mail",
        rules=rules,
        bucket=length * SECOND,
        history=history,
        least=least,
        usual="mean_of_top" if top else "median",
        top=top,
        times=times,
        threshold=threshold,
        field=field,
        aup=made,
        **grouped,
    )
    return text + policy, meant


def absence(tape: Tape, name: str, _: str, span: str, __: list[str]) -> tuple[str, ir.Rule]:
    rules = tape.pick((("s0",), ("s1", "s0"), ("f",)))
    after = tape.pick(((), ("s2",), ("s2", "s1")))
    after = tuple(part for part in after if part not in rules)
    by, grouped = grouping(tape, (*rules, *after))
    policy, made, _threshold = aup(tape, 1, thresholds=False)
    text = f"aup_metric:\n  type: absence\n  rules: {names(rules)}\n  timespan: {span}\n" + by
    text += f"  after: {names(after)}\n" if after else ""
    forget = tape.pick((0, 2))
    text += f"  forget: {forget}h\n" if forget else ""
    kinds = {"login" if part == "f" else "mail" for part in (*rules, *after)}
    meant = ir.Absence(
        **called(name),
        rules=rules,
        after=after,
        kinds=tuple(sorted(kinds)),
        aup=made,
        timespan=SPANS[span] * SECOND,
        forget=(forget * 3600 or 30 * 86_400) * SECOND,
        **grouped,
    )
    return text + policy, meant


WRITERS: dict[str, Any] = {
    **dict.fromkeys(("event_count", "value_count", "value_sum", "value_avg", "ratio"), window),
    **dict.fromkeys(("temporal", "temporal_ordered"), join),
    "baseline": baseline,
    "absence": absence,
}


def documents(tape: Tape) -> tuple[str, ir.RuleSet]:
    """Return the text of a rule file and what it means."""
    bases = {name: base(tape, name) for name in ("s0", "s1", "s2")}
    logins = "title: T\nid: f\nname: f_name\nlogsource: {category: login}\ndetection:\n"
    logins += "  some: {program|exists: true}\n  none: {program|exists: false}\n"
    bases["f"] = logins + "  condition: some or none\n", every()
    texts = [text for text, _ in bases.values()]
    rules: dict[str, ir.Rule] = {}
    for number in range(tape.pick((2, 3, 4))):
        joined = [*bases, *(one.id for one in rules.values() if not isinstance(one, ir.Absence))]
        text, made = rule(tape, number, [name for name in joined if name != "r9"])
        texts.append(text)
        rules[made.id] = made
    selections = {
        name: ir.Selection(
            id=name, name=name, title="", kind="login" if name == "f" else "mail", predicate=meant
        )
        for name, (_, meant) in bases.items()
    }
    return "---\n".join(texts), ir.RuleSet(selections=selections, rules=rules)
