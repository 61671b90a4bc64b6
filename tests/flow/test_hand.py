"""The hand's rounds: marks compared, alarms repeated, the record signed, books taken up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from handwork import (
    NOW,
    DiedError,
    FakePower,
    Place,
    acts,
    broken,
    put,
    state_of,
    tell_contact,
    waiting,
)

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import alarms as acting
from aupkeep.flow import approving
from aupkeep.flow.checkpointing import Signer
from aupkeep.flow.hand import EVERY, Hand
from aupkeep.flow.reconciling import MUST_SHOW, reconcile
from aupkeep.outlets.second_place.file import Folder
from aupkeep.record.checkpoint import read
from aupkeep.sanctions.power import Mark
from aupkeep.sanctions.sanction import State
from aupkeep.store import alarms, chain
from aupkeep.store.database import unit

FOREIGN = Mark(sanction="", target="eve@c.example", text="line 3, written by a person")


def rounds(here: Place, count: int = 1, *, hand: Hand | None = None) -> Hand:
    """Let a hand go its rounds `count` times, a minute apart."""
    made = hand or here.hand()
    for _ in range(count):
        made.look_at = made.sign_at = here.now
        made.turn()
        here.now += EVERY
    return made


def raised(kind: str) -> list[str]:
    return [one.text for one in alarms.alarms(every=True) if one.kind == kind]


def acknowledge(here: Place) -> None:
    for one in alarms.alarms():
        acting.acknowledge(one.id, "ann", now=here.now)


def test_what_agrees_is_left_alone(here: Place) -> None:
    held = put()
    here.work()
    rounds(here, 3)
    assert state_of(held) is State.ANNOUNCED
    assert alarms.alarms(every=True) == []
    found = reconcile({("jasmo", "hold_mail"): here.power})
    assert (found.orphans, found.missing) == ((), ())


def test_a_mark_that_somebody_took_away_makes_it_fail_and_is_not_put_back(here: Place) -> None:
    held = put()
    here.work()
    here.power.standing.clear()
    rounds(here, 5)
    assert state_of(held) is State.FAILED
    assert here.power.standing == {}
    assert here.power.done["applied"] == 1
    (text,) = raised("sanction-fails")
    assert "somebody took it away outside Aupkeep" in text
    here.now = NOW + DAY
    here.work()
    assert state_of(held) is State.EXPIRED


@pytest.mark.parametrize("state", [state for state in State if state not in MUST_SHOW])
def test_a_mark_need_not_show_in_every_state(here: Place, state: State) -> None:
    put(state=state, due=False, applied_at=NOW)
    assert reconcile({("jasmo", "hold_mail"): here.power}).missing == ()


@pytest.mark.usefixtures("here")
def test_a_letter_leaves_no_mark_that_could_be_missing() -> None:
    put(state=State.ANNOUNCED, due=False, applied_at=NOW)
    power = FakePower(measure="hold_mail", reversible=False)
    assert reconcile({("jasmo", "hold_mail"): power}).missing == ()


def test_orphans_and_why(here: Place) -> None:
    gone = put(1, state=State.LIFTED, due=False, applied_at=NOW, target="1@c.example")
    never = put(2, state=State.APPROVED, due=False, target="2@c.example")
    fine = put(3, state=State.FAILED, due=False, applied_at=NOW, target="3@c.example")
    here.power.standing = {
        gone.id: "1@c.example",
        never.id: "2@c.example",
        fine.id: "3@c.example",
        "f" * 32: "4@c.example",
    }
    here.power.foreign = [FOREIGN]
    found = reconcile({("jasmo", "hold_mail"): here.power})
    assert [(one.mark.target, one.why) for one in found.orphans] == [
        ("1@c.example", "its sanction is lifted"),
        ("2@c.example", "its sanction is approved"),
        ("4@c.example", "no sanction of that id is known"),
        ("eve@c.example", "it was not written by Aupkeep"),
    ]
    rounds(here)
    assert len(raised("orphan")) == 4
    # Nobody's mark is taken away.
    assert len(here.power.standing) == 4


def test_an_orphan_that_somebody_left_there_is_not_said_again(here: Place) -> None:
    here.power.foreign = [FOREIGN]
    hand = rounds(here)
    acknowledge(here)
    rounds(here, 5, hand=hand)
    assert len(raised("orphan")) == 1
    here.power.foreign = []
    rounds(here, hand=hand)
    here.power.foreign = [FOREIGN]
    rounds(here, hand=hand)
    assert len(raised("orphan")) == 2


def test_a_strangers_words_in_an_alarm_stay_one_line(here: Place) -> None:
    nasty = "x\r\nBcc: all@example.org\x1b[2J\u202e"
    here.power.foreign = [Mark(sanction="", target=nasty, text=nasty)]
    hand = rounds(here)
    hand.turn()
    (text,) = raised("orphan")
    assert text.isprintable()
    assert all("\n" not in line and "\x1b" not in line for line in here.said)


def test_a_power_that_cannot_list_its_marks_does_not_hide_the_others(here: Place) -> None:
    hand = here.hand()
    other = FakePower(measure="block_traffic", foreign=[FOREIGN])
    hand.enforcer = type(hand.enforcer)(
        announcer=hand.enforcer.announcer,
        powers={("jasmo", "hold_mail"): here.power, ("jasmo", "block_traffic"): other},
        clock=here.clock,
    )
    here.power.faults["marks"] = [broken("the map cannot be read") for _ in range(3)]
    rounds(here, 3, hand=hand)
    assert len(raised("orphan")) == 1
    assert here.said.count("the map cannot be read") == 1


def test_an_alarm_is_repeated_until_somebody_acknowledges_it(here: Place) -> None:
    acting.raise_alarm("jasmo", "orphan", "x", "something is odd", now=here.now)
    hand = here.hand()
    for _ in range(61):
        hand.turn()
        here.now += MINUTE
    sent = here.alarms()
    assert len(sent) == 5
    assert "something is odd" in sent[0].text
    assert "(said 4 times before)" in sent[4].text
    assert {one.recipient for one in sent} == {"duty@jasmo.example"}
    acknowledge(here)
    here.later(HOUR)
    assert len(here.alarms()) == 5
    (known,) = alarms.alarms(every=True)
    assert (known.acknowledged_by, known.sent) == ("ann", 5)
    assert acts(known.id) == ["alarm_raised", "alarm_acknowledged"]


def test_an_alarm_that_cannot_leave_is_tried_each_minute_and_counts_once(here: Place) -> None:
    acting.raise_alarm("jasmo", "orphan", "x", "something is odd", now=here.now)
    here.channel.faults = [broken("no mail") for _ in range(3)]
    hand = here.hand()
    for _ in range(5):
        hand.turn()
        here.now += MINUTE
    assert len(here.alarms()) == 1
    (known,) = alarms.alarms()
    assert (known.sent, known.trouble) == (1, "")


def test_an_alarm_goes_in_observe_too_and_the_same_is_raised_once(here: Place) -> None:
    for _ in range(3):
        acting.raise_alarm("jasmo", "orphan", "x", "something is odd", now=here.now)
    acting.raise_alarm("jasmo", "orphan", "y", "something is odd", now=here.now)
    assert len(alarms.alarms()) == 2
    acknowledge(here)
    acting.raise_alarm("jasmo", "orphan", "x", "again", now=here.now + 1)
    assert [one.text for one in alarms.alarms()] == ["again"]


def test_an_alarm_is_acknowledged_once(here: Place) -> None:
    acting.raise_alarm("jasmo", "orphan", "x", "odd", now=here.now)
    (known,) = alarms.alarms()
    acting.acknowledge(known.id[:10], "ann", now=here.now)
    acting.acknowledge(known.id, "bob", now=here.now)
    assert acts(known.id) == ["alarm_raised", "alarm_acknowledged"]
    for unknown in ("", "zzz"):
        with pytest.raises(AupkeepError, match="there is no alarm"):
            acting.acknowledge(unknown, "ann", now=here.now)


def checkpoints(here: Place) -> list[int]:
    return [one.size for one in Folder(here.installation.folder / "checkpoints").all("jasmo")]


def test_the_record_is_signed_when_it_has_grown_and_reaches_the_second_place(here: Place) -> None:
    put(due=False)
    size = chain.head("jasmo").seq
    hand = rounds(here, 3)
    assert checkpoints(here) == [size]
    put(2, due=False, target="2@c.example")
    rounds(here, 2, hand=hand)
    assert checkpoints(here) == [size, size + 1]
    assert not hand.signer.grown("jasmo")


def alter(here: Place, statement: str) -> None:
    database = here.installation.data / "aupkeep.sqlite3"
    with closing(sqlite3.connect(database)) as store, store:
        assert store.execute(statement).rowcount > 0


CUTS = {
    "cut": "DELETE FROM store_entry WHERE seq >= (SELECT MAX(seq) - 1 FROM store_entry)",
    "altered": "UPDATE store_entry SET line = replace(line, 'case-1', 'case-9')"
    " WHERE line LIKE '%case-1%'",
    "moved": "UPDATE store_entry SET seq = -1 WHERE seq = 1",
}


@pytest.mark.parametrize("cut", sorted(CUTS))
def test_a_chain_that_does_not_go_on_is_never_signed_again(here: Place, cut: str) -> None:
    for number in range(1, 5):
        put(number, due=False, target=f"{number}@c.example")
    rounds(here)
    signed = checkpoints(here)
    alter(here, CUTS[cut])
    rounds(here, 2)
    put(9, due=False, target="9@c.example")
    rounds(here, 2)
    assert checkpoints(here) == signed
    (text,) = raised("record")
    assert "does not continue what was signed" in text


def test_a_record_set_back_with_the_database_is_noticed_by_the_second_place(here: Place) -> None:
    put(1, due=False, target="1@c.example")
    rounds(here)
    put(2, due=False, target="2@c.example")
    rounds(here)
    signed = checkpoints(here)
    alter(here, "DELETE FROM store_entry WHERE seq = (SELECT MAX(seq) FROM store_entry)")
    alter(
        here, "DELETE FROM store_checkpoint WHERE size = (SELECT MAX(size) FROM store_checkpoint)"
    )
    put(3, due=False, target="3@c.example")
    rounds(here, 2)
    assert checkpoints(here) == signed
    assert len(raised("record")) == 1


def test_nothing_is_announced_on_a_broken_record_and_it_is_still_lifted_at_the_power(
    here: Place,
) -> None:
    held = put(1)
    here.work()
    new = put(2, target="2@c.example")
    alter(here, CUTS["altered"])
    here.work()
    assert state_of(new) is not State.ANNOUNCED
    assert len(here.letters()) == 1
    assert "does not continue" in waiting(new).trouble
    approving.lift(held.id, "bob", "mistaken", release=False, now=here.now)
    here.work()
    assert held.id not in here.power.standing
    assert state_of(held) is State.LIFTING


def test_what_was_signed_in_a_transaction_that_broke_off_was_not_signed(here: Place) -> None:
    put(1, due=False)
    signer = Signer(here.installation)

    def breaks_off() -> None:
        with unit():
            signer.sign("jasmo", now=here.now)
            raise DiedError

    with pytest.raises(DiedError):
        breaks_off()
    assert chain.latest_checkpoint("jasmo") is None
    signer.forget()
    with unit():
        signer.sign("jasmo", now=here.now)
    signer.place("jasmo", now=here.now)
    assert len(checkpoints(here)) == 1


def test_the_key_is_made_once_and_only_the_owner_reads_it(here: Place) -> None:
    put(1, due=False)
    rounds(here)
    folder = here.installation.folder / "keys"
    private = (folder / "checkpoint.pem").read_bytes()
    assert (folder / "checkpoint.pem").stat().st_mode & 0o777 == 0o600
    Signer(here.installation)
    assert (folder / "checkpoint.pem").read_bytes() == private
    lines = (folder / "checkpoint.pub").read_text().splitlines()
    assert len(lines) == 1
    known = chain.latest_checkpoint("jasmo")
    assert known is not None
    assert read(known[0]).size == chain.head("jasmo").seq


def test_a_place_that_refuses_is_an_alarm_and_is_tried_again(here: Place) -> None:
    put(1, due=False)
    blocked = here.installation.folder / "checkpoints"
    blocked.write_text("a file stands where the folder should be")
    hand = rounds(here)
    assert len(raised("record")) == 1
    blocked.unlink()
    rounds(here, hand=hand)
    assert len(checkpoints(here)) == 1


def test_books_are_taken_up_and_kept_where_the_new_ones_cannot_be_used(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = here.hand()
    before = hand.edition
    with unit():
        tell_contact("new@c.example")
    held = put()

    def refuse(_: object) -> None:
        raise broken("the folder is being changed")

    with monkeypatch.context() as patched:
        patched.setattr(type(here.installation), "policies", refuse)
        for _ in range(3):
            hand.turn()
    assert hand.edition == before
    assert here.said.count("the folder is being changed") == 1
    assert state_of(held) is State.ANNOUNCED
    hand.turn()
    assert hand.edition != before


def test_a_sanction_that_changed_meanwhile_is_read_again(here: Place) -> None:
    """The hand goes by what is stored when its turn comes, not by what it saw in the list."""
    first, second = put(1, target="1@c.example"), put(2, target="2@c.example")

    def refuse() -> None:
        approving.refuse(second.id, "bob", "mistaken", now=here.now)

    here.power.then["plan"] = refuse
    here.work()
    assert {state_of(first), state_of(second)} == {State.ANNOUNCED, State.REFUSED}
    assert here.power.standing == {first.id: "1@c.example"}


def test_entries_name_nobody(here: Place) -> None:
    held = put()
    here.work()
    approving.lift(held.id, "bob", "mistaken", release=False, now=here.now)
    here.work()
    for line in chain.lines("jasmo"):
        entry = json.loads(line)
        assert b"ann@c.example" not in line
        assert b"c-1" not in line
        assert entry["provider"] == "jasmo"
