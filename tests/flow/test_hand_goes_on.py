"""What must never stop the hand: strangers' bytes, old names, clocks, and too much at a time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from handwork import NOW, FakeChannel, Place, broken, put, state_of, tell_contact

from aupkeep.base.clock import DAY, MINUTE, SECOND
from aupkeep.flow import approving
from aupkeep.flow.alarms import raise_alarm
from aupkeep.flow.checkpointing import Signer
from aupkeep.flow.hand import STEPS
from aupkeep.flow.retrying import retry
from aupkeep.outlets.mail.channel import Outcome
from aupkeep.outlets.mail.letter import Letter
from aupkeep.outlets.second_place.file import Folder
from aupkeep.policy.model import Measure
from aupkeep.record.checkpoint import reference
from aupkeep.sanctions.power import Mark
from aupkeep.sanctions.sanction import State
from aupkeep.store import alarms, chain
from aupkeep.store.database import unit
from aupkeep.store.dialogue import notices_of


def test_a_mark_that_is_no_text_is_named_and_stops_nothing(here: Place) -> None:
    here.power.foreign = [Mark(sanction="", target="m\udcfcller@c.example", text="line 3")]
    hand = here.hand()
    hand.look_at = hand.sign_at = 0
    hand.turn()
    [alarm] = alarms.alarms()
    assert "m[U+DCFC]ller@c.example" in alarm.text
    put(due=False)
    here.now += 2 * MINUTE
    hand.turn()
    assert chain.latest_checkpoint("jasmo") is not None


def test_an_alarm_of_a_provider_that_is_gone_from_the_settings_is_sent(here: Place) -> None:
    raise_alarm("formerly", "record", "checkpoint", "something is wrong", now=NOW)
    here.work()
    [letter] = here.alarms()
    assert "something is wrong" in letter.text


def test_a_turn_does_so_many_steps_and_no_more(here: Place) -> None:
    made = [put(number) for number in range(1, STEPS + 3)]
    here.hand().turn()
    assert any(state_of(one) is State.APPROVED for one in made)


def test_a_clock_that_is_set_back_does_not_stop_looking_and_signing(here: Place) -> None:
    hand = here.hand()
    hand.turn()
    assert here.power.called["marks"] == 0
    put(due=False)
    here.now -= 30 * DAY
    hand.turn()
    # One look lists the marks before and after the sanctions.
    assert here.power.called["marks"] == 2
    assert chain.latest_checkpoint("jasmo") is not None


def test_a_contact_that_is_mended_is_written_to(here: Place) -> None:
    with unit():
        tell_contact("owner@@c.example")
    made = put()
    here.channel.faults = [broken("`owner@@c.example` is no address", retry=False)]
    here.work()
    assert state_of(made) is State.VERIFIED
    with unit():
        tell_contact("owner@c.example")
    retry(made.id, now=here.now)
    here.work()
    assert [one.recipient for one in here.letters()] == ["owner@c.example"]


def test_a_letter_that_cannot_be_sent_is_given_up(here: Place) -> None:
    made = put(measure=Measure.WARN)
    here.channel.faults = [broken("no such address", retry=False)]
    here.work()
    assert state_of(made) is State.FAILED
    approving.lift(
        made.id, "ann", "the customer was told by telephone", release=False, now=here.now
    )
    here.work()
    assert state_of(made) is State.LIFTED
    assert here.letters() == []


def test_every_checkpoint_that_a_notice_names_is_in_the_second_place(here: Place) -> None:
    for number in (1, 2, 3):
        put(number)
    here.work()
    named = {sent.notice.checkpoint for n in (1, 2, 3) for sent in notices_of(f"case-{n}")}
    assert len(named) == 3
    settings = here.installation.settings
    placed = Folder(here.installation.folder / settings.checkpoint.folder).all("jasmo")
    assert named <= {reference(one) for one in placed}


def test_a_long_chain_is_read_before_the_transaction(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put()
    here.work()
    inside = []
    whole = Signer._from_start  # noqa: SLF001  # where the whole chain is read

    def seen(signer: Signer, *given: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return whole(signer, *given)

    monkeypatch.setattr(Signer, "_from_start", seen)
    put(2)
    hand = here.work()
    hand.signer.forget()
    put(3, due=False)
    hand.sign_at = 0
    hand.turn()
    assert inside == [False, False]


def test_what_hangs_keeps_the_hand_no_longer_than_a_minute(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        raise_alarm("jasmo", "record", f"{number}", "something is wrong", now=NOW)
    made = put()
    hand = here.hand()
    send = here.channel.send

    def slow(letter: Letter) -> Outcome:
        here.now += 40 * SECOND
        return send(letter)

    monkeypatch.setattr(FakeChannel, "send", lambda _, letter: slow(letter))
    hand.turn()
    assert len(here.alarms()) == 2
    for _ in range(4):
        hand.turn()
    assert len(here.alarms()) >= 5
    assert state_of(made) is State.ANNOUNCED
