"""Duties: what the provider promised or must do by law cannot be switched off.

In: a draft. Out: faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aupkeep.base.clock import HOUR, parse_duration
from aupkeep.base.errors import Fault, unknown_word
from aupkeep.policy.draft import Draft
from aupkeep.policy.inventory import DUTIES
from aupkeep.policy.nodes import Node
from aupkeep.policy.promises import DUTY_MEASURES, LONGEST_WITHIN, MANDATORY

_KNOWN = tuple(duty.id for duty in DUTIES)


def check_duties(draft: Draft) -> Iterator[Fault]:
    """Yield what is wrong with the duties of `draft`."""
    listed = draft.front.at("duties")
    entries = dict(draft.enforcement.at("duties").items())
    for word, node in listed.words():
        if word not in _KNOWN:
            yield unknown_word(word, _KNOWN, what="a duty or right", place=node.place)
        elif entries and word not in entries:
            what = f"duty `{word}` has no entry below `duties` of enforcement.yml"
            yield Fault(code="duty-without-entry", what=what, place=node.place)
        for measure in DUTY_MEASURES.get(word, ()):
            if draft.reserved and measure not in draft.reserved:
                what = f"duty `{word}` needs the measure `{measure}` among `measures`"
                yield Fault(code="duty-without-measure", what=what, place=node.place)
    for duty, node in entries.items():
        if draft.duties and duty not in draft.duties and not misspelt_duties(draft):
            words = tuple(sorted(draft.duties))
            what = "a duty of the front matter"
            yield unknown_word(duty, words, what=what, place=node.key_place)
        yield from _kept(duty, node)
    yield from _immediate(draft, entries)


def _immediate(draft: Draft, entries: Mapping[str, Node]) -> Iterator[Fault]:
    """A right that is switched off cannot be used by a clause."""
    users = [name for name, node in draft.entries.items() if node.at("immediate").value is True]
    if "immediate" in entries and users:
        enabled = entries["immediate"].at("enabled")
        if enabled.value is False:
            what = f"`immediate` is switched off, but used by {', '.join(f'`{x}`' for x in users)}"
            yield Fault(code="immediate-switched-off", what=what, place=enabled.place)


def misspelt_duties(draft: Draft) -> frozenset[str]:
    """Return words of the front matter that are no duty; while there are, others may only seem so.

    A word of enforcement.yml may be the right spelling of one of them.
    """
    return draft.duties - set(_KNOWN)


def _kept(duty: str, node: Node) -> Iterator[Fault]:
    enabled = node.at("enabled")
    if duty in MANDATORY and enabled.value is False:
        what = f"duty `{duty}` cannot be switched off"
        yield Fault(code="mandatory-duty", what=what, place=enabled.place)
    longest = LONGEST_WITHIN.get(duty)
    within = node.at("within")
    if longest is not None and _micros(within.text) > longest:
        what = f"duty `{duty}` allows at most {longest // HOUR}h"
        yield Fault(code="duty-too-slow", what=what, place=within.place)


def _micros(text: str) -> int:
    """Return a duration; 0 for text that is none, which the shape has refused already."""
    try:
        return parse_duration(text)
    except ValueError:
        return 0
