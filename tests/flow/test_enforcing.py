"""Carrying out, whatever the power does and wherever the process dies: once, and only what is."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from handwork import (
    NOW,
    DiedError,
    Fate,
    Place,
    acts,
    broken,
    put,
    state_of,
    tell_contact,
    waiting,
)

from aupkeep.base.clock import DAY, HOUR, MINUTE, SECOND
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import approving, pausing
from aupkeep.flow.arming import disarm
from aupkeep.flow.enforcing import FIRST_WAIT, LONGEST_WAIT
from aupkeep.flow.retrying import retry
from aupkeep.outlets.mail.letter import Letter
from aupkeep.policy.model import Measure
from aupkeep.sanctions.notice import OF_END, OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import alarms, arming, dialogue
from aupkeep.store.database import unit

Placed = Callable[..., AbstractContextManager[Place]]
UP = ["approved", "applying", "applied", "verified", "announced"]


def named(letter: Letter) -> tuple[int, int]:
    """Return the entry that a letter names, and the size of the checkpoint."""
    entry = re.search(r"Entry (\d+) of our record", letter.text)
    checkpoint = re.search(r"checkpoint .*?(\d+)", letter.text)
    assert entry
    assert checkpoint
    return int(entry[1]), int(checkpoint[1])


def test_a_hold_from_approval_to_its_end(here: Place) -> None:
    held = put()
    here.work()
    now = waiting(held)
    assert now.sanction.state is State.ANNOUNCED
    assert (now.sanction.applied_at, now.sanction.until, now.next_at) == (NOW, NOW + DAY, NOW + DAY)
    assert now.sanction.before == "[]"
    assert acts(held.id) == UP
    assert here.power.standing == {held.id: "ann@c.example"}
    (letter,) = here.letters()
    assert letter.recipient == "owner@c.example"
    assert letter.subject == "Outgoing mail of ann@c.example is held"
    here.later(DAY - 1)
    assert acts(held.id) == UP
    here.later(1)
    assert acts(held.id) == [*UP, "lifting", "expired"]
    assert here.power.standing == {}
    ended = here.letters()[1]
    assert "has ended" in ended.subject
    assert "still held" in ended.text
    assert here.alarms() == []
    assert here.power.done == {"applied": 1, "undone": 1, "released": 0}


def test_a_letter_names_an_entry_that_its_checkpoint_covers(here: Place) -> None:
    held = put()
    here.work()
    approving.lift(held.id, "bob", "mistaken", release=True, now=here.now)
    here.work()
    for letter in here.letters():
        entry, size = named(letter)
        assert entry < size
    assert len(here.letters()) == 2


def test_a_warning_is_a_letter(here: Place) -> None:
    warned = put(measure=Measure.WARN)
    here.work()
    assert acts(warned.id) == UP
    assert [letter.subject for letter in here.letters()] == ["A question about mail-1"]
    here.later(400 * DAY)
    assert acts(warned.id) == UP


def test_lifting_sends_on_only_what_a_person_said(here: Place) -> None:
    for number, release in ((1, True), (2, False)):
        held = put(number, target=f"{number}@c.example")
        here.work()
        approving.lift(held.id, "bob", "mistaken", release=release, now=here.now)
        here.work()
        assert state_of(held) is State.LIFTED
        said = "has been sent on" if release else "still held"
        assert said in here.letters()[-1].text
    assert here.power.done["released"] == 1


def test_the_clause_begins_anew_for_the_customer_after_the_end(here: Place) -> None:
    held = put()
    here.work()
    before = len(arming.afresh_after(0))
    approving.lift(held.id, "bob", "mistaken", release=False, now=here.now)
    here.work()
    (new,) = arming.afresh_after(0)[before:]
    assert new[1:4] == ("jasmo", "spam", "c-1")


def test_what_waits_for_people_is_left_alone(here: Place) -> None:
    one = put(state=State.PROPOSED, people=2, due=True)
    approving.approve(one.id, "ann", now=here.now)
    here.work()
    assert state_of(one) is State.PROPOSED
    assert here.said == []
    assert here.power.called["apply"] == 0
    approving.approve(one.id, "bob", now=here.now)
    here.work()
    assert state_of(one) is State.ANNOUNCED
    assert acts(one.id) == ["proposed", "agreed", *UP]


def test_the_hand_believes_nobody(here: Place) -> None:
    forged = [
        put(1, people=2, approved_by=("ann",), target="1@c.example"),
        put(2, people=1, approved_by=("ann",), proposed_by="ann", target="2@c.example"),
        put(3, clause="port-scan", target="3@c.example"),
    ]
    here.work()
    assert [state_of(one) for one in forged] == [State.APPROVED] * 3
    assert [waiting(one).next_at for one in forged] == [None] * 3
    assert here.power.called["apply"] == 0
    said = " ".join(waiting(one).trouble for one in forged)
    assert said == ("too few people have agreed too few people have agreed port-scan is not armed")


def test_a_target_the_power_cannot_carry_waits_for_a_person(here: Place) -> None:
    one = put()
    here.power.refuses = "not such a thing"
    here.work()
    assert waiting(one).trouble == "not such a thing: mailbox ann@c.example"
    assert (waiting(one).next_at, state_of(one)) == (None, State.APPROVED)
    assert len(alarms.alarms()) == 1


def test_a_day_alone_is_waited_for(here: Place) -> None:
    one = put(people=2, approved_by=("ann",), ready_at=NOW + DAY)
    alone = here.installation.settings.model_copy(update={"single_operator": True})
    here.installation = replace(here.installation, settings=alone)
    here.later(DAY - 1)
    assert state_of(one) is State.APPROVED
    here.later(1)
    assert state_of(one) is State.ANNOUNCED
    assert waiting(one).sanction.until == NOW + 2 * DAY


def test_a_paused_power_waits_lifts_and_goes_on(here: Place) -> None:
    held = put(1, target="1@c.example")
    here.work()
    pausing.pause("jasmo", "hold_mail", "so", now=here.now, by="ann")
    one = put(2, target="2@c.example")
    approving.lift(held.id, "bob", "mistaken", release=False, now=here.now)
    here.later(HOUR)
    assert state_of(one) is State.APPROVED
    assert waiting(one).trouble == "`hold_mail` is paused"
    assert state_of(held) is State.LIFTED
    pausing.go_on("jasmo", "hold_mail", "ann", "all is well", now=here.now)
    here.work()
    assert state_of(one) is State.ANNOUNCED
    assert acts("hold_mail") == ["paused", "resumed"]


def test_a_paused_power_does_not_try_again_what_failed(here: Place) -> None:
    one = put()
    here.power.faults["apply"] = [broken("not now")]
    here.work()
    assert state_of(one) is State.FAILED
    pausing.pause("jasmo", "hold_mail", "so", now=here.now, by="ann")
    here.later(HOUR)
    assert (state_of(one), here.power.standing) == (State.FAILED, {})
    pausing.go_on("jasmo", "hold_mail", "ann", "all is well", now=here.now)
    here.later(LONGEST_WAIT)
    assert state_of(one) is State.ANNOUNCED


def test_what_failed_is_taken_back_when_it_is_disarmed(here: Place) -> None:
    one = put()
    here.power.faults["apply"] = [broken("not now")]
    here.work()
    disarm(here.installation, ["hold_mail"], by="ann", now=here.now)
    here.later(HOUR)
    assert (state_of(one), here.power.standing) == (State.LIFTED, {})
    assert here.letters() == []


def test_a_cap_pauses_and_alarms_and_nothing_is_lost(here: Place) -> None:
    with unit():
        arming.arm(arming.Armed(provider="jasmo", kind="clause", name="spam", since=0))
    first = put(1, customer="c-1", target="1@c.example")
    here.work()
    second = put(2, customer="c-2", target="2@c.example")
    here.work()
    assert state_of(second) is State.APPROVED
    assert waiting(second).trouble.startswith("`hold_mail` is paused: 1 of 0 customers are under")
    assert [one.power for one in arming.paused()] == ["hold_mail"]
    assert [one.kind for one in alarms.alarms()] == ["paused"]
    approving.lift(first.id, "bob", "mistaken", release=False, now=here.now)
    here.work()
    pausing.go_on("jasmo", "hold_mail", "ann", "it was right", now=here.now)
    here.work()
    assert here.power.standing == {second.id: "2@c.example"}


@pytest.mark.parametrize("call", ["plan", "apply", "look"])
def test_a_fault_of_the_power_on_the_way_up(here: Place, call: str) -> None:
    one = put()
    here.power.faults[call] = [broken("the disk is full")]
    here.work()
    assert here.letters() == []
    assert "the disk is full" in waiting(one).trouble
    assert State.ANNOUNCED is not state_of(one)
    (alarm,) = alarms.alarms()
    assert "the disk is full" in alarm.text
    here.later(FIRST_WAIT)
    assert state_of(one) is State.ANNOUNCED
    assert here.power.done["applied"] == 1
    assert len(here.letters()) == 1
    assert waiting(one).attempts == 0


@pytest.mark.parametrize("call", ["undo", "look"])
def test_a_fault_of_the_power_on_the_way_down(here: Place, call: str) -> None:
    one = put()
    here.work()
    here.power.faults[call] = [broken("busy"), broken("busy")]
    approving.lift(one.id, "bob", "mistaken", release=True, now=here.now)
    here.work()
    assert state_of(one) is not State.LIFTED
    assert len(here.letters()) == 1
    for _ in range(5):
        here.later(LONGEST_WAIT)
    assert state_of(one) is State.LIFTED
    assert here.power.done == {"applied": 1, "undone": 1, "released": 1}
    assert len(here.letters()) == 2
    assert acts(one.id).count("applying") == 1


def test_what_says_it_was_done_and_was_not_is_never_announced(here: Place) -> None:
    one = put()
    here.power.lies = True
    here.work()
    for _ in range(30):
        here.later(LONGEST_WAIT)
    assert here.letters() == []
    assert "verified" not in acts(one.id)
    assert "is not in force: there is no mark" in waiting(one).trouble


def test_what_never_succeeds_is_tried_ever_less_often(here: Place) -> None:
    """Also where every second step succeeds, so that the record does not grow without end."""
    one = put(length=0)
    here.power.lies = True
    tries = []
    for _ in range(4 * 3600):
        before = here.power.called["look"]
        hand = here.hand()
        hand.turn()
        if here.power.called["look"] > before:
            tries.append(here.now)
        found = waiting(one)
        assert found.next_at is not None
        here.now = max(here.now + SECOND, found.next_at)
        if here.now > NOW + 4 * HOUR:
            break
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[0] == FIRST_WAIT
    assert gaps[-1] == LONGEST_WAIT
    assert len(acts(one.id)) < 140


def test_waits_grow_and_one_alarm_is_raised_for_one_trouble(here: Place) -> None:
    one = put()
    here.power.faults["plan"] = [broken("busy") for _ in range(14)]
    waits = []
    for _ in range(14):
        here.work(turns=1)
        found = waiting(one).next_at
        assert found is not None
        waits.append(found - here.now)
        here.now = found
        for item in alarms.alarms():
            with unit():
                alarms.acknowledge(item.id, "ann", now=here.now)
    assert waits == [min(FIRST_WAIT * 2**number, LONGEST_WAIT) for number in range(14)]
    assert len(alarms.alarms(every=True)) == 1
    here.work()
    assert state_of(one) is State.ANNOUNCED


def test_what_waits_for_a_person_still_ends_in_time(here: Place) -> None:
    one = put()
    here.work()
    item = waiting(one)
    here.hand().enforcer.fail(item, "its mark is gone", retry=False)
    assert waiting(one).next_at == NOW + DAY
    here.later(HOUR)
    assert state_of(one) is State.FAILED
    here.later(DAY)
    assert state_of(one) is State.EXPIRED
    assert here.power.done["applied"] == 1


@pytest.mark.parametrize("call", ["look", "apply"])
def test_what_cannot_be_verified_still_ends_in_time(here: Place, call: str) -> None:
    one = put()
    here.power.faults[call] = [broken("a person must mend this", retry=False)]
    here.work()
    assert waiting(one).next_at == NOW + DAY
    here.later(DAY)
    assert state_of(one) is State.EXPIRED
    assert here.power.standing == {}
    assert here.letters() == []


def test_a_mark_taken_away_before_the_letter_is_not_announced(here: Place) -> None:
    one = put()
    here.channel.faults = [broken("no mail today")]
    here.work()
    assert state_of(one) is State.VERIFIED
    here.power.standing.clear()
    here.later(LONGEST_WAIT)
    assert state_of(one) is State.FAILED
    assert here.letters() == []
    assert here.power.standing == {}
    retry(one.id, now=here.now)
    here.work()
    assert state_of(one) is State.ANNOUNCED


def test_a_customer_without_an_address_is_written_to_when_one_is_known(
    placed: Placed, tmp_path: Path
) -> None:
    with placed(tmp_path / "there", contact="") as here:
        one = put()
        here.work()
        assert state_of(one) is State.VERIFIED
        assert "names no `contact`" in waiting(one).trouble
        with unit():
            tell_contact("found@c.example")
        here.later(LONGEST_WAIT)
        assert state_of(one) is State.ANNOUNCED
        assert [letter.recipient for letter in here.letters()] == ["found@c.example"]


def test_letters_are_capped_by_the_hour(here: Place) -> None:
    warned = [put(number, measure=Measure.WARN) for number in range(7)]
    here.work(turns=2)
    assert len(here.letters()) == 5
    here.later(HOUR + LONGEST_WAIT)
    here.later(LONGEST_WAIT)
    assert [state_of(one) for one in warned] == [State.ANNOUNCED] * 7
    assert len(here.letters()) == 7


def test_a_doubtful_letter_is_not_called_sent_and_the_end_is_told(here: Place) -> None:
    one = put()
    here.channel.doubtful = True
    here.work()
    here.later(LONGEST_WAIT)
    assert state_of(one) is State.VERIFIED
    assert waiting(one).trouble == "nobody knows"
    approving.lift(one.id, "bob", "mistaken", release=False, now=here.now)
    here.channel.doubtful = False
    here.channel.left[notice_id(one.id, OF_MEASURE)] = Letter(
        id="x", provider="", sender="", recipient="", subject="", text="", at=0
    )
    here.work()
    assert state_of(one) is State.LIFTED
    assert notice_id(one.id, OF_END) in here.channel.left


def test_nobody_is_told_the_end_of_what_they_were_never_told(here: Place) -> None:
    one = put()
    here.channel.faults = [broken("no mail today")]
    here.work()
    approving.lift(one.id, "bob", "mistaken", release=False, now=here.now)
    here.work()
    assert state_of(one) is State.LIFTED
    assert here.letters() == []
    assert waiting(one).next_at is None


def test_a_person_is_faster_than_the_hand(here: Place) -> None:
    """What a person did between the look and the act stands; the hand sees it next."""
    one = put()
    here.power.then["apply"] = lambda: None
    here.work()
    here.power.then["look"] = lambda: approving.lift(
        one.id, "bob", "mistaken", release=False, now=here.now
    )
    item = waiting(one)
    here.hand().enforcer.verify(
        replace(item, sanction=replace(item.sanction, state=State.APPLIED)), here.power
    )
    here.work()
    assert state_of(one) is State.LIFTED
    assert acts(one.id).count("lifting") == 1


def test_refused_while_it_is_planned(here: Place) -> None:
    one = put()

    here.power.then["plan"] = lambda: approving.refuse(one.id, "bob", "mistaken", now=here.now)
    here.work()
    assert state_of(one) is State.REFUSED
    assert here.power.called["apply"] == 0
    assert acts(one.id) == ["approved", "refused"]


def test_lifted_while_marks_are_compared(here: Place) -> None:
    one = put()
    here.work()
    stale = waiting(one)
    approving.lift(one.id, "bob", "mistaken", release=False, now=here.now)
    here.hand().enforcer.fail(stale, "its mark is gone", retry=False)
    assert state_of(one) is State.LIFTING
    assert waiting(one).next_at == here.now
    here.work()
    assert state_of(one) is State.LIFTED


def test_no_way_back_up_for_what_is_being_lifted(here: Place) -> None:
    one = put()
    here.work()
    approving.lift(one.id, "bob", "mistaken", release=False, now=here.now)
    here.power.faults["undo"] = [broken("busy") for _ in range(6)]
    for _ in range(12):
        here.later(LONGEST_WAIT)
    assert state_of(one) is State.LIFTED
    after = acts(one.id)[5:]
    assert set(after) == {"lifting", "failed", "lifted"}
    assert here.power.done["applied"] == 1


def test_a_fault_of_the_program_stops_one_sanction_only(here: Place) -> None:
    bad = put(1, policy_version="none such", target="1@c.example")
    good = put(2, target="2@c.example")
    here.work()
    assert state_of(good) is State.ANNOUNCED
    assert "the program has a fault" in waiting(bad).trouble
    assert any("KeyError" in line for line in here.said)


def story(here: Place, sanction: Sanction) -> None:
    """Work until the measure stands; lift what can be lifted, and work until it is gone."""
    here.work(turns=2)
    if sanction.touches_service:
        approving.lift(sanction.id, "bob", "mistaken", release=True, now=here.now)
        here.work(turns=2)


def survive(here: Place, sanction: Sanction, until: State) -> None:
    """Let hand after hand work, with time passing, until it is done."""
    for _ in range(6):
        if state_of(sanction) is until:
            break
        here.later(LONGEST_WAIT)
    here.later(LONGEST_WAIT)
    assert state_of(sanction) is until


@pytest.mark.parametrize("measure", [Measure.HOLD_MAIL, Measure.WARN])
def test_the_process_dies_anywhere_and_the_next_one_goes_on(here: Place, measure: Measure) -> None:
    """One entry a step, one mark, one letter of each kind, wherever it dies."""
    warn = measure is Measure.WARN
    at = 0
    while True:
        here.now = NOW + at * DAY * 30
        sanction = put(at + 1, measure=measure, target=f"{at}@c.example")
        here.channel.left.clear()
        here.power.done.clear()
        here.fate.at, here.fate.passed = at, 0
        died = False
        try:
            story(here, sanction)
        except DiedError:
            died = True
        here.fate.at = -1
        if warn:
            survive(here, sanction, State.ANNOUNCED)
        else:
            _finish(here, sanction)
        assert acts(sanction.id) == (UP if warn else [*UP, "lifting", "lifted"]), at
        letters = here.letters()
        assert len(letters) == (1 if warn else 2), at
        for letter in letters:
            entry, size = named(letter)
            assert entry < size
        if not warn:
            assert here.power.done == {"applied": 1, "undone": 1, "released": 1}, at
        assert here.power.standing == {}
        if not died:
            break
        at += 1
    assert at > (20 if warn else 40)


def _finish(here: Place, sanction: Sanction) -> None:
    if state_of(sanction) not in (State.LIFTING, State.LIFTED):
        survive(here, sanction, State.ANNOUNCED)
        approving.lift(sanction.id, "bob", "so", release=True, now=here.now)
    survive(here, sanction, State.LIFTED)


def test_a_transaction_that_breaks_off_leaves_nothing(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice, the entry, the checkpoint and the state are there together or not at all."""
    one = put()
    put_notice = dialogue.put_notice

    def dies(notice: object) -> None:
        put_notice(notice)  # type: ignore[arg-type]  # what it is given
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(dialogue, "put_notice", dies)
        with pytest.raises(DiedError):
            here.work()
    assert state_of(one) is State.APPLIED
    assert acts(one.id) == UP[:3]
    assert dialogue.sent(notice_id(one.id, OF_MEASURE)) is None
    here.work()
    assert acts(one.id) == UP
    assert here.power.done["applied"] == 1


def test_acts_of_people_that_come_too_late_change_nothing(here: Place) -> None:
    one = put()
    here.work()
    with pytest.raises(AupkeepError):
        approving.refuse(one.id, "bob", "no", now=here.now)
    with pytest.raises(AupkeepError):
        approving.approve(one.id, "bob", now=here.now)
    assert acts(one.id) == UP
    assert waiting(one).next_at == NOW + DAY


def test_fate_counts() -> None:
    fate = Fate(at=1)
    fate.point()
    with pytest.raises(DiedError):
        fate.point()
    assert MINUTE < LONGEST_WAIT
