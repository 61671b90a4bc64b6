"""The queue: cases, the oldest due first, and above them what the whole desk must know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from aupkeep.base.clock import MINUTE
from aupkeep.desk import words
from aupkeep.desk.analyst.trouble import Trouble
from aupkeep.desk.library import Shelf
from aupkeep.desk.page import page, render, role_of
from aupkeep.desk.site import site
from aupkeep.store import queries
from aupkeep.store.arming import Armed

_TEMPLATE = "analyst/templates/queue.html"

#: Name of a filter's choice -> what it is called.
STATES = {
    queries.EVERY: "every case",
    queries.NEEDS: "needs a person",
    queries.FORCE: "something in force",
}
_LONGEST_TEXT = 200
#: An engine that committed nothing for so long is worth a word.
_SILENT = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the queue."""

    row: queries.QueueRow
    title: str
    measures: list[tuple[str, words.Line]]
    overdue: bool


@page(who="person")
def queue(request: HttpRequest) -> HttpResponse:
    """Show the cases that fit the filter."""
    return show(request)


def show(request: HttpRequest, trouble: Trouble | None = None) -> HttpResponse:
    """Return the page, with `trouble` above the form that it came of."""
    wanted = _wanted(request)
    number = _number(request.GET.get("page", ""))
    found = queries.queue(wanted, page=number, role=role_of(request))
    now, shelf = site().now(), site().library.shelf()
    over = queries.overview(now, role=role_of(request))
    pauses = [(f"{item.provider} {item.called}", item) for item in over.pauses]
    context = {
        "rows": [_row(item, shelf, now) for item in found.rows],
        "total": found.total,
        "wanted": wanted,
        "providers": site().library.providers,
        "states": STATES,
        **_pages(wanted, number, found.total),
        "over": over,
        "mode": mode(over.armed),
        "silent": over.committed is not None and now - over.committed.at > _SILENT,
        "trouble": trouble,
        "pauses": pauses,
        "at_form": trouble is not None and trouble.subject in {name for name, _ in pauses},
    }
    return render(request, _TEMPLATE, context, status=trouble.status if trouble else 200)


def mode(armed: Iterable[Armed]) -> list[str]:
    """Return, a provider each, which powers act for which clauses; empty: everything observes."""
    listed = list(armed)
    lines = []
    for provider in dict.fromkeys(item.provider for item in listed):
        own = [item for item in listed if item.provider == provider]
        powers = [words.name(item.name) for item in own if item.kind == "power"]
        clauses = [item.name for item in own if item.kind == "clause"]
        if powers and clauses:
            lines.append(f"{provider}: {', '.join(powers)}; for {', '.join(clauses)}")
    return lines


def _row(item: queries.QueueRow, shelf: Shelf, now: int) -> Row:
    policy = shelf.at(item.case.provider, item.case.opened_at)
    clause = policy.clauses.get(item.case.clause) if policy else None
    return Row(
        row=item,
        title=clause.title if clause else item.case.clause,
        measures=words.summary(item.sanctions, now),
        overdue=item.needs and item.due is not None and item.due < now,
    )


def _wanted(request: HttpRequest) -> queries.Wanted:
    state = request.GET.get("state", "")
    text = " ".join(request.GET.get("text", "").replace("\x00", "").split())
    return queries.Wanted(
        provider=request.GET.get("provider", "").replace("\x00", "")[:_LONGEST_TEXT],
        state=state if state in STATES else queries.EVERY,
        text=text[:_LONGEST_TEXT],
    )


def _pages(wanted: queries.Wanted, number: int, total: int) -> dict[str, object]:
    """Return which page of how many is shown, and where the ones beside it are."""
    pages = max(1, -(-total // queries.PAGE))
    return {
        "page": number,
        "pages": pages,
        "earlier": _link(wanted, number - 1) if number > 1 else "",
        "later": _link(wanted, number + 1) if number < pages else "",
    }


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004  # no queue has so many pages


def _link(wanted: queries.Wanted, number: int) -> str:
    fields = {
        "provider": wanted.provider,
        "state": wanted.state,
        "text": wanted.text,
        "page": number,
    }
    return "?" + urlencode({name: value for name, value in fields.items() if value})
