"""What pySigma could not read of a detection, in words of our own and at its place.

In: pySigma's words and the detection part. Out: a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigma.modifiers import reverse_modifier_mapping

from aupkeep.base.errors import near
from aupkeep.detection.shape import Shape, short
from aupkeep.policy.nodes import Node

_UNFIT = re.compile(
    r"modifier (Sigma\w+Modifier) incompatible to value type of '(.*)'", re.IGNORECASE | re.DOTALL
)
_UNDEFINED = re.compile(r"detection '(.*)' not defined in detections", re.IGNORECASE | re.DOTALL)


def unreadable(words: str, detection: Node, shape: Shape) -> None:
    """Note what pySigma says in `words`; it says nothing of nesting that is too deep."""
    unfit, undefined = _UNFIT.match(words), _UNDEFINED.match(words)
    condition = detection.at("condition")
    if unfit and unfit[1] in reverse_modifier_mapping:
        modifier, value = str(reverse_modifier_mapping[unfit[1]]), unfit[2]
        what = f"`{modifier}` cannot go with the value `{short(value)}`"
        shape.fault("modifier", what, _with_modifier(detection, modifier, value))
    elif undefined:
        listed = tuple(key for key, _ in detection.items() if key != "condition")
        guess = near(undefined[1], listed)
        what = f"the condition names `{short(undefined[1])}`, which is no selection"
        shape.fault("sigma", what, condition, hint=f"did you mean `{guess}`?" if guess else "")
    else:
        what = words or "the condition is nested too deeply"
        shape.fault("sigma", _lower(what), place_of(detection, what))


def parts(detection: Node) -> Iterator[Node]:
    """Yield every mapping and list inside the selections, outermost first."""
    pending = [child for key, child in detection.items() if key != "condition"]
    while pending:
        node = pending.pop(0)
        yield node
        pending += [*node.entries(), *(child for _, child in node.items())]


def place_of(detection: Node, about: str) -> Node:
    """Return the node of the first key, condition or modifier that `about` speaks of."""
    for node in parts(detection):
        for key, child in node.items():
            name, *modifiers = key.split("|")
            if name == about or any(f"'{word}'" in about for word in modifiers):
                return child
    return detection.at("condition")


def _with_modifier(detection: Node, modifier: str, value: str) -> Node:
    """Return the first node of `value` whose key has `modifier`."""
    for node in parts(detection):
        for key, child in node.items():
            for one in (child, *child.entries()):
                if modifier in key.split("|") and str(one.value) == value:
                    return one
    return detection.at("condition")


def _lower(text: str) -> str:
    text = text.splitlines()[0].rstrip(".").replace("'", "`")
    return text[:1].lower() + text[1:]
