"""Ladders: proportion, notice first, enough people, an end for what can end, duties in each step.

In: a draft. Out: faults. A step is *reached at once* when it is the first, or when nothing but
the first finding and its tier is asked: no repetition, no lasting, no silence of the customer.
"""

from __future__ import annotations

from collections.abc import Iterator

from aupkeep.base.errors import Fault, unknown_word
from aupkeep.policy.draft import Draft
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.policy.nodes import Node
from aupkeep.policy.people import least_people
from aupkeep.policy.promises import CLAUSE_DUTIES, DUTY_MEASURES
from aupkeep.policy.words import MEASURES, REVERSIBLE, TIERS

#: Clause -> whether it is immediate; `None` where its word is neither true nor false.
_Users = dict[str, bool | None]


def check_ladders(draft: Draft) -> Iterator[Fault]:
    """Yield what is wrong with the ladders of `draft`."""
    users = _users(draft)
    for name, ladder in draft.enforcement.at("ladders").items():
        clauses = users.get(name, {})
        if not clauses and draft.entries:
            what = f"no clause uses the ladder `{name}`"
            yield Fault(code="unused-ladder", what=what, place=ladder.key_place)
        yield from _names(ladder)
        for index, step in enumerate(ladder.at("steps").entries()):
            yield from _when(step)
            yield from _reserved(draft, step)
            yield from _length(step)
            yield from _people(step, clauses)
            yield from _told(draft, step, clauses, first=index == 0)
            if index == 0 or _at_once(step):
                yield from _first(draft, step, clauses)


def _users(draft: Draft) -> dict[str, _Users]:
    """Return ladder -> the clauses that use it."""
    users: dict[str, _Users] = {}
    for clause, node in draft.entries.items():
        value = node.at("immediate").value
        immediate = value if isinstance(value, bool) else (False if value is None else None)
        users.setdefault(node.at("ladder").text, {})[clause] = immediate
    return users


def _names(ladder: Node) -> Iterator[Fault]:
    seen: set[str] = set()
    for step in ladder.at("steps").entries():
        name = step.at("name")
        if name.text and name.text in seen:
            what = f"two steps of this ladder are called `{name.text}`"
            yield Fault(code="duplicate-step", what=what, place=name.place)
        seen.add(name.text)


def _when(step: Node) -> Iterator[Fault]:
    when = step.at("when")
    if when.at("tier").text == "score":
        what = "a score never leads to a measure"
        allowed = tuple(word for word in TIERS if word != "score")
        yield Fault(code="score-step", what=what, place=when.at("tier").place, allowed=allowed)
    if when.at("within").value is not None and not _repeated(when):
        what = "`within` says how far back findings count, so `findings` must be 2 or more"
        yield Fault(code="within-alone", what=what, place=when.at("within").key_place)


def _reserved(draft: Draft, step: Node) -> Iterator[Fault]:
    allowed = tuple(word for word in MEASURES if word in draft.reserved)
    for word, node in step.at("measures").words():
        if allowed and word in MEASURES and word not in allowed:
            what = "a measure that this provider reserved"
            yield unknown_word(word, allowed, what=what, place=node.place)


def _length(step: Node) -> Iterator[Fault]:
    length = step.at("length")
    ending = [measure for measure in _measures(step) if measure in REVERSIBLE]
    if ending and length.value is None:
        what = f"`{ending[0]}` can be undone, so the step must say its `length`"
        yield Fault(code="no-length", what=what, place=step.place)
    if not ending and length.value is not None and _measures(step):
        what = "no measure of this step has an end, so it takes no `length`"
        yield Fault(code="length-without-end", what=what, place=length.key_place)


def _people(step: Node, clauses: _Users) -> Iterator[Fault]:
    people = step.at("people")
    tier = _tier(step)
    if not isinstance(people.value, int) or isinstance(people.value, bool) or tier is None:
        return
    immediate = bool(clauses) and False not in clauses.values()
    for measure in _measures(step):
        least = least_people(measure, tier, immediate=immediate)
        if least is not None and people.value < least:
            what = (
                f"{people.value} is fewer than the {least} that `{measure}` needs on "
                f"evidence of tier `{tier.word}`"
            )
            yield Fault(code="too-few-people", what=what, place=people.place)


def _told(draft: Draft, step: Node, clauses: _Users, *, first: bool) -> Iterator[Fault]:
    """A duty to tell the authorities binds every step, and its first one waits for nothing."""
    for clause, duty in _bound(draft, clauses):
        measures = step.at("measures")
        words = [word for word, _ in measures.words()]
        lacking = [f"`{word}`" for word in DUTY_MEASURES[duty] if word not in words]
        if lacking and words:
            what = (
                f"clause `{clause}` has the duty `{duty}`, so every step of its ladder takes "
                f"{' and '.join(lacking)} as well"
            )
            yield Fault(code="duty-not-in-step", what=what, place=measures.place)
        if first and not _at_once(step):
            what = (
                f"clause `{clause}` has the duty `{duty}`, so the first step of its ladder may "
                "not wait for `findings`, `lasting` or `unanswered`"
            )
            yield Fault(code="duty-delayed", what=what, place=step.at("when").key_place)


def _bound(draft: Draft, clauses: _Users) -> Iterator[tuple[str, str]]:
    """Yield each duty that asks for measures, with the first of `clauses` that it goes with."""
    for duty in DUTY_MEASURES:
        for clause in clauses:
            named = [word for word, _ in draft.entries[clause].at("duties").words()]
            if duty in (*named, *CLAUSE_DUTIES.get(clause, ())):
                yield clause, duty
                break


def _first(draft: Draft, step: Node, clauses: _Users) -> Iterator[Fault]:
    """What is reached at once must keep the promise to talk first, or rest on a fact."""
    touching = [measure for measure in _measures(step) if measure in TOUCH_SERVICE]
    if not touching:
        return
    place = step.at("measures").place
    for clause, immediate in clauses.items():
        if immediate and _tier(step) not in (Tier.FACT, None):
            what = (
                f"clause `{clause}` is `immediate`, so `{touching[0]}` at once must ask "
                "`when: {tier: fact}`"
            )
            yield Fault(code="immediate-below-fact", what=what, place=place)
        if immediate is False and draft.graduated:
            what = (
                f"this policy is `graduated` and clause `{clause}` not `immediate`, so "
                f"`{touching[0]}` may not come first"
            )
            yield Fault(code="touches-service-first", what=what, place=place)


def _at_once(step: Node) -> bool:
    when = step.at("when")
    waits = any(when.at(key).value is not None for key in ("lasting", "unanswered"))
    return not waits and not _repeated(when)


def _repeated(when: Node) -> bool:
    findings = when.at("findings").value
    return isinstance(findings, int) and findings > 1


def _measures(step: Node) -> list[Measure]:
    return [Measure(word) for word, _ in step.at("measures").words() if word in MEASURES]


def _tier(step: Node) -> Tier | None:
    """Return the least tier a step asks; `None` where the word is no tier."""
    tier = step.at("when").at("tier")
    return Tier.JUDGEMENT if tier.value is None else TIERS.get(tier.text)
