"""The acts of making an exception from the policy, and of ending it before its time.

In: whom and what it is about, from when to when, why, and the person who approves it. Out: the
exception, entered. An exception always ends; a duty that cannot be switched off has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aupkeep.base.canonical import sha256
from aupkeep.base.clock import DAY, format_instant
from aupkeep.base.errors import Fault, MisuseError, unknown_word
from aupkeep.base.ids import make_id
from aupkeep.cases.excepting import LONGEST, PolicyException
from aupkeep.flow.books import not_listed
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.persons import no_person, no_reason
from aupkeep.flow.recording import Recording
from aupkeep.flow.rules import Ruled
from aupkeep.policy.model import Policy
from aupkeep.policy.promises import MANDATORY
from aupkeep.store import exceptions
from aupkeep.store.database import unit
from aupkeep.store.rows import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An exception as it was asked for; of customer and service, and rule and clause, one each."""

    customer: str = ""
    service: str = ""
    #: A rule's id or name.
    rule: str = ""
    clause: str = ""
    since: int
    until: int
    reason: str
    by: str
    #: Empty: the only provider whose policy has the rule or clause.
    provider: str = ""


def make_exception(installation: Installation, wanted: Wanted, *, now: int) -> PolicyException:
    """Store and enter the exception that is wanted; raises `MisuseError` with all that is wrong."""
    faults = [*_shape(wanted, now), *no_reason(wanted.reason)]
    provider, what, refused = _target(installation, wanted, now)
    faults += refused
    with unit():
        faults += no_person(wanted.by)
        if faults:
            raise MisuseError(faults)
        item = PolicyException(
            id=make_id(
                "exception",
                provider,
                wanted.customer,
                wanted.service,
                *what.values(),
                now,
                wanted.by,
            ),
            provider=provider,
            customer=wanted.customer,
            service=wanted.service,
            rule=what.get("rule", ""),
            clause=what.get("clause", ""),
            since=wanted.since,
            until=wanted.until,
            reason=wanted.reason.strip(),
            by=wanted.by,
            made_at=now,
        )
        _keep(item, "exception_made", item.by, now)
    return item


def end_exception(identity: str, *, by: str, reason: str, now: int) -> PolicyException:
    """End an exception before its time; what it covers and still holds counts from now on.

    Raises `MisuseError` for an id that is not one exception's, or one that is over.
    """
    with unit():
        item = exceptions.get_exception(identity)
        faults = [*no_reason(reason), *no_person(by)]
        if item is None:
            faults.append(
                Fault(
                    code="no-such-exception",
                    what=f"no exception, or more than one, has an id that begins with `{identity}`",
                    hint="`aupkeep exception list --all` names them all",
                )
            )
        elif item.end <= now:
            what = f"exception {item.id[:12]} has been over since {format_instant(item.end)}"
            faults.append(Fault(code="over", what=what))
        if item is None or faults:
            raise MisuseError(faults)
        ended = replace(item, ended_at=now, ended_by=by, ended_why=reason.strip())
        _keep(ended, "exception_ended", by, now)
    return ended


def _keep(item: PolicyException, act: str, by: str, now: int) -> None:
    """Store `item` and enter `act`: whom it is for is in the envelope, the reason nowhere."""
    exceptions.put_exception(item)
    body: dict[str, object] = {
        **({"rule": item.rule} if item.rule else {"clause": item.clause}),
        "from": format_instant(item.since),
        "until": format_instant(item.end),
        "by": by,
        "content": sha256(to_text(item).encode()),
        "customer": item.customer,
        "service": item.service,
    }
    recording = Recording()
    recording.enter(item.provider, act, item.id, body, at=now)
    recording.keep()


def _shape(wanted: Wanted, now: int) -> list[Fault]:
    """Return what is wrong with whom, what and when."""
    faults = []
    if bool(wanted.customer) == bool(wanted.service):
        faults.append(Fault(code="whom", what="name one customer or one service, and not both"))
    if bool(wanted.rule) == bool(wanted.clause):
        faults.append(Fault(code="what", what="name one rule or one clause, and not both"))
    if wanted.until <= wanted.since:
        faults.append(Fault(code="no-time", what="an exception must end after it begins"))
    elif wanted.until <= now:
        what = f"an exception until {format_instant(wanted.until)} would be over already"
        faults.append(Fault(code="over", what=what))
    elif wanted.until - wanted.since > LONGEST:
        what = f"an exception lasts {LONGEST // DAY} days at most"
        faults.append(
            Fault(code="too-long", what=what, hint="make another one when this one has ended")
        )
    return faults


def _target(
    installation: Installation, wanted: Wanted, now: int
) -> tuple[str, dict[str, str], list[Fault]]:
    """Return the provider, the rule or clause by its id, and what is wrong with them."""
    ruled = PolicyBook(installation.policies()).in_force(now)
    if wanted.provider and wanted.provider not in ruled:
        words = tuple(ruled)
        fault = unknown_word(
            wanted.provider, words, what="a provider of these settings", place=None
        )
        return "", {}, [fault]
    if bool(wanted.rule) == bool(wanted.clause):
        return "", {}, []
    chosen = {name: one for name, one in ruled.items() if wanted.provider in ("", name)}
    known = {name: _known(one, wanted) for name, one in chosen.items()}
    having = {name: words for name, words in known.items() if _word(wanted) in words}
    if not having:
        kind = "a clause" if wanted.clause else "a rule with a clause"
        words = tuple(dict.fromkeys(word for one in known.values() for word in one))
        what = f"{kind} of the policy in force"
        return "", {}, [unknown_word(_word(wanted), words, what=what, place=None)]
    if len(having) > 1:
        names = ", ".join(having)
        what = f"`{_word(wanted)}` is in the policies of {names}"
        fault = Fault(code="which-provider", what=what, hint="say which one with `--provider`")
        return "", {}, [fault]
    ((provider, words_of),) = having.items()
    identity, clause = words_of[_word(wanted)]
    faults = _mandatory(ruled[provider].policy, clause)
    field = "customer" if wanted.customer else "service"
    faults += not_listed(provider, field, wanted.customer or wanted.service)
    return provider, {"clause" if wanted.clause else "rule": identity}, faults


def _word(wanted: Wanted) -> str:
    return wanted.clause or wanted.rule


def _known(ruled: Ruled, wanted: Wanted) -> Mapping[str, tuple[str, str]]:
    """Return each word that names a rule or clause of a policy: its id, and the clause."""
    if wanted.clause:
        return {clause: (clause, clause) for clause in ruled.policy.clauses}
    rules = [rule for rule in ruled.rules.rules.values() if rule.aup]
    return {
        word: (rule.id, rule.aup.clause)
        for rule in rules
        if rule.aup
        for word in (rule.name, rule.id)
        if word
    }


def is_mandatory(policy: Policy, clause: str) -> bool:
    """Whether a duty that nobody can switch off goes with `clause`."""
    found = policy.clauses.get(clause)
    return found is not None and any(duty in MANDATORY for duty in found.duties)


def _mandatory(policy: Policy, clause: str) -> list[Fault]:
    if not is_mandatory(policy, clause):
        return []
    duties = ", ".join(f"`{duty}`" for duty in policy.clauses[clause].duties if duty in MANDATORY)
    what = f"clause `{clause}` goes with {duties}, a duty from which nobody is excepted"
    return [Fault(code="mandatory-duty", what=what)]
