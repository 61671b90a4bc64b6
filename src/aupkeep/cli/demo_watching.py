"""What becomes of sanctions, told line by line as it happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping

from aupkeep.base.clock import format_duration
from aupkeep.cases.case import Case
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import dialogue, evidence, sanctions
from aupkeep.store.sanctions import Waiting

#: States of a sanction that somebody, or the ladder, has agreed to.
_AGREED = frozenset(State) - {State.PROPOSED, State.REFUSED}
#: What has ended, and in which words.
_OVER: Mapping[State, str] = {
    State.LIFTED: "lifted",
    State.EXPIRED: "expired",
    State.REFUSED: "refused",
}


def say(word: str, text: str) -> None:
    """Print one line of the story with the time of the day (UTC)."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S', time.gmtime())}  {word:<9} {text}\n")
    sys.stdout.flush()


class Watch:
    """Looks at the customers of one provider, and tells each step once."""

    def __init__(self, provider: str, customers: frozenset[str]) -> None:
        """Look at `customers` only; nothing has been told yet."""
        self._provider = provider
        self._customers = customers
        self._told: set[tuple[str, str]] = set()

    def cases(self) -> list[Case]:
        """Return the cases of those who are looked at."""
        listed = evidence.all_cases(provider=self._provider)
        return [case for case in listed if case.customer in self._customers]

    def holds(self) -> list[Sanction]:
        """Return their sanctions that hold mail, or would."""
        return [item.sanction for item in self._listed() if item.sanction.measure == "hold_mail"]

    def look(self) -> list[tuple[str, Sanction]]:
        """Tell what is new; return which sanctions are newly `held` or over, and how."""
        for case in self.cases():
            if self._first(case.id, "found"):
                text = f"case {case.id[:8]}: {case.clause} by customer {case.customer}"
                say("found", f"{text}, evidence {case.tier.word}")
            for answer in dialogue.answers_of(case.id):
                if self._first(answer.id, "answers"):
                    say("answers", f"customer {case.customer} has written in case {case.id[:8]}")
        news = []
        for item in self._listed():
            for word, text in _steps(item):
                if self._first(item.sanction.id, word):
                    say(word, text)
                    news.append((word, item.sanction))
        return news

    def _listed(self) -> list[Waiting]:
        return [
            item
            for item in sanctions.all_sanctions(provider=self._provider)
            if item.sanction.customer in self._customers and not item.sanction.would_do
        ]

    def _first(self, subject: str, word: str) -> bool:
        if (subject, word) in self._told:
            return False
        self._told.add((subject, word))
        return True


def _steps(item: Waiting) -> Iterator[tuple[str, str]]:
    """Yield what can be told of a sanction by now, in the order in which it happened."""
    one = item.sanction
    what = f"{one.measure} on {one.target}"
    if one.state is State.PROPOSED and one.touches_service:
        yield "waits", f"{what}: {_people(one.people)} must agree, since the customer is protected"
    if one.state in _AGREED:
        who = " and ".join(one.approved_by) or "the ladder alone, on a fact"
        yield "decided", f"{what} for {format_duration(one.length)}: by {who}"
    if one.state is State.ANNOUNCED:
        yield "held", f"{one.target}: seen to be in force, and the customer is told"
    if one.state in _OVER and (one.lifted_by or one.state is State.EXPIRED):
        by = f" by {one.lifted_by}: {one.reason}" if one.lifted_by else ""
        yield _OVER[one.state], f"{what}{by}"
    if one.state is State.FAILED:
        yield "failed", f"{what}: {item.trouble}"


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"
