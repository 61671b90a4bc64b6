"""Cases move with their sanctions and answers, and people merge, split, attribute and dispose."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aupkeep.attribution.holdings import Holding
from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.base.errors import AupkeepError
from aupkeep.cases.case import Case
from aupkeep.flow import answering, approving
from aupkeep.flow.attribute_case import attribute_case
from aupkeep.flow.case_standing import known_of
from aupkeep.flow.casework import Desk, Said
from aupkeep.flow.dispose_case import dispose_case
from aupkeep.flow.handle_findings import FindingActs
from aupkeep.flow.join_cases import merge_cases, split_case
from aupkeep.flow.move_case import move_case
from aupkeep.policy.model import Tier
from aupkeep.record.compare import altered
from aupkeep.sanctions.sanction import State
from aupkeep.store import chain, dialogue, evidence, sanctions
from aupkeep.store.cases import acts_on
from aupkeep.store.database import close_store, unit
from aupkeep.store.stored import kept
from desk_stage import Stage, make_stage, open_stage


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return make_stage(tmp_path_factory.mktemp("cases") / "made")


@pytest.fixture
def stage(made: Stage, tmp_path: Path) -> Iterator[Stage]:
    close_store()
    shutil.copytree(made.installation.folder, tmp_path / "here")
    yield open_stage(tmp_path / "here", made.now, policies=made.policies)
    close_store()


def said(stage: Stage, reason: str = "seen by hand") -> Said:
    return Said(by="ann", reason=reason, now=stage.now)


def now(case: Case) -> Case:
    found = evidence.exact_case(case.id)
    assert found is not None
    return found


def entries(*subjects: str) -> list[tuple[str, dict[str, object]]]:
    found = [json.loads(line) for line in chain.entries_about(*subjects)]
    return [(one["act"], one["body"]) for one in found]


def pass_time(stage: Stage, until: int) -> None:
    """Let the engine see that the time of events has come to `until`."""
    stage.now = until
    with unit():
        desk = Desk(stage.installation, now=until)
        desk.acts().handle([], until)


def test_a_warning_warns_an_answer_answers_quiet_resolves_and_closes(stage: Stage) -> None:
    stage.arm()
    case = stage.case(stage.finding(tier=Tier.STRONG))
    sanction = stage.sanction(case, "warn")
    approving.approve(sanction.id, "ann", now=stage.now)
    stage.carry_out()
    assert (now(case).state, now(case).told_at) == ("warned", stage.now)
    notice = dialogue.notices_of(case.id)[0].notice
    answering.answer(notice.id, "it was me", now=stage.now)
    assert now(case).state == "answered"
    ended = evidence.findings_of(case.id)[case.findings[0]].last
    pass_time(stage, ended + DAY - 1)
    assert now(case).state == "answered"
    pass_time(stage, ended + DAY)
    assert now(case).state == "resolved"
    pass_time(stage, ended + 400 * DAY)
    assert now(case).state == "closed"
    moves = [body for act, body in entries(case.id) if act == "case_moved"]
    assert [(one["from"], one["to"], one["because"]) for one in moves] == [
        ("open", "warned", "warn_announced"),
        ("warned", "answered", "customer_answered"),
        ("answered", "resolved", "cause_gone"),
        ("resolved", "closed", "quiet"),
    ]
    assert [act.details["to"] for act in acts_on(case.id)] == [one["to"] for one in moves]


def test_a_measure_that_touches_service_contains_until_it_is_over(stage: Stage) -> None:
    stage.arm()
    case = stage.held()
    assert now(case).state == "contained"
    notice = dialogue.notices_of(case.id)[0].notice
    answering.answer(notice.id, "I mend it", now=stage.now)
    # What a measure keeps down may come back: neither an answer nor time resolves it.
    pass_time(stage, stage.now + 20 * HOUR)
    assert now(case).state == "contained"
    approving.lift(stage.sanction(case).id, "ann", "mended", release=True, now=stage.now)
    stage.carry_out()
    over = stage.now
    assert (now(case).state, now(case).moved_at) == ("open", over)
    pass_time(stage, over + DAY - 1)
    assert now(case).state == "open"
    pass_time(stage, over + DAY)
    assert now(case).state == "resolved"


def test_a_new_finding_opens_a_resolved_case_again_and_not_a_closed_one(stage: Stage) -> None:
    case = stage.case()
    move_case(case.id, "resolved", said(stage))
    again = stage.case(stage.finding())
    assert (again.id, now(case).state) == (case.id, "open")
    assert entries(case.id)[-2:][0][0] in ("case_moved", "decision_made")
    move_case(case.id, "closed", said(stage))
    other = stage.case(stage.finding())
    assert other.id != case.id
    with pytest.raises(AupkeepError, match="is the present one"):
        move_case(case.id, "open", said(stage))


def test_a_later_state_of_a_finding_of_a_closed_case_is_history(stage: Stage) -> None:
    item = stage.finding(state="open", last=stage.now - HOUR)
    case = stage.case(item)
    move_case(case.id, "closed", said(stage))
    stage.later()
    stage.case(replace(item, state="ended", last=stage.now, value=999))
    assert [one.id for one in evidence.all_cases()] == [case.id]
    assert now(case).state == "closed"
    assert evidence.findings_of(case.id)[item.id].value == 999


def test_no_case_is_closed_over_a_measure(stage: Stage) -> None:
    stage.arm()
    case = stage.held()
    for state in ("closed", "resolved"):
        with pytest.raises(AupkeepError, match="of this case is announced"):
            move_case(case.id, state, said(stage))
    move_case(case.id, "appealed", said(stage))
    # Opened again while mail is held, it is contained.
    assert move_case(case.id, "open", said(stage)).state == "contained"


@pytest.mark.parametrize(
    ("word", "code"),
    [("warned", "not-by-person"), ("contained", "not-by-person"), ("over", "not-by-person")],
)
def test_what_happened_is_not_said_by_a_person(stage: Stage, word: str, code: str) -> None:
    case = stage.case()
    with pytest.raises(AupkeepError) as refused:
        move_case(case.id, word, said(stage))
    assert [fault.code for fault in refused.value.faults] == [code]
    assert acts_on(case.id) == []


def test_an_act_needs_a_reason_and_a_person(stage: Stage) -> None:
    case = stage.case()
    acts: tuple[Callable[[Said], object], ...] = (
        lambda who: move_case(case.id, "closed", who),
        lambda who: dispose_case(stage.installation, case.id, "negligent", who),
        lambda who: merge_cases(stage.installation, case.id, [case.id], who),
        lambda who: split_case(stage.installation, case.id, ["x"], who),
        lambda who: attribute_case(stage.installation, case.id, "jas-1", "", who),
    )
    for act in acts:
        with pytest.raises(AupkeepError) as refused:
            act(Said(by="nobody", reason=" ", now=stage.now))
        codes = {fault.code for fault in refused.value.faults}
        assert codes == {"no-reason", "no-such-person"}


def test_merging_takes_everything_along_once(stage: Stage) -> None:
    stage.arm()
    one = stage.held()
    move_case(one.id, "appealed", said(stage))
    apart = _second_case(stage)
    before = (_count(), sorted(item.sanction.id for item in sanctions.all_sanctions()))
    notices = {item.notice.id for case in (one, apart) for item in dialogue.notices_of(case.id)}
    strikes = _strikes(stage, one)
    whole = merge_cases(stage.installation, one.id, [apart.id], said(stage))
    assert (_count(), sorted(item.sanction.id for item in sanctions.all_sanctions())) == before
    assert {item.sanction.case for item in sanctions.all_sanctions()} == {one.id}
    assert {item.notice.id for item in dialogue.notices_of(one.id)} == notices
    assert set(whole.findings) == set(evidence.findings_of(one.id))
    assert (now(apart).state, now(apart).merged_into) == ("closed", one.id)
    assert _strikes(stage, one) == strikes
    assert "case_merged" in [act for act, _ in entries(one.id)]
    # A letter of the case that is gone is answered in the one that took it over.
    for notice in notices:
        answering.answer(notice, f"about {notice}", now=stage.now)
    assert len(dialogue.answers_of(one.id)) == len(notices)
    # Later states of its findings find their way.
    for item in evidence.findings_of(one.id).values():
        stage.case(replace(item, value=item.value + 1))
    assert {item.id for item in evidence.all_cases()} == {one.id, apart.id}
    _unaltered()


def _second_case(stage: Stage) -> Case:
    """Return another case of the same customer and clause, split off and with a hold of its own."""
    first = stage.finding("lee@shop.example")
    case = stage.case(first)
    return split_case(stage.installation, case.id, [first.id], said(stage))


def _count() -> int:
    return sum(len(evidence.findings_of(item.id)) for item in evidence.all_cases())


def _unaltered() -> None:
    """Nothing that is stored differs from what the newest entries say of it."""
    assert altered(list(chain.lines("jasmo")), kept()) == []


def _strikes(stage: Stage, case: Case) -> int:
    desk = Desk(stage.installation, now=stage.now)
    return known_of(now(case), desk.policies, desk.profiles, now=stage.now).strikes.halves


def test_a_split_is_refused_where_a_measure_rests_on_both(stage: Stage) -> None:
    stage.arm()
    one, two = stage.finding(), stage.finding(first=stage.now - 2 * HOUR)
    case = stage.case(one, two)
    sanction = stage.sanction(case)
    if len(sanction.findings) == 1:
        # The measure was proposed on the first one alone, and goes where it goes.
        apart = split_case(stage.installation, case.id, list(sanction.findings), said(stage))
        assert [item.id for item in sanctions.sanctions_of(apart.id)] == [sanction.id]
        return
    with pytest.raises(AupkeepError) as refused:
        split_case(stage.installation, case.id, [one.id], said(stage))
    assert {fault.code for fault in refused.value.faults} == {"shared-sanction"}


def _unnamed(stage: Stage, **changes: object) -> Case:
    nobody = {"customer": None, "service": None, "attribution": "unknown"}
    return stage.case(stage.finding(**nobody | changes))


def test_a_word_alone_is_strong_at_most_so_that_somebody_must_agree(stage: Stage) -> None:
    stage.arm()
    case = _unnamed(stage)
    assert sanctions.sanctions_of(case.id) == []
    mine = attribute_case(stage.installation, case.id, "jas-9", "jas-9-mail", said(stage))
    assert (mine.customer, now(mine).tier) == ("jas-9", Tier.STRONG)
    made = sanctions.sanctions_of(case.id)
    assert made
    assert all(item.people >= 1 and item.state is State.PROPOSED for item in made)
    (body,) = [body for act, body in entries(case.id) if act == "case_attributed"]
    assert (body["findings"], body["confirmed"], body["by"]) == (1, 0, "ann")
    _unaltered()
    assert "jas-9" not in json.dumps(body)
    # The engine's next state of the finding does not undo it.
    (item,) = evidence.findings_of(case.id).values()
    later = replace(
        item,
        customer=None,
        service=None,
        attribution="unknown",
        attributed_by="",
        tier=Tier.FACT,
        value=item.value + 1,
    )
    stage.case(later)
    assert now(case).customer == "jas-9"
    assert now(case).tier is Tier.STRONG
    _unaltered()


def test_what_the_books_confirm_keeps_its_tier(stage: Stage) -> None:
    stage.hold(
        Holding(
            provider="jasmo",
            kind="login",
            value="kim@shop.example",
            customer="jas-9",
            service="jas-9-mail",
            since=stage.now - 90 * DAY,
            source="panel",
            recorded_at=stage.now,
        )
    )
    case = _unnamed(stage)
    mine = attribute_case(stage.installation, case.id, "jas-9", "jas-9-mail", said(stage))
    assert now(mine).tier is Tier.FACT
    for customer, service, code in (
        ("jas-8", "", "unknown-word"),
        ("", "", "whom"),
        ("jas-9", "jas-9-web", "other-service"),
    ):
        other = _unnamed(stage, actor=f"login:{code}@x")
        with pytest.raises(AupkeepError) as refused:
            attribute_case(stage.installation, other.id, customer, service, said(stage))
        assert [fault.code for fault in refused.value.faults] == [code]


def test_an_attributed_case_joins_the_one_that_the_customer_has(stage: Stage) -> None:
    case = stage.case()
    nobody = _unnamed(stage)
    whole = attribute_case(stage.installation, nobody.id, "jas-1", "", said(stage))
    assert whole.id == case.id
    assert len(now(case).findings) == 2
    assert now(nobody).merged_into == case.id
    with pytest.raises(AupkeepError, match="is about customer jas-1 already"):
        attribute_case(stage.installation, case.id, "jas-2", "", said(stage))


def test_a_mistake_lifts_refuses_closes_and_counts_nothing(stage: Stage) -> None:
    stage.arm()
    case = stage.held()
    assert _strikes(stage, case) == 2
    dispose_case(stage.installation, case.id, "mistaken", said(stage))
    assert now(case).state == "closed"
    assert stage.sanction(case).state is State.LIFTING
    assert stage.sanction(case).release
    stage.carry_out()
    assert stage.sanction(case).state is State.LIFTED
    assert now(case).state == "closed"
    assert _strikes(stage, case) == 0
    # A later insight corrects it, and the count follows.
    dispose_case(stage.installation, case.id, "negligent", said(stage))
    assert _strikes(stage, case) == 2
    dispose_case(stage.installation, case.id, "compromised", said(stage))
    assert _strikes(stage, case) == 0
    halves = [body["halves"] for act, body in entries(case.id) if act == "case_disposed"]
    assert halves == [0, 2, 0]


def test_what_waits_is_refused_with_a_mistake(stage: Stage) -> None:
    stage.arm()
    case = stage.case(protected=True)
    dispose_case(stage.installation, case.id, "not_ours", said(stage))
    assert {item.state for item in sanctions.sanctions_of(case.id)} == {State.REFUSED}


def test_nobody_is_negligent_while_nobody_is_named(stage: Stage) -> None:
    case = _unnamed(stage)
    for word, code in (("negligent", "unattributed"), ("sloppy", "unknown-word")):
        with pytest.raises(AupkeepError) as refused:
            dispose_case(stage.installation, case.id, word, said(stage))
        assert [fault.code for fault in refused.value.faults] == [code]
    assert dispose_case(stage.installation, case.id, "not_ours", said(stage)).state == "closed"


def test_a_merged_breach_is_disposed_of_with_the_whole(stage: Stage) -> None:
    stage.arm()
    one = stage.held()
    two = _second_case(stage)
    stage.carry_out()
    assert _strikes(stage, one) == 4
    merge_cases(stage.installation, one.id, [two.id], said(stage))
    assert _strikes(stage, one) == 4
    dispose_case(stage.installation, one.id, "mistaken", said(stage))
    assert _strikes(stage, one) == 0


def test_resellers_and_former_customers(stage: Stage) -> None:
    stage.arm()
    case = _with_profiles(stage, parent="jas-r")
    assert now(case).reseller == "jas-r"
    desk = Desk(stage.installation, now=stage.now)
    known = known_of(now(case), desk.policies, desk.profiles, now=stage.now)
    assert (known.strikes.halves, known.resellers.halves) == (0, 0)
    dispose_case(stage.installation, case.id, "deliberate", said(stage))
    known = known_of(now(case), desk.policies, desk.profiles, now=stage.now)
    assert (known.strikes.halves, known.resellers.halves) == (2, 2)
    assert known.told == ("jas-1",)


def test_no_measure_touches_a_service_of_a_former_customer(stage: Stage) -> None:
    stage.arm()
    case = _with_profiles(stage, status="closed")
    made = sanctions.sanctions_of(case.id)
    assert all(not item.touches_service for item in made)
    decision = evidence.decision_of(case.id)
    assert decision is not None
    assert any("contract is over" in text for text in decision.review)


def _with_profiles(stage: Stage, **profiles: str) -> Case:
    """Open a case as the engine does, with what profiles say of its customer."""
    first = stage.finding()
    stage.state(first.customer or "", profiles)
    with unit():
        acts: FindingActs = Desk(stage.installation, now=stage.now).acts()
        acts.handle([first], stage.now - MINUTE)
    (case,) = evidence.all_cases()
    return case
