"""The talk with a customer as cases, resellers and the record see it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from handwork import NOW, Place, Ready, put, state_of

from aupkeep.attribution.profiles import Profile
from aupkeep.base.clock import HOUR
from aupkeep.cases.case import Case
from aupkeep.flow import answering, appealing, attaching, bouncing, talking
from aupkeep.flow.case_standing import strikes_of
from aupkeep.flow.casework import Said, join
from aupkeep.flow.recording import Recording
from aupkeep.flow.rules import Ruled
from aupkeep.policy.model import Measure, Policy
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import appeals, chain, dialogue, evidence, ground
from aupkeep.store.cases import acts_on
from aupkeep.store.database import unit
from bounces import report

WORDS = "It was a newsletter that everybody signed up for."


def policy(here: Place) -> Policy:
    return here.installation.policies()["jasmo"][0].policy


def told(here: Place, number: int = 1, **changes: object) -> tuple[Sanction, str]:
    one = put(number, **changes)
    here.work()
    return one, notice_id(one.id, OF_MEASURE)


def appealed(here: Place, notice: str) -> str:
    return appealing.appeal(notice, WORDS, policy(here), now=here.now).id


def case(one: Sanction) -> Case:
    found = evidence.exact_case(one.case)
    assert found is not None
    return found


def moves(identity: str) -> list[str]:
    return [
        f"{act.details['from']} {act.details['to']}"
        for act in acts_on(identity)
        if act.act == "case_moved"
    ]


def merged(one: Sanction, other: Sanction) -> None:
    """Let the case of `one` take over that of `other`."""
    said = Said(by="ann", reason="one matter", now=NOW)
    with unit():
        recording = Recording()
        join(case(one), case(other), said, recording)
        recording.keep()


def test_a_case_is_appealed_until_its_last_appeal_is_decided(here: Place) -> None:
    one, notice = told(here)
    name = appealed(here, notice)
    assert case(one).state == "appealed"
    answering.answer(notice, "And one thing more.", now=here.now)
    assert case(one).state == "appealed"
    here.now += HOUR
    appealing.decide(name, "ben", "uphold", "The logs are clear.", now=here.now)
    assert moves(one.case) == [
        "open contained",
        "contained appealed",
        "appealed open",
        "open contained",
    ]


def test_what_an_appeal_overturned_is_over_and_strikes_nobody(here: Place) -> None:
    one, notice = told(here)

    def halves() -> int:
        return strikes_of("jasmo", policy(here), now=here.now, customer="c-1").halves

    assert halves() == 2
    name = appealed(here, notice)
    assert halves() == 2
    appealing.decide(name, "ben", "overturn", "You showed the sign-ups.", now=here.now)
    here.work()
    assert state_of(one) is State.LIFTED
    assert case(one).state == "open"
    assert halves() == 0


def test_while_another_appeal_is_open_the_case_waits(here: Place) -> None:
    one, first = told(here)
    other, second = told(here, 2, measure=Measure.WARN)
    merged(one, other)
    names = [appealed(here, notice) for notice in (first, second)]
    assert {item.case for item in appeals.appeals()} == {one.case}
    appealing.decide(names[1], "ben", "uphold", "No.", now=here.now)
    assert case(one).state == "appealed"
    appealing.decide(names[0], "ben", "uphold", "No.", now=here.now)
    assert case(one).state == "contained"


def test_a_closed_case_stays_closed_when_somebody_appeals(here: Place) -> None:
    one, notice = told(here, measure=Measure.WARN)
    with unit():
        evidence.update_case(replace(case(one), state="closed"))
    name = appealed(here, notice)
    assert case(one).state == "closed"
    appealing.decide(name, "ben", "uphold", "No.", now=here.now)
    assert case(one).state == "closed"


def test_what_is_mended_answers_and_asks_for_a_look_at_the_cause(here: Place) -> None:
    one, notice = told(here, measure=Measure.WARN)
    assert case(one).state == "warned"
    answering.fixed(notice, "The password is new.", now=here.now)
    assert case(one).state == "answered"
    assert [item.id for item in evidence.cases_to_probe(here.now, most=9)] == [one.case]
    assert (here.now, one.case) in [(at, item.id) for at, item in evidence.due_cases(here.now)]


def test_all_that_was_said_follows_a_merged_case(here: Place) -> None:
    one, _ = told(here)
    other, notice = told(here, 2, measure=Measure.WARN)
    attaching.attach(here.installation, notice, "a.txt", b"before", now=here.now)
    appealed(here, notice)
    merged(one, other)
    here.now += HOUR
    attaching.attach(here.installation, notice, "b.txt", b"after", now=here.now)
    answering.fixed(notice, "It is mended.", now=here.now)
    found = dialogue.get_notice(notice)
    assert found is not None
    assert found.case == one.case
    assert [item.name for item in dialogue.attachments_of(one.case)] == ["a.txt", "b.txt"]
    assert [item.sanction for item in appeals.appeals_of(one.case)] == [other.id]
    assert dialogue.attachments_of(other.case) == []
    assert appeals.appeals_of(other.case) == []
    assert case(one).state == "appealed"


def test_no_word_of_the_talk_and_no_customer_stands_in_the_chain(here: Place) -> None:
    _, notice = told(here, measure=Measure.WARN)
    answering.read(notice, now=here.now)
    answering.answer(notice, "An answer.", now=here.now)
    answering.fixed(notice, "It is mended.", now=here.now)
    attaching.attach(here.installation, notice, "a.txt", b"a file", now=here.now)
    bouncing.take(report(name=notice), now=here.now)
    sanction = dialogue.get_notice(notice)
    assert sanction is not None
    talking.ask(sanction.sanction, "ann", "Which script was it?", now=here.now)
    appealing.decide(appealed(here, notice), "ben", "partly", "Once is enough.", now=here.now)
    lines = {json.loads(line)["act"]: json.loads(line) for line in chain.lines("jasmo")}
    opened = [(json.loads(line), one) for line, one in chain.opened(provider="jasmo")]
    envelopes = {line["act"]: one.personal for line, one in opened}
    expected = {
        "notice_seen": "",
        "customer_answered": "answer",
        "customer_fixed": "answer",
        "customer_attached": "answer",
        "notice_bounced": "text",
        "customer_asked": "text",
        "appeal_lodged": "answer",
        "appeal_decided": "text",
    }
    for act, member in expected.items():
        assert set(envelopes[act]) == {"customer", member} - {""}
        assert envelopes[act]["customer"] == "c-1"
        assert not {"customer", "content", "answer", "text"} & set(lines[act]["body"])
        assert not member or len(envelopes[act][member]) == 64


@pytest.mark.parametrize(
    ("measure", "taken_back"), [(Measure.FEE, "lifting"), (Measure.PRESERVE, "")]
)
def test_a_fee_is_credited_and_evidence_stays_kept(
    here: Place, measure: Measure, taken_back: str
) -> None:
    _, notice = told(here, 2)
    model = dialogue.get_notice(notice)
    assert model is not None
    one = put(measure=measure, state=State.ANNOUNCED, due=False, applied_at=NOW)
    name = notice_id(one.id, OF_MEASURE)
    with unit():
        dialogue.put_notice(replace(model, id=name, sanction=one.id, case=one.case))
    appealing.decide(appealed(here, name), "ben", "overturn", "You are right.", now=here.now)
    assert state_of(one).value == (taken_back or "announced")


class Both(Ready):  # type: ignore[misc]  # found by pytest alone
    """An installation whose policy tells customer and reseller."""

    def policies(self) -> dict[str, list[Ruled]]:
        """Return what is published, with both told."""
        listed = super().policies()["jasmo"]
        return {"jasmo": [replace(one, policy=replace(one.policy, tell="both")) for one in listed]}


@pytest.fixture
def resold(here: Place) -> Place:
    here.installation = Both(here.installation.folder, here.installation.settings)
    said = [
        ("c-1", "contact", "ann@c.example"),
        ("c-1", "second_contact", "home@else.example"),
        ("c-1", "parent", "r-1"),
        ("r-1", "contact", "desk@reseller.example"),
        ("r-1", "second_contact", "deputy@reseller.example"),
    ]
    with unit():
        ground.put_profiles(
            [
                Profile(
                    provider="jasmo", customer=who, since=0, recorded_at=0, name=name, value=value
                )
                for who, name, value in said
            ]
        )
    return here


def test_customer_and_reseller_read_of_a_held_mailbox(resold: Place) -> None:
    here = resold
    one, name = told(here)
    assert [(letter.recipient, letter.id) for letter in here.letters()] == [
        ("home@else.example", f"{name}-2"),
        ("ann@c.example", name),
        ("desk@reseller.example", f"{name}-1"),
    ]
    found = dialogue.get_notice(name)
    assert found is not None
    assert found.recipient == "ann@c.example, desk@reseller.example"
    assert found.second == "home@else.example"
    assert dialogue.silent_since(one.case) == NOW
    bouncing.take(report(name=name), now=here.now)
    assert dialogue.silent_since(one.case) == NOW, "the held mailbox was not relied on"
    _, marked = bouncing.take(report(name=f"{name}-1"), now=here.now)
    assert marked == [name]
    assert dialogue.silent_since(one.case) is None


def test_killed_anywhere_each_of_three_copies_leaves_once(resold: Place) -> None:
    one = put()
    resold.die_at_each_point()
    resold.later(HOUR)
    assert state_of(one) is State.ANNOUNCED
    assert len(resold.letters()) == 3
