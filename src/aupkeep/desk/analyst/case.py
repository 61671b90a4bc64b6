"""One case: what happened, on what evidence, why, and what can be done about it now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse

from aupkeep.attribution.holdings import Holding
from aupkeep.base.errors import AupkeepError
from aupkeep.cases.words import act_line
from aupkeep.decisions.blast import told
from aupkeep.desk import words
from aupkeep.desk.analyst.appeals import panels_of
from aupkeep.desk.analyst.course import course_of
from aupkeep.desk.analyst.handling import handling
from aupkeep.desk.analyst.trouble import Trouble
from aupkeep.desk.analyst.trouble import trouble as troubled
from aupkeep.desk.page import page, render, role_of, signed_in, typed
from aupkeep.desk.site import site
from aupkeep.detection.finding import Finding
from aupkeep.flow import attaching, viewing
from aupkeep.flow.viewing import LONGEST
from aupkeep.policy.model import Clause, Policy
from aupkeep.policy.money import written
from aupkeep.record.rights import has_more
from aupkeep.sanctions.approval import milder
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import queries
from aupkeep.store.sanctions import Waiting

_TEMPLATE = "analyst/templates/case.html"

#: Findings and entries on the page; the latest of many.
MOST = 100

_REFUSABLE = frozenset({State.PROPOSED, State.APPROVED})
_LIFTABLE = frozenset({State.APPLIED, State.VERIFIED, State.ANNOUNCED, State.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One sanction and what this person can do about it now."""

    item: Waiting
    line: words.Line
    #: Acts that are possible: approve, override, refuse, lift.
    acts: frozenset[str]
    #: Why this person cannot agree, where others could.
    another: str
    #: Measures that may be chosen instead.
    milder: tuple[str, ...]
    trouble: Trouble | None
    #: What else stops working, and what it costs; empty where that is nothing to weigh.
    weighs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """One actor, who that was, and which rules found it."""

    finding: Finding
    rules: tuple[str, ...]
    #: What a list says of the actor then.
    held: Holding | None


@page(who="person")
def case(request: HttpRequest, case: str) -> HttpResponse:
    """Show the case whose id is or begins with `case`."""
    return show(request, case)


@page(who="person", methods=("POST",))
def whole(request: HttpRequest, case: str) -> HttpResponse:
    """Show the case with nothing left out that the person's role may see; why is entered first."""
    role, purpose = role_of(request), typed(request, "purpose", LONGEST + 1)
    known = queries.case_page(case, role=role)
    if known is None or not has_more(role):
        raise Http404
    try:
        viewing.viewed_case(
            known.case.id, by=signed_in(request), purpose=purpose, how="page", now=site().now()
        )
    except AupkeepError as error:
        return show(request, case, troubled(known.case.id, "whole", error, {"purpose": purpose}))
    return show(request, case, full=True)


def show(
    request: HttpRequest, identity: str, trouble: Trouble | None = None, *, full: bool = False
) -> HttpResponse:
    """Return the page, with `trouble` above the form that it came of."""
    role = role_of(request)
    found = queries.case_page(identity, role=role, full=full)
    if found is None:
        raise Http404
    policy, clause = _clause(found)
    panels = _panels(found, signed_in(request), trouble)
    context = {
        **_story(found),
        "policy": policy,
        "clause": clause,
        "title": clause.title if clause else found.case.clause,
        "panels": [item for item in panels if not item.item.sanction.would_do],
        "observed": [item for item in panels if item.item.sanction.would_do],
        "unfold": trouble is not None and trouble.subject != "case",
        "appeals": panels_of(found, signed_in(request), trouble),
        "work": handling(found.case, tuple(act_line(item) for item in found.acts)),
        "work_trouble": trouble if trouble and trouble.subject == "case" else None,
        "needs": any(item.line.tone == "waits" for item in panels)
        or any(item.open for item in found.appeals),
        "full": full,
        "has_more": has_more(role) and not full,
        "trouble": trouble if trouble and trouble.subject == found.case.id else None,
    }
    return render(request, _TEMPLATE, context, status=trouble.status if trouble else 200)


def _story(found: queries.CasePage) -> dict[str, object]:
    """Return what the page tells, whatever may be done now."""
    return {
        "found": found,
        "case": found.case,
        "decision": found.decision,
        "goes_on": any(item.state != "ended" for item in found.findings),
        "who": _who(found),
        "course": course_of(found, site().now()),
        "findings": found.findings[-MOST:],
        "timeline": [
            (entry, words.ACTS.get(entry.act, entry.act)) for entry in found.entries[-MOST:]
        ],
        "most": MOST,
        "customers": words.CUSTOMERS,
        "files": [(item, attaching.place(site().installation, item)) for item in found.attachments],
    }


def _clause(found: queries.CasePage) -> tuple[Policy | None, Clause | None]:
    """Return the version that was applied, and its clause."""
    shelf, case = site().library.shelf(), found.case
    policy = shelf.at(case.provider, case.opened_at)
    if found.decision is not None:
        policy = shelf.version(case.provider, found.decision.policy_version) or policy
    return policy, policy.clauses.get(case.clause) if policy else None


def _who(found: queries.CasePage) -> list[Who]:
    """Return each actor once, with the findings that are about it."""
    named: dict[tuple[object, ...], Who] = {}
    for item in found.findings:
        said = (item.actor, item.customer, item.service, item.attribution)
        known = named.get(said)
        rules = (*known.rules, item.called) if known else (item.called,)
        named[said] = Who(
            finding=item, rules=tuple(dict.fromkeys(rules)), held=found.held.get(item.id)
        )
    return list(named.values())


def _panels(found: queries.CasePage, person: str, trouble: Trouble | None) -> list[Panel]:
    """Return the sanctions, what needs a person first."""
    now = site().now()
    made = [_panel(item, person, now, trouble) for item in found.sanctions]
    return sorted(
        made, key=lambda one: (words.TONES.index(one.line.tone), -one.item.sanction.since)
    )


def _panel(item: Waiting, person: str, now: int, trouble: Trouble | None) -> Panel:
    sanction = item.sanction
    another = "" if site().installation.settings.single_operator else _another(sanction, person)
    return Panel(
        item=item,
        line=words.state(item, now),
        acts=frozenset(_acts(sanction, another)),
        another=another if sanction.state is State.PROPOSED else "",
        milder=milder(sanction),
        trouble=trouble if trouble and trouble.subject == sanction.id else None,
        weighs=tuple(_weighs(sanction)),
    )


def _weighs(sanction: Sanction) -> Iterator[str]:
    """Yield what a person should weigh before agreeing."""
    if sanction.state not in _REFUSABLE:
        return
    if sanction.touches_service:
        yield told(sanction.blast)
    if sanction.amount:
        yield f"costs the customer {written(sanction.amount, sanction.currency)}"


def _another(sanction: Sanction, person: str) -> str:
    if sanction.would_do:
        return ""
    if person in sanction.approved_by:
        return "You agreed; another person must agree too."
    if person == sanction.proposed_by:
        return "You proposed this, so another person must agree."
    return ""


def _acts(sanction: Sanction, another: str) -> list[str]:
    if sanction.would_do:
        return []
    state, acts = sanction.state, []
    if state is State.PROPOSED and not another:
        acts.append("approve")
    if state in _REFUSABLE:
        acts.append("refuse")
        if milder(sanction):
            acts.append("override")
    if state in _LIFTABLE and not sanction.ends_as and words.lasts(sanction):
        acts.append("lift")
    return acts
