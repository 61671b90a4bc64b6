"""What was begun before it was disarmed, and fails after that, is taken back."""

from __future__ import annotations

import pytest
from handwork import Place, acts, broken, put, state_of, waiting

from aupkeep.base.clock import HOUR
from aupkeep.flow import arming, pausing, retrying
from aupkeep.policy.model import Measure
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import arming as store


def _disarm(here: Place, *names: str) -> None:
    arming.disarm(here.installation, names, by="ann", now=here.now)


def _begun(here: Place) -> Sanction:
    """Return a sanction whose hand died before the power acted."""
    made = put()
    here.power.faults["apply"] = [broken("the machine stops here")]
    hand = here.hand()
    hand.enforcer.step(waiting(made))
    here.power.faults.clear()
    assert state_of(made) is State.APPLYING
    return made


@pytest.mark.parametrize("name", ["hold_mail", "spam"])
def test_a_hand_that_comes_back_does_not_apply_what_was_disarmed_meanwhile(
    here: Place, name: str
) -> None:
    made = _begun(here)
    _disarm(here, name)
    here.later(HOUR)
    here.later(HOUR)
    assert here.power.done["applied"] == 0
    assert state_of(made) is State.LIFTED
    assert f"{name} is not armed" in waiting(made).sanction.reason
    assert "announced" not in acts(made.id)
    assert here.letters() == []


def test_what_cannot_be_verified_is_not_applied_again_after_disarming(here: Place) -> None:
    made = _begun(here)
    hand = here.hand()
    hand.enforcer.step(waiting(made))
    assert state_of(made) is State.APPLIED
    _disarm(here, "hold_mail")
    here.power.standing.clear()
    here.later(HOUR)
    here.later(HOUR)
    assert here.power.done["applied"] == 1
    assert state_of(made) is State.LIFTED


def test_trying_again_by_hand_applies_nothing_that_is_disarmed(here: Place) -> None:
    made = put()
    here.work()
    assert state_of(made) is State.ANNOUNCED
    _disarm(here, "hold_mail")
    here.power.standing.clear()
    hand = here.hand()
    hand.look_at = 0
    hand.turn()
    assert state_of(made) is State.FAILED
    retrying.retry(made.id, now=here.now)
    here.work()
    assert here.power.standing == {}
    assert state_of(made) is State.LIFTED


def test_a_letter_that_left_is_over_when_it_is_disarmed(here: Place) -> None:
    made = put(measure=Measure.WARN)
    hand = here.hand()
    hand.enforcer.step(waiting(made))
    here.channel.faults = [broken("busy")]
    hand.enforcer.step(waiting(made))
    assert state_of(made) is State.FAILED
    # It leaves, and the process dies before that is entered.
    hand.enforcer.announcer.send(notice_id(made.id, OF_MEASURE), now=here.now)
    _disarm(here, "warn")
    here.work()
    assert state_of(made) is State.LIFTED
    assert len(here.letters()) == 1


def test_going_on_while_the_hand_puts_it_off_is_not_lost(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = put()
    pausing.pause("jasmo", "hold_mail", "a cap", now=here.now)
    listed = store.paused

    def read_then_go_on() -> list[store.Paused]:
        found = listed()
        monkeypatch.setattr(store, "paused", listed)
        pausing.go_on("jasmo", "hold_mail", "ann", "looked at it", now=here.now)
        return found

    monkeypatch.setattr(store, "paused", read_then_go_on)
    here.work()
    assert store.paused() == []
    assert state_of(made) is State.ANNOUNCED
