"""How a case stands, gathered for people: severity, cause, strikes, who is told, what was done.

In: an installation's books and a case. Out: `Known`. Only reads.
"""

from __future__ import annotations

from aupkeep.cases.case import Case
from aupkeep.cases.cause import Gone, Verdict, cause
from aupkeep.cases.holder import told
from aupkeep.cases.severity import longest, severity
from aupkeep.cases.strikes import Strikes, strikes
from aupkeep.cases.words import Known
from aupkeep.flow.installation import PolicyBook, ProfileBook
from aupkeep.policy.model import Policy
from aupkeep.store import evidence
from aupkeep.store.appeals import cleared_cases
from aupkeep.store.cases import acts_on
from aupkeep.store.sanctions import sanctions_of

#: While a measure touches service, that nothing is seen tells nothing.
_KEPT_DOWN = Verdict(gone=Gone.UNKNOWN, how="a measure keeps it down")


def known_of(case: Case, policies: PolicyBook, profiles: ProfileBook, *, now: int) -> Known:
    """Return what is known of `case` at `now`."""
    policy = policies.at(case.provider, case.opened_at)
    members = list(evidence.findings_of(case.id).values())
    by_clause = policy.clauses[case.clause].severity
    taken = [item.id for item in evidence.merged_cases(case.id)]
    down = any(one.in_force and one.touches_service for one in sanctions_of(case.id))
    return Known(
        severity=severity(by_clause, case.tier, longest(members, now)),
        cause=_KEPT_DOWN if down else cause(case, members, policy, now=now),
        strikes=strikes_of(case.provider, policy, now=now, customer=case.customer or ""),
        resellers=strikes_of(case.provider, policy, now=now, reseller=case.reseller),
        told=told(policy.tell, case.customer or "", case.reseller),
        former=profiles.at(case.provider, case.customer, now).former,
        acts=acts_on(case.id, *taken),
    )


def strikes_of(
    provider: str, policy: Policy, *, now: int, customer: str = "", reseller: str = ""
) -> Strikes:
    """Return the strikes that count at `now` against a customer, or against a reseller's."""
    if not customer and not reseller:
        return Strikes()
    cases = evidence.cases_about(provider, customer=customer, reseller=reseller)
    found = strikes(
        cases,
        decay=policy.strike_decay,
        compromised=policy.compromised_strike,
        cleared=cleared_cases(provider),
    )
    return found.at(now)
