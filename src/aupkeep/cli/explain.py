"""`aupkeep policy explain`: what a rule makes of some events, one after another.

In: a rule's name or id, a policy, and a file of events. Out: each event with the base rules that
hold and the values compared, what the windows came to, what opened and ended. Nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from aupkeep.base.clock import parse_duration
from aupkeep.base.errors import AupkeepError, Fault, MisuseError, Place, unknown_word
from aupkeep.cases.excepting import PolicyException, excused, said
from aupkeep.cli.excepted import read_exceptions
from aupkeep.cli.faces import plain_errors, say_json
from aupkeep.cli.given import read_text
from aupkeep.cli.telling import change_lines, finding_node, step_lines
from aupkeep.detection.bundle import moment
from aupkeep.detection.explaining import Told, explain
from aupkeep.detection.finding import Finding
from aupkeep.detection.rule import RuleSet
from aupkeep.detection.written import Written, each, frames_of_events
from aupkeep.flow.folders import find_folder, load_policy, shipped_policies
from aupkeep.flow.rules import Ruled
from aupkeep.inlets.files.blocks import stdin_bytes
from aupkeep.policy.marks import load_all

Events = tuple[Place, object]


def explain_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="a rule's name or id")],
    *,
    event: Annotated[
        str,
        typer.Option(
            "--event",
            metavar="FILE",
            help="events as JSON, JSON lines or YAML; `-`: standard input",
        ),
    ],
    policy: Annotated[
        str, typer.Option(help="a policy folder or the name of a shipped policy; default: any")
    ] = "",
    until: Annotated[
        str, typer.Option(help="let so much time pass after the last event, e.g. 2h")
    ] = "",
    exceptions: Annotated[
        Path | None, typer.Option(help="JSON lines, as `exception list --json` prints them")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Say what a rule makes of events: which parts hold, what the windows came to, what opened."""
    with plain_errors():
        passing = _duration(until)
        ruled, rules = _rule(rule, policy)
        excepting = read_exceptions(exceptions) if exceptions else []
        written = _written(event, rules, ruled.policy.provider)
        last = max(
            (int(f["event_time"].to_numpy().max()) for f in written.frames.values()), default=0
        )
        told = explain(
            rules,
            written.frames,
            last + passing,
            provider=ruled.policy.provider,
            version=ruled.policy.version,
        )
        told = _with_exceptions(told, excepting, last + passing)
        if as_json:
            for item in _objects(rule, ruled, told, excepting, written):
                say_json(item)
        else:
            print("\n".join(_lines(rule, ruled, told, excepting, written)))


def _rule(word: str, policy: str) -> tuple[Ruled, RuleSet]:
    """Return the policy that has the rule, and the rule with what it is made of."""
    folders = [find_folder(policy)] if policy else list(shipped_policies().values())
    known: dict[str, None] = {}
    for folder in folders:
        ruled = load_policy(folder)
        named = {
            name: one.id
            for one in (*ruled.rules.selections.values(), *ruled.rules.rules.values())
            for name in (one.name, one.id)
            if name
        }
        if word in named:
            return ruled, ruled.rules.only(named[word])
        known |= dict.fromkeys(
            one.name or one.id
            for one in (*ruled.rules.selections.values(), *ruled.rules.rules.values())
        )
    where = f"policy `{policy}`" if policy else "a shipped policy"
    raise MisuseError(unknown_word(word, tuple(known), what=f"a rule of {where}", place=None))


def _written(name: str, rules: RuleSet, provider: str) -> Written:
    text = _text(name)
    written = frames_of_events(_events(text, name), rules.kinds, provider=provider)
    if not written.frames:
        what = f"`{name}` holds no event"
        raise AupkeepError(Fault(code="no-event", what=what))
    return written


def _text(name: str) -> str:
    if name != "-":
        return read_text(Path(name))
    try:
        with stdin_bytes() as stream:
            return stream.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AupkeepError(
            Fault(code="unreadable", what="standard input is not UTF-8 text")
        ) from None


def _events(text: str, name: str) -> Iterator[Events]:
    """Yield the events of a text, whichever of the three forms it has."""
    if text.lstrip()[:1] in ("{", "["):
        yield from _from_json(text, name)
        return
    loaded = load_all(text, name)
    if loaded.faults:
        raise AupkeepError(loaded.faults)
    for document in loaded.documents:
        inner = document.at("events")
        top = document if inner.value is None else inner
        for node in list(top.entries()) if isinstance(top.value, list) else [top]:
            yield node.place, node.value


def _from_json(text: str, name: str) -> Iterator[Events]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise AupkeepError(_no_json(Place(file=name), "nested too deep")) from None
    except ValueError:
        yield from _from_lines(text, name)
        return
    yield from each(document, Place(file=name))


def _from_lines(text: str, name: str) -> Iterator[Events]:
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        place = Place(file=name, line=number, column=1, text=line[:200])
        if not line.strip():
            continue
        try:
            yield place, json.loads(line)
        except (ValueError, RecursionError):
            faults.append(_no_json(place, "this is no JSON"))
    if faults:
        raise AupkeepError(faults)


def _no_json(place: Place, what: str) -> Fault:
    return Fault(code="not-json", what=what, place=place)


def _duration(text: str) -> int:
    if not text:
        return 0
    try:
        return parse_duration(text)
    except ValueError as wrong:
        raise MisuseError(Fault(code="wrong-value", what=f"`--until`: {wrong}")) from None


def _with_exceptions(told: Told, listed: Sequence[PolicyException], until: int) -> Told:
    """Return what was told with what covers each finding, as things stand at its change."""

    def covered(finding: Finding, now: int) -> Finding:
        return excused(finding, listed, now)

    for step in told.steps:
        step.changes[:] = [covered(one, step.time) for one in step.changes]
    told.after[:] = [covered(one, until) for one in told.after]
    told.open[:] = [covered(one, until) for one in told.open]
    return told


def _objects(
    rule: str, ruled: Ruled, told: Told, listed: Sequence[PolicyException], written: Written
) -> Iterator[dict[str, Any]]:
    for step in told.steps:
        yield {
            "event": step.event,
            "kind": step.kind,
            "time": moment(step.time),
            "seen": not step.unseen,
            "why": step.unseen or None,
            "rules": step.bases,
            "windows": step.windows,
            "changes": [finding_node(one, listed) for one in step.changes],
        }
    yield {
        "summary": {
            "rule": rule,
            "policy": ruled.policy.provider,
            "policy_version": ruled.policy.version,
            **_counts(told),
            "after": [finding_node(one, listed) for one in told.after],
            "open": [finding_node(one, listed) for one in told.open],
            "degraded": told.degraded,
            "notes": written.notes,
        }
    }


def _counts(told: Told) -> dict[str, int]:
    changes = [one for step in told.steps for one in step.changes] + told.after
    return {
        "events": len(told.steps),
        "seen": sum(not step.unseen for step in told.steps),
        "opened": sum(one.state == "open" for one in changes),
        "ended": sum(one.state == "ended" for one in changes),
    }


def _lines(
    rule: str, ruled: Ruled, told: Told, listed: Sequence[PolicyException], written: Written
) -> Iterator[str]:
    yield f"rule {rule} of {ruled.policy.provider} {ruled.policy.version}"
    yield from (f"note: {note}" for note in written.notes)
    before = None
    for number, step in enumerate(told.steps, 1):
        yield ""
        yield from step_lines(number, step, _why(listed), before)
        before = step
    if told.after:
        yield ""
        yield "after the last event:"
        yield from change_lines(told.after, _why(listed))
    counts = _counts(told)
    yield ""
    yield (
        f"events {counts['events']}, seen {counts['seen']}; findings opened {counts['opened']},"
        f" ended {counts['ended']}, open at the end {len(told.open)}"
    )
    yield from (f"not evaluated: {line}" for line in told.degraded)


def _why(listed: Sequence[PolicyException]) -> dict[str, str]:
    return {item.id: said(item) for item in listed}
