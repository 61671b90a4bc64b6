"""Appeals from the page of a notice to the letter with the decision, and what is taken back."""

from __future__ import annotations

import json

import pytest
from handwork import NOW, Place, broken, put, state_of, waiting

from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import answering, appealing, talking
from aupkeep.policy.model import Measure, Policy
from aupkeep.sanctions.appeal import MOST
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import appeals, chain, dialogue

WORDS = "It was a newsletter that <b>everybody</b> signed up for."


def policy(here: Place) -> Policy:
    return here.installation.policies()["jasmo"][0].policy


def held(here: Place, **changes: object) -> Sanction:
    one = put(**changes)
    here.work()
    return one


def lodged(here: Place, one: Sanction, text: str = WORDS) -> str:
    name = notice_id(one.id, OF_MEASURE)
    return appealing.appeal(name, text, policy(here), now=here.now).id


def entries(act: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in chain.lines("jasmo")]
    return [line["body"] for line in lines if line["act"] == act]


def test_overturned_lifts_releases_and_says_what_no_longer_counts(here: Place) -> None:
    one = held(here, people=1, approved_by=("ann",))
    name = lodged(here, one)
    assert lodged(here, one) == name
    assert dialogue.sent(notice_id(one.id, OF_MEASURE)).seen_at == here.now  # type: ignore[union-attr]  # it was sent
    here.work()
    letters = here.letters()
    assert [one.subject for one in letters[1:]] == ["We have your appeal"]
    appealing.decide(name, "ben", "overturn", "You showed the sign-ups.", now=here.now)
    here.work()
    assert state_of(one) is State.LIFTED
    assert (here.power.standing, here.power.done["released"]) == ({}, 1)
    (body,) = entries("appeal_decided")
    assert body["outcome"] == "overturned"
    assert (body["strike_stands"], body["fee_stands"]) == (False, False)
    assert (body["taken_back"], body["same_person"], body["by"]) == ("lifting", False, "ben")
    assert appeals.cleared(one.case) == [one.id]
    said = {letter.subject: letter for letter in here.letters()}
    assert "You showed the sign-ups." in said["The answer to your appeal"].text
    first = here.letters()[0]
    assert {letter.thread for letter in here.letters()[1:]} == {first.id}
    assert len(here.letters()) == 4


def test_upheld_changes_nothing_but_the_appeal(here: Place) -> None:
    one = held(here)
    appealing.decide(lodged(here, one), "ben", "uphold", "The logs are clear.", now=here.now)
    here.work()
    assert state_of(one) is State.ANNOUNCED
    (body,) = entries("appeal_decided")
    assert (body["strike_stands"], body["fee_stands"], body["taken_back"]) == (True, True, "")
    assert appeals.cleared(one.case) == []
    assert "Our decision stands. The logs are clear." in here.letters()[-1].text


def test_partly_takes_the_measure_back_and_the_strike_stays(here: Place) -> None:
    one = held(here)
    appealing.decide(lodged(here, one), "ben", "partly", "Once is enough.", now=here.now)
    here.work()
    assert state_of(one) is State.LIFTED
    (body,) = entries("appeal_decided")
    assert (body["strike_stands"], body["fee_stands"]) == (True, False)


def test_a_warning_leaves_nothing_to_take_back(here: Place) -> None:
    one = held(here, measure=Measure.WARN)
    appealing.decide(lodged(here, one), "ben", "overturn", "It was not you.", now=here.now)
    here.work()
    assert state_of(one) is State.ANNOUNCED
    assert entries("appeal_decided")[0]["taken_back"] == ""


@pytest.mark.parametrize("part", [{"approved_by": ("ann",), "people": 1}, {"proposed_by": "ann"}])
def test_who_had_part_does_not_decide_but_alone(here: Place, part: dict[str, object]) -> None:
    one = held(here, **part)
    name = lodged(here, one)
    before = chain.head("jasmo")
    with pytest.raises(AupkeepError) as error:
        appealing.decide(name, "ann", "uphold", "No.", now=here.now)
    assert [fault.code for fault in error.value.faults] == ["own-decision"]
    assert chain.head("jasmo") == before
    made = appealing.decide(name, "ann", "uphold", "No.", now=here.now, alone=True)
    assert made.same_person
    here.work()
    assert "the person who took the first decision" in here.letters()[-1].text


def test_one_is_open_at_a_time_and_enough_is_enough(here: Place) -> None:
    one = held(here)
    for number in range(MOST):
        name = lodged(here, one, f"{WORDS} {number}")
        with pytest.raises(AupkeepError) as error:
            lodged(here, one, "another")
        assert error.value.faults[0].code == "appeal-open"
        appealing.decide(name, "ben", "uphold", "No.", now=here.now)
        with pytest.raises(AupkeepError) as error:
            appealing.decide(name, "cat", "overturn", "Yes.", now=here.now)
        assert error.value.faults[0].code == "decided-already"
    with pytest.raises(AupkeepError) as error:
        lodged(here, one, "once more")
    assert error.value.faults[0].code == "many-appeals"


def test_the_time_counts_from_the_notice(here: Place) -> None:
    one = held(here)
    here.now += policy(here).appeal_within
    lodged(here, one)
    two = held(here, number=2)
    here.now += policy(here).appeal_within + 1
    with pytest.raises(AupkeepError) as error:
        lodged(here, two)
    assert error.value.faults[0].code == "appeal-late"


@pytest.mark.parametrize(
    ("outcome", "reason", "code"),
    [
        ("maybe", "x", "unknown-word"),
        ("uphold", " \n", "no-reason"),
        ("uphold", "x" * 1001, "long-reason"),
    ],
)
def test_what_is_no_decision(here: Place, outcome: str, reason: str, code: str) -> None:
    name = lodged(here, held(here))
    with pytest.raises(AupkeepError) as error:
        appealing.decide(name, "ben", outcome, reason, now=here.now)
    assert error.value.faults[0].code == code
    assert appeals.appeals(undecided=True)[0].id == name


@pytest.mark.parametrize(("text", "code"), [("  ", "empty-appeal"), ("x" * 10_001, "long-appeal")])
def test_what_is_no_appeal(here: Place, text: str, code: str) -> None:
    one = held(here)
    with pytest.raises(AupkeepError) as error:
        lodged(here, one, text)
    assert error.value.faults[0].code == code
    with pytest.raises(AupkeepError) as error:
        appealing.appeal("0" * 32, WORDS, policy(here), now=NOW)
    assert error.value.faults[0].code == "no-such-notice"


def test_a_letter_of_the_talk_that_cannot_leave_waits_with_an_alarm(here: Place) -> None:
    one = held(here)
    lodged(here, one)
    here.channel.faults = [broken("the server is away")]
    here.work(turns=1)
    assert len(here.letters()) == 1
    assert [letter for letter in here.alarms() if "letter" in letter.subject]
    here.later(HOUR)
    assert here.letters()[-1].subject == "We have your appeal"


def test_killed_anywhere_each_letter_of_the_talk_leaves_once(here: Place) -> None:
    one = held(here, people=1, approved_by=("ann",))
    name = lodged(here, one)
    appealing.decide(name, "ben", "overturn", "Yes.", now=here.now)
    here.die_at_each_point()
    here.later(DAY // 4)
    subjects = [letter.subject for letter in here.letters()]
    assert len(subjects) == len(set(subjects)) == 4
    assert (state_of(one), here.power.done["released"]) == (State.LIFTED, 1)
    assert waiting(one).next_at is None


def test_a_question_and_a_reminder_are_letters_of_the_same_thread(here: Place) -> None:
    one = held(here, measure=Measure.WARN)
    talking.ask(one.id, "ann", "Who has the password?", now=here.now)
    talking.remind(one.id, "ann", now=here.now)
    talking.remind(one.id, "ann", now=here.now)
    here.work()
    first, *others = here.letters()
    assert [letter.thread for letter in others] == [first.id, first.id]
    assert any("Who has the password?" in letter.text for letter in others)
    answering.answer(notice_id(one.id, OF_MEASURE), "Only me.", now=here.now + 1)
    with pytest.raises(AupkeepError) as error:
        talking.remind(one.id, "ann", now=here.now)
    assert error.value.faults[0].code == "nothing-open"
    with pytest.raises(AupkeepError):
        talking.ask(one.id, "ann", " ", now=here.now)
