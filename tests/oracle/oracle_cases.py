"""Random rules and random rows for the laws of this folder, made to open many findings.

In: hypothesis. Out: cases. A case is drawn as one run of bytes, each of which is one choice: so
cases differ from each other in everything, cost little to draw, and shrink to the first choices.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import polars as pl
from hypothesis import HealthCheck
from hypothesis import strategies as st

from aupkeep.detection import rule as ir
from aupkeep.detection.fields import fields_of
from aupkeep.events.schema import ORDER, Schema
from aupkeep.policy.model import Tier

Row = dict[str, Any]
T = TypeVar("T")
PROVIDER = "p"
SECOND = 1_000_000
DAY = 86_400 * SECOND
#: How often more than usual every law is tried; `AUPKEEP_ORACLE_DEPTH=10` is the deeper run.
DEPTH = int(os.environ.get("AUPKEEP_ORACLE_DEPTH", "1"))
QUIET: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}

#: The kinds of events of these laws: every type of column, but few, so that frames are cheap.
KINDS: dict[str, Schema] = {
    "mail": {
        "client_ip": pl.String(),
        "login": pl.String(),
        "status": pl.String(),
        "size": pl.Int64(),
        "recipients": pl.Int64(),
        "delay": pl.Float64(),
        "final": pl.Boolean(),
    },
    "login": {"client_ip": pl.String(), "user": pl.String(), "tries": pl.Int64()},
}

SPANS = (60 * SECOND, SECOND, 90 * SECOND, 7 * SECOND, 3600 * SECOND, 30 * DAY, 366 * DAY, 1000)
#: Thresholds that are often reached, those for ratios, and those that are worth a try.
SMALL = (1, 2, 0.5, 3, 1, 0.25, 2.5, 0.5, 5)
SHARES = (0.5, 0.25, 0.1, 1, 0.75, 1.5)
NUMBERS = (*SMALL, 0, -1, 0.1, 30, 2**53 + 1, 1e16)
KEYS = (("customer",), ("customer", "login"), ("login",), ("size", "final"), ("delay", "customer"))
JOINT = (("customer",), ("customer", "client_ip"), ("customer",))
#: Fields of text that an alias may name, by kind.
NAMED = {"mail": ("client_ip", "login", "status"), "login": ("client_ip", "user")}
RULES = 400


@dataclass(slots=True)
class Tape:
    """Choices, one a byte; after the last byte always the first of the options."""

    data: bytes
    at: int = 0

    def pick(self, options: Sequence[T]) -> T:
        byte = self.data[self.at] if self.at < len(self.data) else 0
        self.at += 1
        return options[byte % len(options)]

    def chance(self, of: int) -> bool:
        """Return True once in `of` times."""
        return self.pick(range(of)) == of - 1

    def some(self, options: Sequence[T], fewest: int, most: int) -> tuple[T, ...]:
        """Return some of the options, each once at most, in any order."""
        left = list(options)
        count = min(self.pick(range(fewest, most + 1)), len(left))
        return tuple(left.pop(self.pick(range(len(left)))) for _ in range(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Rules, rows in the order of evaluation, and the instant up to which time passes."""

    rules: ir.RuleSet
    rows: list[Row]
    end: int


@st.composite
def cases(draw: st.DrawFn, of: type[ir.Rule] | None = None) -> Case:
    """Return a case; with `of` given, one of its rules is of that kind."""
    size = RULES + 2 + MOST_ROWS * WIDTH
    tape = Tape(draw(st.binary(min_size=size, max_size=size)))
    span = tape.pick(SPANS)
    rules = ruleset(tape, span, of)
    later = tape.pick((0, SECOND, span, 2 * span, 40 * span))
    tape.at = RULES
    listed = row_list(tape, span)
    end = max((row["event_time"] for row in listed), default=0) + later
    return Case(rules=rules, rows=listed, end=end)


# --- rules ----------------------------------------------------------------------------------------

WAYS: tuple[Literal["equals", "startswith", "endswith"], ...]
WAYS = ("equals", "startswith", "endswith")
#: Its lower case depends on where it stands in a word.
SIGMA = "\u03a3"
TEXTS = ("a", "A", "ab", "Abc", "b.c", "", "é", "É", "a\nB", "\u0391\u03a3", "\u0130x", "*", "a?c")
#: Most rows of a case should be in some window, so most selections let many rows through.
WIDE: tuple[ir.Predicate, ...] = (
    ir.All(parts=()),
    ir.Present(field="login", present=True),
    ir.Compare(field="size", op="gte", number=1),
    ir.Flag(field="final", value=True),
    ir.OneOf(field="login", values=("a",), cased=True),
)


def leaf(tape: Tape) -> ir.Leaf:  # noqa: PLR0911 - one a kind of leaf
    cased = tape.chance(2)
    match tape.pick(range(9)):
        case 0:
            return ir.OneOf(field="status", values=tape.some(TEXTS, 1, 3), cased=cased)
        case 1:
            sizes = ((1,), (2, 3), (2.5,), (-1, 2.0), (2**53 + 1,), (0.0,))
            return ir.OneOf(field="size", values=tape.pick(sizes))
        case 2:
            delays = ((0,), (0.1, 0.2), (10**16,), (1,), (1e300, -0.0))
            return ir.OneOf(field="delay", values=tape.pick(delays))
        case 3:
            pieces: tuple[str | ir.Wild, ...] = ("a", ir.Wild.ANY, "B", ".", ir.Wild.ONE, SIGMA)
            drawn = tuple(tape.pick(pieces) for _ in range(tape.pick((1, 2, 3, 4))))
            return ir.Glob(field="status", pieces=drawn, cased=cased)
        case 4:
            pattern, flags = tape.pick((("^a.*[cb]$", "i"), ("a.b", "is"), ("b", ""), ("^$", "m")))
            return ir.Regex(field="status", pattern=pattern, flags=flags)
        case 5:
            networks = ("10.0.0.0/8", "2001:db8::/32", "::/0", "0.0.0.0/0", "192.0.2.1/32")
            return ir.Cidr(field="client_ip", network=tape.pick(networks))
        case 6:
            numbers = (*NUMBERS, -1.5, float(2**53), float(2**53 + 2), 2**62, 1e300, -1e300, 2**70)
            ops: tuple[Literal["gt", "gte", "lt", "lte"], ...] = ("gt", "gte", "lt", "lte")
            name = tape.pick(("size", "delay"))
            return ir.Compare(field=name, op=tape.pick(ops), number=tape.pick(numbers))
        case 7:
            fields = ("status", "size", "delay", "client_ip", "final")
            return ir.Present(field=tape.pick(fields), present=not cased)
    if tape.chance(2):
        other = tape.pick(("recipients", "delay"))
        return ir.Same(field="size", other=other)
    return ir.Same(field="status", other="login", how=tape.pick(WAYS))


def predicate(tape: Tape, depth: int = 3) -> ir.Predicate:
    match tape.pick((0, 0, 1, 2, 3)) if depth else 0:
        case 1:
            return ir.Not(part=predicate(tape, depth - 1))
        case 2:
            return ir.All(parts=(predicate(tape, depth - 1), predicate(tape, depth - 1)))
        case 3:
            return ir.Some(parts=(predicate(tape, depth - 1), predicate(tape, depth - 1)))
    return leaf(tape)


def called(identity: str) -> dict[str, Any]:
    return {"id": identity, "name": identity, "title": "", "version": "1", "detection": identity}


def aup(tape: Tape, span: int) -> ir.Aup | None:
    if tape.chance(6):
        return None
    return ir.Aup(
        clause="c",
        tier=tape.pick((Tier.FACT, Tier.SCORE)),
        status="review",
        cooldown=tape.pick((0, 0, 1, span // 3, 2 * span)),
        most=tape.pick((20, 1, 2)),
    )


def threshold(tape: Tape, numbers: Sequence[float]) -> ir.Threshold:
    default = tape.pick(numbers)
    return ir.Threshold(
        default=default, plans={plan: tape.pick(numbers) for plan in tape.some(("x", "y"), 0, 2)}
    )


def grouped(
    tape: Tape, kinds: dict[str, set[str]], keys: Sequence[tuple[str, ...]]
) -> dict[str, Any]:
    """Return `group_by` and `aliases`; `kinds` says of which kinds the rows of each part are."""
    if not tape.chance(4):
        return {"group_by": tape.pick(keys)}
    fields = {
        part: tape.pick([n for n in sum(NAMED.values(), ()) if all(n in NAMED[k] for k in own)])
        for part, own in kinds.items()
    }
    return {
        "group_by": tape.pick((("source",), ("customer", "source"))),
        "aliases": {"source": fields},
    }


def window(tape: Tape, number: int, span: int) -> ir.Window:
    measure: ir.Measured = tape.pick(get_args(ir.Measured))
    fields: dict[str, tuple[str, ...]] = {
        "value_count": ("status", "size", "delay"),
        "value_sum": ("size", "delay"),
        "value_avg": ("size", "delay"),
    }
    rules = tape.pick((("s0",), ("s1",), ("s0", "s1"), ("s1", "s0")))
    parts = (*rules, "s2") if measure == "ratio" else rules
    usual: tuple[float, ...] = SHARES if measure == "ratio" else SMALL
    odd = tape.chance(4)
    ops: tuple[ir.Op, ...] = ("gte", "gt", "gte", "gte", "lt", "lte", "eq", "neq")
    return ir.Window(
        **called(f"w{number}"),
        measure=measure,
        kind="mail",
        rules=rules,
        numerator="s2" if measure == "ratio" else "",
        **grouped(tape, {part: {"mail"} for part in parts}, KEYS),
        timespan=tape.pick(SPANS) if odd else span,
        op=tape.pick(ops),
        threshold=threshold(tape, NUMBERS if odd else usual),
        least=tape.pick((1, 2, 3)) if measure == "ratio" else 0,
        field=tape.pick(fields[measure]) if measure in fields else "",
        aup=aup(tape, span),
    )


def baseline(tape: Tape, number: int, span: int) -> ir.Baseline:
    rules = tape.pick((("s0",), ("s1",), ("s0", "s1")))
    history = tape.pick((10, 3, 1, 2, 40))
    tops = tape.pick((0, 1, 2, 3))
    return ir.Baseline(
        **called(f"b{number}"),
        kind="mail",
        rules=rules,
        **grouped(tape, {part: {"mail"} for part in rules}, KEYS),
        bucket=ir.pane_length(span) * tape.pick((20, 7, 1, 60)),
        history=history,
        least=min(history, tape.pick((1, 2, 3))),
        usual="mean_of_top" if tops else "median",
        top=tops,
        times=tape.pick((1.0, 2.0, 0.5, 3.0, 1.1)),
        threshold=threshold(tape, (1, 0, 0.25, 2, 0.5, 0.1, -1)),
        field=tape.pick(("", "", "size", "delay")),
        aup=aup(tape, span),
    )


def absence(tape: Tape, number: int, span: int) -> ir.Absence:
    known = {"s0": {"mail"}, "s1": {"mail"}, "f": {"login"}}
    parts = tape.some(list(known), 3, 3)
    rules = parts[: tape.pick((1, 2))]
    after = parts[tape.pick((2, 1, 0)) :] if tape.chance(2) else ()
    kinds = {part: known[part] for part in (*rules, *after)}
    forget = ir.pane_length(span) * tape.pick((100, 1, 5, 1000)) + tape.pick((0, 1))
    return ir.Absence(
        **called(f"a{number}"),
        rules=rules,
        after=after,
        kinds=tuple(sorted(set().union(*kinds.values()))),
        **grouped(tape, kinds, JOINT),
        timespan=span,
        forget=forget,
        aup=aup(tape, span),
    )


def conjunction(tape: Tape, number: int, span: int, known: dict[str, set[str]]) -> ir.Conjunction:
    """Return a conjunction over some of `known`: what may be joined, and of which kinds it is."""
    joined = tape.some(list(known), 2, 3)
    kinds = {part: known[part] for part in joined}
    return ir.Conjunction(
        **called(f"t{number}"),
        rules=joined,
        kinds=tuple(sorted(set().union(*kinds.values()))),
        **grouped(tape, kinds, JOINT),
        timespan=tape.pick(SPANS) if tape.chance(6) else span,
        ordered=tape.chance(2),
        aup=aup(tape, span),
    )


def selection(identity: str, kind: str, meant: ir.Predicate) -> ir.Selection:
    return ir.Selection(id=identity, name=identity, title="", kind=kind, predicate=meant)


def ruleset(tape: Tape, span: int, of: type[ir.Rule] | None) -> ir.RuleSet:
    selections = [
        selection(f"s{i}", "mail", predicate(tape) if tape.chance(3) else tape.pick(WIDE))
        for i in range(3)
    ]
    selections.append(selection("f", "login", ir.All(parts=())))
    wanted: list[Any] = [ir.Window, ir.Baseline, ir.Absence, ir.Conjunction]
    kinds = [tape.pick(wanted) for _ in range(tape.pick((1, 2, 3)))] + ([of] if of else [])
    known: dict[str, set[str]] = {one.id: {one.kind} for one in selections}
    rules: dict[str, ir.Rule] = {}
    for number, kind in enumerate(sorted(kinds, key=wanted.index)):
        rule: ir.Rule
        if kind is ir.Window:
            rule = window(tape, number, span)
        elif kind is ir.Baseline:
            rule = baseline(tape, number, span)
        elif kind is ir.Absence:
            rule = absence(tape, number, span)
        else:
            rule = conjunction(tape, number, span, known)
        rules[rule.id] = rule
        if not isinstance(rule, ir.Absence):
            known[rule.id] = set().union(*(known[part] for part in rule.rules))
    return ir.RuleSet(selections={one.id: one for one in selections}, rules=rules, kinds=KINDS)


# --- rows -----------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
MOSTLY = (True,) * 7 + (False,)
#: What each byte of a drawn row chooses; the simplest comes first.
CHOICES: dict[str, tuple[Any, ...]] = {
    "kind": ("mail", "mail", "mail", "login"),
    "stream": (0, 1, 2),
    "part": (0, 1),
    "provider": (PROVIDER,) * 15 + ("other",),
    "authenticated": MOSTLY,
    "late": (False,) * 15 + (True,),
    "customer": ("c1", "c1", "c1", "c2", None),
    "plan": (None, "x", "y", "z"),
    "plans": (None, "x", "x|y", "y|z", "z"),
    "service": ("s", "s", "t", None),
    "attribution": ("attributed",) * 12 + ("unknown", "ambiguous", "outsider"),
    "actor": ("ip:1", "ip:2", None),
    "forgeable": (False,) * 7 + (True,),
    "client_ip": ("10.1.2.3", "192.0.2.1", "2001:db8::1", None, "::ffff:10.1.2.3", "b"),
    "login": ("a", "a", "b", "É", None),
    "user": ("a", "b", None),
    "status": (
        "a",
        "A",
        "ab",
        "Abc",
        "b.c",
        "",
        "é",
        "É",
        "a\nB",
        "\u0391\u03a3",
        "\u03b1\u03c2",
        "\u0130X",
        "axc",
        None,
    ),
    "size": (1, 2, 3, -1, None, 0, 2**40, 2**53, 2**53 + 1, 2**62, -(2**63), 2**63 - 1, 1, 2, 3, 1),
    "recipients": (1, 2, None),
    "tries": (1, None),
    "delay": (0.1, 0.2, 0.3, 1.0, None, NAN, 1e16, -1e16, 0.0, -0.0, 5e-324, 0.5, 2.0, 3.0, 1.0),
    "final": (True, False, None),
    #: Rare, so that one of them does not spoil every sum.
    "extreme": (None,) * 20 + (INF, -INF, 1.7e308, -1.7e308),
    "delayed": (0, 0, SECOND, 2 * DAY),
}
WIDTH = len(CHOICES) + 2
#: What rows of most cases choose instead, so that they meet in windows and sums stay small.
TAME: dict[str, tuple[Any, ...]] = {
    "customer": ("c1", "c1", "c1", "c1", "c1", "c2", None),
    "login": ("a", "a", "a", "b", None),
    "size": (1, 2, 3, 1, 2, 5, -1, None, 4, 6, 7, 8, 9, 10),
    "delay": (0.5, 1.0, 2.0, 0.1, 0.3, 3.0, None, NAN),
    "extreme": (None,),
}


MOST_ROWS = 60


def paces(pane: int) -> tuple[tuple[int, ...], ...]:
    """How far a row may be from the one before: ties, pane edges, and now and then far away."""
    near = (0, 0, 1, 1, pane // 2, pane - 1, pane, pane + 1, 5 * pane)
    far = (60 * pane - 1, 60 * pane, 61 * pane, 300 * pane)
    scattered = (*near * 2, *(20 * pane, 59 * pane) * 2, *far)
    bursts = (*near * 9, *(20 * pane, 59 * pane) * 4, *far)
    even = (*(0,) * 14, 1, pane, pane, *(10 * pane, 20 * pane) * 4, 40 * pane)
    return scattered, bursts, even, (*near * 9, 20 * pane)


def row_list(tape: Tape, span: int) -> list[Row]:
    pane = ir.pane_length(span)
    begin = (1_767_571_200_000_000, 0, -5 * pane, -61 * pane - 1, -62_135_596_800 * SECOND)
    time = tape.pick((*begin, 253_402_300_799 * SECOND, 2**60, -(2**60)))
    steps = tape.pick(paces(pane))
    fewest = tape.pick((30, 40, 50, 60, 5))
    choices = CHOICES if tape.chance(3) else CHOICES | TAME
    made: list[Row] = []
    for number in range(fewest):
        start = tape.at
        left_out = tape.pick(range(256)) == 0
        time += tape.pick(steps)
        row = {name: tape.pick(options) for name, options in choices.items()}
        row |= {"event_time": time, "position": number, "observed_at": time + row.pop("delayed")}
        extreme = row.pop("extreme")
        if not left_out:
            made.append(row if extreme is None else row | {"delay": extreme})
        tape.at = start + WIDTH
    return sorted(made, key=lambda row: tuple(row[name] for name in ORDER))


def frames(rows: list[Row], kinds: dict[str, Schema] = KINDS) -> dict[str, pl.DataFrame]:
    """Return rows as the engine takes them: a sorted frame a kind."""
    made = {}
    for kind in kinds:
        schema = fields_of(kind, kinds)
        listed = [row for row in rows if row["kind"] == kind]
        columns = {name: [row.get(name) for row in listed] for name in schema}
        made[kind] = pl.DataFrame(columns, schema=schema).sort(ORDER)
    return made
