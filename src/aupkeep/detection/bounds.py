"""What a detection part may ask for: how deep its condition nests, what its patterns cost.

In: a base rule as it stands in the file, before anything parses it further. Out: faults. What
passes here is parsed in little time and memory; regular expressions are those of the Rust dialect,
which match in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl
from polars.exceptions import ComputeError

from aupkeep.base.errors import Fault
from aupkeep.detection.predicates import regex
from aupkeep.detection.shape import Shape, short
from aupkeep.policy.nodes import Node

#: Deepest nesting of parentheses and of `not` in a condition, and its longest text.
DEEPEST = 40
LONGEST = 65_536
#: What all patterns of a rule may weigh together, and how many bad ones are named.
HEAVIEST = 1_000_000
_MOST_NAMED = 20
#: A counted repeat weighs this much a turn, because a class may stand for all of Unicode.
_TURN = 40

_TOKENS = re.compile(r"[()]|[^\s()]+")
_REPEAT = re.compile(r"(\)?)\{(\d{1,9})?(?:,(\d{1,9})?)?\}")
_FLAGS = {
    "i": "i",
    "ignorecase": "i",
    "m": "m",
    "multiline": "m",
    "s": "s",
    "dotall": "s",
}
#: Words in an error of the regex engine, and the hint that goes with them.
_HINTS = (
    (
        "look-around",
        (
            "look-arounds are not taken: match the text itself, and take away what must not be "
            "there with `and not` in the condition"
        ),
    ),
    (
        "backreferences",
        "back-references are not taken: compare two fields with `fieldref`, or list the values",
    ),
)
#: What is said of a pattern that stands for too many states, and the hint.
_TOO_LARGE = ("is too large: its repeats stand for too much", "make its repeats smaller")


def within_bounds(document: Node, shape: Shape) -> bool:
    """Return whether the detection part of `document` may be parsed."""
    before = len(shape.faults)
    detection = document.at("detection")
    _condition(detection.at("condition"), shape)
    if detection.at("timeframe").value is not None:
        shape.fault(
            "timeframe",
            "`timeframe` has no meaning in a base rule",
            detection.at("timeframe"),
            hint="count its rows with a correlation, which has a `timespan`",
        )
    _patterns(detection, shape)
    return len(shape.faults) == before


def _condition(node: Node, shape: Shape) -> None:
    if isinstance(node.value, list):
        shape.fault(
            "condition",
            "a condition must be one text, not a list",
            node,
            hint="write the alternatives with `or` between them",
        )
    if len(node.text) > LONGEST:
        shape.fault("too-long", f"a condition may have {LONGEST} characters at most", node)
    elif _depth(node.text) > DEEPEST:
        shape.fault(
            "too-deep",
            f"the condition is nested deeper than {DEEPEST} levels",
            node,
            hint="give a part of it a rule of its own, or a selection with a list",
        )


def _depth(condition: str) -> int:
    """Return how deep parentheses and `not` nest."""
    deepest = depth = nots = 0
    for word in _TOKENS.findall(condition):
        opens = word == "("
        depth += opens - (word == ")")
        nots = nots + (word.lower() == "not") if opens or word.lower() == "not" else 0
        deepest = max(deepest, depth + nots)
    return deepest


def check_selections(document: Node, shape: Shape) -> None:
    """Complain of selections the condition does not name, and of values listed twice."""
    detection = document.at("detection")
    _unused(detection, shape)
    pending = [child for _, child in detection.items()]
    while pending:
        node = pending.pop()
        entries = list(node.entries())
        pending += [*entries, *(child for _, child in node.items())]
        seen: set[tuple[type, object]] = set()
        for entry in entries:
            value = entry.value
            if isinstance(value, str | int | float):
                if (type(value), value) in seen:
                    shape.fault("twice", f"`{short(str(value))}` stands twice in this list", entry)
                seen.add((type(value), value))


def _unused(detection: Node, shape: Shape) -> None:
    words = set(_TOKENS.findall(detection.at("condition").text))
    globs = [re.compile(re.escape(word).replace(r"\*", ".*")) for word in words if "*" in word]
    for key, child in detection.items():
        them = "them" in words and not key.startswith("_")
        named = key in words or them or any(glob.fullmatch(key) for glob in globs)
        if words and key not in ("condition", "timeframe") and not named:
            shape.faults.append(
                Fault(
                    code="unused",
                    what=f"the condition does not name `{short(key)}`",
                    place=child.key_place,
                )
            )


def _patterns(detection: Node, shape: Shape) -> None:
    weight = named = 0
    for node, flags in _expressions(detection):
        own = _weight(node.text)
        if own > HEAVIEST:
            named += 1
            _complain(node, *_TOO_LARGE, shape)
            continue
        weight += own
        if weight > HEAVIEST:
            shape.fault(
                "too-large",
                "the regular expressions of this rule are too large together",
                node,
                hint="spread them over several rules, or make their repeats smaller",
            )
            return
        named += _refused(node, flags, shape)
        if named == _MOST_NAMED:
            return


def _expressions(detection: Node) -> Iterator[tuple[Node, str]]:
    """Yield every text that is a regular expression, with its flags."""
    pending = [child for key, child in detection.items() if key != "condition"]
    while pending:
        node = pending.pop()
        for key, child in node.items():
            modifiers = key.split("|")[1:]
            if "re" in modifiers:
                flags = "".join(sorted({_FLAGS[word] for word in modifiers if word in _FLAGS}))
                values = child.entries() if isinstance(child.value, list) else [child]
                yield from ((value, flags) for value in values if value.text)
            else:
                pending.append(child)
        pending += node.entries()


def _weight(pattern: str) -> int:
    """Return about how much a pattern costs to compile."""
    turns, groups = 0, 1
    for group, least, most in _REPEAT.findall(pattern):
        count = max(int(least or 0), int(most or 0), 1)
        if group:
            groups *= count
        else:
            turns += count
    return (len(pattern) + _TURN * turns) * groups


def _refused(node: Node, flags: str, shape: Shape) -> bool:
    try:
        pl.Series([""], dtype=pl.String).str.contains(regex(node.text, flags))
    except ComputeError as error:
        _complain(node, *_reason(str(error)), shape)
        return True
    return False


def _complain(node: Node, what: str, hint: str, shape: Shape) -> None:
    shown = short(node.text)
    shape.fault("regex", f"the regular expression `{shown}` {what}", node, hint=hint)


def _reason(error: str) -> tuple[str, str]:
    if "size limit" in error:
        return _TOO_LARGE
    found = re.search(r"^error: (.*)$", error, re.MULTILINE)
    reason = found[1].rstrip(".") if found else "it cannot be read"
    hint = next((hint for word, hint in _HINTS if word in reason), "")
    return f"is not of the Rust dialect: {reason[:1].lower()}{reason[1:]}", hint
