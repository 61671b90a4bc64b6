"""Sanctions, acts and times in plain words.

In: values. Out: text for people; templates escape it. A state is always said in words, never by a
colour alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aupkeep.base.clock import DAY, HOUR, MINUTE, to_datetime
from aupkeep.policy.model import Measure
from aupkeep.policy.words import LIFTABLE
from aupkeep.sanctions.postponing import waits
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store.sanctions import Waiting

#: Measure -> what is done, as a short name.
NAMES: Mapping[str, str] = {
    Measure.WARN: "letter to the customer",
    Measure.THROTTLE: "slow down",
    Measure.HOLD_MAIL: "hold outgoing mail",
    Measure.LOCK_SITE: "lock page or site",
    Measure.QUARANTINE_FILE: "set file aside",
    Measure.REMOVE_CONTENT: "remove content",
    Measure.BLOCK_TRAFFIC: "block traffic",
    Measure.SUSPEND_SERVICE: "suspend service",
    Measure.SUSPEND_ACCOUNT: "suspend account",
    Measure.DENY_SERVICE: "deny service",
    Measure.FEE: "fee",
    Measure.TERMINATE: "end the contract",
    Measure.PRESERVE: "keep evidence",
    Measure.NOTIFY_AUTHORITY: "tell an authority",
}

#: Measure -> what stops working, and what does not.
_REACH: Mapping[str, str] = {
    Measure.WARN: "One letter goes to the customer. Nothing stops working.",
    Measure.THROTTLE: "It becomes slower; nothing stops.",
    Measure.HOLD_MAIL: "What it sends is held in the queue, not deleted. Incoming mail and "
    "everything else of the customer goes on.",
    Measure.LOCK_SITE: "Visitors cannot reach it. Mail and other sites of the customer go on.",
    Measure.QUARANTINE_FILE: "The file is set aside. Everything else goes on.",
    Measure.REMOVE_CONTENT: "The content is gone from the web. Everything else goes on.",
    Measure.BLOCK_TRAFFIC: "Its traffic no longer passes. Other services of the customer go on.",
    Measure.SUSPEND_SERVICE: "The whole service stops. Other services of the customer go on.",
    Measure.SUSPEND_ACCOUNT: "Everything the customer has with us stops.",
    Measure.DENY_SERVICE: "The customer gets no new service of this kind. What runs goes on.",
    Measure.FEE: "The customer is charged. Nothing stops working.",
    Measure.TERMINATE: "The contract ends and everything the customer has with us goes.",
    Measure.PRESERVE: "A copy of the evidence is kept. The customer notices nothing.",
    Measure.NOTIFY_AUTHORITY: "An authority is told. Nothing stops working.",
}

_SCOPES: Mapping[str, str] = {
    "file": "one file",
    "path": "one path of a site",
    "site": "one site",
    "mailbox": "one login or mailbox",
    "address": "one address",
    "service": "one whole service",
    "account": "the whole account",
}

_IN_FORCE: Mapping[str, str] = {
    Measure.WARN: "letter has left",
    Measure.HOLD_MAIL: "hold verified, customer told",
    Measure.PRESERVE: "evidence is kept",
}

#: Act of the record -> what happened.
ACTS: Mapping[str, str] = {
    "case_opened": "case opened",
    "finding_joined": "another finding joined",
    "finding_updated": "finding updated",
    "case_moved": "case moved",
    "case_merged": "another case was taken over",
    "case_split": "findings were split off",
    "case_attributed": "attributed by a person",
    "case_disposed": "disposition set",
    "decision_made": "decided under the policy",
    "sanction_proposed": "proposed",
    "sanction_agreed": "agreed to",
    "sanction_approved": "approved",
    "sanction_refused": "refused",
    "sanction_applying": "carrying it out begins",
    "sanction_applied": "carried out",
    "sanction_verified": "verified by looking",
    "sanction_announced": "customer told",
    "sanction_failed": "failed",
    "sanction_lifting": "lifting begins",
    "sanction_lifted": "lifted, verified by looking",
    "sanction_expired": "ended by itself, verified by looking",
    "sanction_postponed": "put off, or no longer put off",
    "customer_asked": "the customer was asked",
    "customer_answered": "the customer answered",
    "customer_fixed": "the customer says that it is mended",
    "customer_attached": "the customer sent a file",
    "customer_reminded": "the customer was reminded",
    "notice_seen": "somebody acted on the page of the notice",
    "notice_bounced": "the notice came back",
    "appeal_lodged": "the customer appealed",
    "appeal_decided": "the appeal was decided",
    "fee_charged": "fee charged",
    "fee_disputed": "fee disputed: frozen",
    "fee_upheld": "fee upheld",
    "fee_credited": "fee credited in full",
    "alarm_raised": "alarm raised",
    "alarm_acknowledged": "alarm acknowledged",
    "record_viewed": "everything was looked at",
}


#: Acts that a customer does.
CUSTOMERS = frozenset(
    {"customer_answered", "customer_fixed", "customer_attached", "notice_seen", "appeal_lodged"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """A state in words, and how loud it is: one of `TONES`."""

    text: str
    tone: str


#: How loud a state is, the loudest first: waits for a person, went wrong, is real, is not.
TONES = ("waits", "bad", "force", "quiet")
#: What is said of everything that was proposed in observe mode.
WOULD_DO = "would do (observe)"


def name(measure: str) -> str:
    """Return what a measure is called."""
    return NAMES.get(measure, measure.replace("_", " "))


def scope(word: str) -> str:
    """Return a scope in words."""
    return _SCOPES.get(word, word)


def reach(sanction: Sanction) -> str:
    """Return what carrying it out would stop, and what it would not."""
    return _REACH.get(sanction.measure, "")


def state(item: Waiting, now: int) -> Line:
    """Return where a sanction stands."""
    sanction = item.sanction
    if sanction.would_do:
        return Line(WOULD_DO, "quiet")
    if sanction.state is State.FAILED:
        return Line(_failed(item), "bad")
    line = _STATES[sanction.state](sanction, now)
    if item.trouble and sanction.state is not State.PROPOSED:
        return Line(f"{line.text}; it waits: {item.trouble}", "bad")
    return line


def _proposed(sanction: Sanction, now: int) -> Line:
    if waits(sanction, now):
        left = span((sanction.waits_until or now) - now)
        goal = "an answer" if sanction.waits_for == "answer" else "its time"
        return Line(f"put off by {sanction.put_off_by}; waits for {goal}, {left} at most", "quiet")
    missing = sanction.people - len(set(sanction.approved_by))
    if missing <= 0:
        return Line("nobody needs to agree; about to begin", "quiet")
    return Line(f"waits for {people(missing)}", "waits")


def _approved(sanction: Sanction, now: int) -> Line:
    if sanction.ready_at is not None and sanction.ready_at > now:
        return Line(f"approved; begins in {span(sanction.ready_at - now)}", "force")
    return Line("approved; about to begin", "force")


def _announced(sanction: Sanction, now: int) -> Line:
    text = _IN_FORCE.get(sanction.measure, "in force, verified, customer told")
    if sanction.until is not None and sanction.until > now:
        text += f"; ends in {span(sanction.until - now)}"
    return Line(text, "force")


def _verified(sanction: Sanction, now: int) -> Line:  # noqa: ARG001  # every state has this form
    if sanction.measure == Measure.WARN:
        return Line("letter has left", "force")
    return Line("in force, verified; customer not told yet", "force")


def _said(text: str, tone: str = "quiet") -> Line:
    return Line(text, tone)


_STATES: Mapping[State, Callable[[Sanction, int], Line]] = {
    State.PROPOSED: _proposed,
    State.REFUSED: lambda sanction, _: _said(f"refused{_by(sanction)}"),
    State.APPROVED: _approved,
    State.APPLYING: lambda *_: _said("being carried out", "force"),
    State.APPLIED: lambda *_: _said("carried out, not verified yet", "force"),
    State.VERIFIED: _verified,
    State.ANNOUNCED: _announced,
    State.LIFTING: lambda sanction, _: _said(f"being lifted{_by(sanction)}", "force"),
    State.LIFTED: lambda sanction, _: _said(f"lifted{_by(sanction)}"),
    State.EXPIRED: lambda *_: _said("ended by itself"),
}


def _by(sanction: Sanction) -> str:
    return f" by {sanction.lifted_by}" if sanction.lifted_by else ""


def _failed(item: Waiting) -> str:
    what = "failed while it was being lifted" if item.sanction.ends_as else "failed"
    again = "tried again by itself" if item.next_at is not None else "not tried again by itself"
    return f"{what}: {item.trouble or 'no reason was kept'} ({again})"


def people(count: int) -> str:
    """Return so many people in words."""
    return "1 person" if count == 1 else f"{count} people"


def summary(items: Iterable[Waiting], now: int) -> list[tuple[str, Line]]:
    """Return (what, state) of a case's sanctions: what is real first, then what would be done."""
    listed = sorted(items, key=lambda one: -one.sanction.since)
    counts = Counter(
        (name(item.sanction.measure), state(item, now))
        for item in listed
        if not item.sanction.would_do
    )
    said = [
        (f"{what} ({count} times)" if count > 1 else what, line)
        for (what, line), count in counts.items()
    ]
    would = dict.fromkeys(name(item.sanction.measure) for item in listed if item.sanction.would_do)
    if would and not said:
        said.append((WOULD_DO, Line(", ".join(would), "quiet")))
    return sorted(said, key=lambda one: TONES.index(one[1].tone))


def span(micros: int) -> str:
    """Return a length of time in the two words that matter: `3 h 20 min`, `5 days`."""
    if micros < MINUTE:
        return "less than a minute"
    if micros < HOUR:
        return f"{micros // MINUTE} min"
    if micros < DAY:
        hours, rest = divmod(micros, HOUR)
        return f"{hours} h {rest // MINUTE} min" if rest >= MINUTE else f"{hours} h"
    days, rest = divmod(micros, DAY)
    said = "1 day" if days == 1 else f"{days} days"
    return f"{said} {rest // HOUR} h" if rest >= HOUR and days < 2 else said  # noqa: PLR2004  # hours matter on the first day only


def when(instant: int, *, seconds: bool = True) -> str:
    """Return an instant in UTC with the date in full."""
    moment = to_datetime(instant)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if seconds else f"{moment:%Y-%m-%d %H:%M} UTC"


def lasts(sanction: Sanction) -> bool:
    """Whether the measure leaves something in force that could be lifted."""
    return Measure(sanction.measure) in LIFTABLE
