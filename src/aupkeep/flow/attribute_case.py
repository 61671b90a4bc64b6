"""The act of a person who says whose an unattributed case is.

In: a case's id, customer and service, who, why. Out: the case as the customer's, decided anew; one
that the customer has of the same clause takes it over. On a person's word alone evidence is
`strong` at most, so that a measure still needs somebody to agree; what the books confirm by now is
as good as if it had been attributed at once.
"""

from __future__ import annotations

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cases.attributing import attribute, attributed, confirmed
from aupkeep.cases.case import Case
from aupkeep.cases.grouping import regrouped
from aupkeep.flow.books import not_listed
from aupkeep.flow.casework import Desk, Said, found_case, join, with_reseller
from aupkeep.flow.installation import Installation
from aupkeep.flow.moving import contents, keep_act
from aupkeep.store import evidence, ground
from aupkeep.store.database import unit


def attribute_case(
    installation: Installation, identity: str, customer: str, service: str, said: Said
) -> Case:
    """Let `said` name whose the case is; raises `AupkeepError` where it is somebody's already."""
    said.check()
    desk = Desk(installation, now=said.now)
    with unit():
        case = found_case(identity)
        clause = desk.policy(case).clauses.get(case.clause)
        by_service = clause is not None and clause.by_service
        own = attributed(case, customer, service, by_service=by_service, at=said.now)
        _known(case, customer, service)
        acts = desk.acts()
        held = ground.holdings()
        known = evidence.findings_of(case.id).values()
        sure = {item.id: confirmed(item, customer, held) for item in known}
        named = [
            attribute(item, customer, service, said.by, confirmed=sure[item.id]) for item in known
        ]
        for item in named:
            evidence.put_finding(item, case.id)
        own = with_reseller(regrouped(own, named), desk.profiles)
        already = evidence.current_case(own.key)
        evidence.update_case(own)
        act = said.act("case_attributed", case.id, customer=customer, service=service)
        numbers = {"findings": len(named), "confirmed": sum(sure.values())}
        keep_act(act, case.provider, acts.recording, contents=contents(named), **numbers)
        if already is not None:
            own = join(already, own, said, acts.recording)
        acts.decide_again(own, desk.instant)
        acts.recording.keep()
    return own


def _known(case: Case, customer: str, service: str) -> None:
    """Raise `MisuseError` for a customer or service that no list of the provider names."""
    faults = not_listed(case.provider, "customer", customer)
    if not customer:
        faults.append(Fault(code="whom", what="name the customer whose case it is"))
    if service and not faults:
        listed: list[Holding | Profile] = [*ground.holdings(), *ground.profiles()]
        own = {item.service for item in listed if item.customer == customer} - {""}
        if own and service not in own:
            what = f"`{service}` is no service of customer {customer}"
            faults.append(Fault(code="other-service", what=what, allowed=tuple(sorted(own))[:20]))
    if faults:
        raise MisuseError(faults)
