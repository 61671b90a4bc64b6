"""What people do: agree, refuse, answer, sign in, arm, pause; each entered once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from handwork import NOW, Place, acts, put, state_of, waiting
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError, MisuseError
from aupkeep.decisions.decision import Proposal
from aupkeep.flow import answering, approving, arming, pausing
from aupkeep.flow.retrying import retry, settle
from aupkeep.flow.signing_in import add_person, link_person, make_link, remove_person, sign_in
from aupkeep.flow.standing import Arms
from aupkeep.policy.model import Measure
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.proposing import Standing
from aupkeep.sanctions.sanction import State
from aupkeep.store import alarms, chain, dialogue, links, sanctions
from aupkeep.store import arming as books
from aupkeep.store.database import unit

SECRET = bytes(range(32))


def body(subject: str) -> dict[str, object]:
    """Return the body of the last entry about `subject`."""
    found = json.loads(chain.entries_about(subject)[-1])["body"]
    assert isinstance(found, dict)
    return found


def code(refused: pytest.ExceptionInfo[AupkeepError]) -> str:
    (fault,) = refused.value.faults
    return fault.code


def test_agreement_names_who_and_is_due_only_when_it_is_enough(here: Place) -> None:
    one = put(state=State.PROPOSED, people=2, due=False)
    assert approving.approve(one.id, "ann", now=here.now).state is State.PROPOSED
    assert (waiting(one).next_at, body(one.id)["by"]) == (None, "ann")
    assert approving.approve(one.id[-32:], "bob", now=here.now).state is State.APPROVED
    assert (waiting(one).next_at, body(one.id)["by"]) == (here.now, "bob")
    assert acts(one.id) == ["proposed", "agreed", "approved"]


def test_the_same_button_pressed_twice_changes_nothing(here: Place) -> None:
    one = put(state=State.PROPOSED, people=1, due=False)
    for _ in range(2):
        approving.approve(one.id, "ann", now=here.now)
    here.work()
    for _ in range(2):
        approving.lift(one.id, "ann", "over", release=False, now=here.now)
    assert acts(one.id).count("approved") == 1
    assert acts(one.id).count("lifting") == 1


def test_an_act_that_is_refused_leaves_no_trace(here: Place) -> None:
    one = put(state=State.PROPOSED, people=2, due=False)
    approving.approve(one.id, "ann", now=here.now)
    before = (waiting(one), chain.head("jasmo"))
    refused: tuple[Callable[[], object], ...] = (
        lambda: approving.approve(one.id, "ann", now=here.now),
        lambda: approving.refuse(one.id, "ann", " ", now=here.now),
        lambda: approving.lift(one.id, "ann", "so", release=False, now=here.now),
        lambda: approving.override(one.id, "terminate", 0, "ann", "so", now=here.now),
        lambda: approving.approve("", "ann", now=here.now),
        lambda: approving.approve("zzzz", "ann", now=here.now),
    )
    for act in refused:
        with pytest.raises(AupkeepError):
            act()
    assert (waiting(one), chain.head("jasmo")) == before


def test_an_ambiguous_beginning_is_no_id(here: Place) -> None:
    put(1, state=State.PROPOSED, people=1)
    put(2, state=State.PROPOSED, people=1, target="2@c.example")
    with pytest.raises(AupkeepError) as refused:
        approving.approve("0000", "ann", now=here.now)
    assert code(refused) == "no-such-sanction"


def test_an_override_refuses_and_proposes_in_one_act(here: Place) -> None:
    one = put(state=State.PROPOSED, people=1, due=False)
    milder = approving.override(one.id, "hold_mail", HOUR, "ann", "first time", now=here.now)
    assert (state_of(one), state_of(milder)) == (State.REFUSED, State.PROPOSED)
    assert (acts(one.id), acts(milder.id)) == (["proposed", "refused"], ["proposed"])
    with pytest.raises(AupkeepError):
        approving.approve(milder.id, "ann", now=here.now)
    approving.approve(milder.id, "bob", now=here.now)
    here.work()
    assert waiting(milder).sanction.until == here.now + HOUR
    with pytest.raises(AupkeepError):
        approving.override(one.id, "warn", 0, "ann", "again", now=here.now)


def notice(here: Place) -> str:
    one = put()
    here.work()
    return notice_id(one.id, OF_MEASURE)


def test_an_answer_is_kept_word_for_word_and_once(here: Place) -> None:
    name = notice(here)
    before = chain.head("jasmo").seq
    for _ in range(3):
        answering.answer(name, "  It was <b>me</b>.\n\nSorry.\x00 ", now=here.now)
    (kept,) = dialogue.answers_to(name)
    assert kept.text == "It was <b>me</b>.\n\nSorry.\x00"
    assert (kept.case, kept.at) == ("case-1", here.now)
    assert chain.head("jasmo").seq == before + 1
    assert acts("case-1")[-1] == "customer_answered"
    assert b"Sorry" not in b"".join(chain.lines("jasmo"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty-answer"),
        (" \n\t ", "empty-answer"),
        ("x" * (answering.LONGEST + 1), "long-answer"),
    ],
    ids=["empty", "blank", "long"],
)
def test_answers_that_are_refused(here: Place, text: str, expected: str) -> None:
    name = notice(here)
    with pytest.raises(AupkeepError) as refused:
        answering.answer(name, text, now=here.now)
    assert code(refused) == expected
    assert dialogue.answers_to(name) == []


def test_so_many_answers_and_no_more(here: Place) -> None:
    name = notice(here)
    answering.answer(name, "x" * answering.LONGEST, now=here.now)
    for number in range(1, answering.MOST):
        answering.answer(name, f"answer {number}", now=here.now + number)
    with pytest.raises(AupkeepError) as refused:
        answering.answer(name, "one more", now=here.now)
    assert code(refused) == "many-answers"
    # What is there already is no further one.
    answering.answer(name, "answer 1", now=here.now)
    with pytest.raises(AupkeepError) as unknown:
        answering.answer("0" * 32, "hello", now=here.now)
    assert code(unknown) == "no-such-notice"


def test_text_that_is_no_text_is_kept_as_far_as_it_is(here: Place) -> None:
    name = notice(here)
    answering.answer(name, "half a \ud83d sign", now=here.now)
    (kept,) = dialogue.answers_to(name)
    assert kept.text == "half a ? sign"


def test_a_link_signs_in_once_and_within_a_day(here: Place) -> None:
    assert add_person("ann", ("jasmo",), now=NOW)
    assert not add_person("ann", ("jasmo",), now=NOW)
    assert acts("ann") == ["person_added"]
    token = make_link("ann", now=NOW)
    assert link_person(token, now=NOW) == "ann"
    assert link_person(token, now=NOW + DAY) is None
    assert sign_in(token, now=NOW + DAY) is None
    assert sign_in(token, now=NOW + DAY - 1) == "ann"
    assert sign_in(token, now=NOW) is None
    assert link_person(token, now=NOW) is None
    assert make_link("ann", now=here.now) != token


def test_only_the_hash_of_a_link_is_kept(here: Place) -> None:
    add_person("ann", ("jasmo",), now=NOW)
    token = make_link("ann", now=NOW)
    with closing(sqlite3.connect(here.installation.data / "aupkeep.sqlite3")) as store:
        dump = "\n".join(store.iterdump())
    assert token not in dump
    assert len(token) >= 43


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_guesses_sign_nobody_in(here: Place, guess: str) -> None:
    add_person("ann", ("jasmo",), now=NOW)
    make_link("ann", now=NOW)
    assert sign_in(guess, now=here.now) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00"])
def test_names_that_are_none(here: Place, name: str) -> None:
    with pytest.raises(MisuseError):
        add_person(name, ("jasmo",), now=here.now)


def test_nobody_unknown_gets_a_link(here: Place) -> None:
    add_person("ann", ("jasmo",), now=NOW)
    with pytest.raises(MisuseError) as refused:
        make_link("bob", now=here.now)
    (fault,) = refused.value.faults
    assert (fault.code, fault.allowed) == ("no-such-person", ("ann",))


@pytest.mark.usefixtures("here")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.integers(0, 200))
def test_a_notices_link_cannot_be_guessed_or_altered(guess: str, at: int) -> None:
    token = links.notice_token("a" * 32, SECRET)
    assert links.read_notice(token, SECRET) == "a" * 32
    assert links.read_notice(token, SECRET[::-1]) is None
    assert links.read_notice(guess, SECRET) is None
    assert links.read_notice(f"{'b' * 32}.{token.partition('.')[2]}", SECRET) is None
    at %= len(token)
    altered = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    # The last letter of base64 holds bits that are not read.
    assert links.read_notice(altered, SECRET) is None or at == len(token) - 1


def standing(here: Place, measure: Measure = Measure.HOLD_MAIL, clause: str = "spam") -> Standing:
    asked = Proposal(
        step="stop",
        measure=measure,
        scope="mailbox",
        target="ann@c.example",
        length=DAY,
        people=0,
        touches_service=True,
    )
    return Arms(here.installation).of("jasmo", clause)(asked)


def test_both_the_power_and_the_clause_must_be_armed(here: Place) -> None:
    assert standing(here).armed is not None
    assert standing(here, clause="port-scan").armed is None
    assert standing(here, Measure.BLOCK_TRAFFIC) == Standing()
    arming.disarm(here.installation, ["hold_mail"], by="ann", now=here.now)
    assert standing(here) == Standing("hold_mail", None)
    arming.arm(here.installation, ["hold_mail"], by="ann", now=here.now + 5)
    # The later of the two counts.
    assert standing(here) == Standing("hold_mail", here.now + 5)


def test_arming_twice_is_armed_once(here: Place) -> None:
    assert arming.arm(here.installation, ["hold_mail", "spam"], by="ann", now=here.now) == []
    new = arming.arm(here.installation, ["port-scan", "port-scan"], by="ann", now=here.now)
    assert [one.name for one in new] == ["port-scan"]
    assert acts("port-scan") == ["armed"]
    assert body("port-scan") == {"kind": "clause", "by": "ann"}


def test_arming_lets_the_windows_of_what_can_act_now_begin_anew(here: Place) -> None:
    def fresh(names: list[str]) -> list[tuple[str, str | None]]:
        before = len(books.afresh_after(0))
        arming.arm(here.installation, names, by="ann", now=here.now)
        return [(row[2], row[3]) for row in books.afresh_after(0)[before:]]

    arming.disarm(here.installation, ["hold_mail", "spam"], by="ann", now=here.now)
    assert fresh(["spam"]) == [("spam", None)]
    assert fresh(["port-scan"]) == [("port-scan", None)]
    assert fresh(["hold_mail"]) == [("port-scan", None), ("spam", None)]
    assert fresh(["hold_mail"]) == []


def test_names_that_are_neither_power_nor_clause(here: Place) -> None:
    with pytest.raises(MisuseError) as refused:
        arming.arm(here.installation, ["spam", "hold_mial", "x"], by="ann", now=here.now)
    assert [fault.code for fault in refused.value.faults] == ["unknown-word"] * 2
    assert "did you mean `hold_mail`?" in [fault.hint for fault in refused.value.faults]
    with pytest.raises(MisuseError):
        arming.arm(here.installation, ["spam"], provider="brand", by="ann", now=here.now)


def test_a_power_that_cannot_work_is_not_armed(here: Place) -> None:
    arming.disarm(here.installation, ["warn", "spam"], by="ann", now=here.now)
    outbox = here.installation.folder / "outbox"
    outbox.write_text("a file stands where the folder should be")
    with pytest.raises(AupkeepError) as refused:
        arming.arm(here.installation, ["warn", "spam"], by="ann", now=here.now)
    assert code(refused) == "power-cannot-work"
    assert not {"warn", "spam"} & {one.name for one in books.armed()}


def test_disarming_refuses_what_waits_and_leaves_what_stands(here: Place) -> None:
    standing_one = put(1, target="1@c.example")
    here.work()
    waits = [
        put(2, state=State.PROPOSED, people=1, due=False, target="2@c.example"),
        put(3, state=State.APPROVED, due=False, target="3@c.example"),
    ]
    shown = put(4, state=State.PROPOSED, would_do=True, due=False, target="4@c.example")
    warned = put(5, measure=Measure.WARN, state=State.PROPOSED, people=1, due=False)
    _, refused = arming.disarm(here.installation, ["hold_mail"], by="ann", now=here.now)
    assert {one.id for one in refused} == {one.id for one in waits}
    assert [state_of(one) for one in waits] == [State.REFUSED] * 2
    assert state_of(standing_one) is State.ANNOUNCED
    assert state_of(warned) is State.PROPOSED
    assert (state_of(shown), waiting(shown).sanction.would_do) == (State.PROPOSED, True)
    here.later(DAY)
    assert state_of(standing_one) is State.EXPIRED


def test_pausing_and_going_on(here: Place) -> None:
    assert pausing.pause("jasmo", "hold_mail", "so", now=here.now, by="ann")
    assert not pausing.pause("jasmo", "hold_mail", "so", now=here.now, by="ann")
    assert len(alarms.alarms()) == 1
    for reason in ("", " "):
        with pytest.raises(AupkeepError) as refused:
            pausing.go_on("jasmo", "hold_mail", "ann", reason, now=here.now)
        assert code(refused) == "no-reason"
    pausing.go_on("jasmo", "hold_mail", "ann", "well", now=here.now)
    with pytest.raises(AupkeepError) as again:
        pausing.go_on("jasmo", "hold_mail", "ann", "well", now=here.now)
    assert code(again) == "not-paused"
    assert acts("hold_mail") == ["paused", "resumed"]


@pytest.mark.parametrize("state", [State.PROPOSED, State.REFUSED, State.LIFTED, State.EXPIRED])
def test_nothing_to_try_again(here: Place, state: State) -> None:
    one = put(state=state, due=False)
    with pytest.raises(AupkeepError) as refused:
        retry(one.id, now=here.now)
    assert code(refused) == "nothing-waits"
    with pytest.raises(AupkeepError):
        retry("zzz", now=here.now)


def test_trying_again_makes_it_due_and_counts_anew(here: Place) -> None:
    one = put(due=False)
    with unit():
        sanctions.put_waiting(one, next_at=None, attempts=7, trouble="busy")
    retry(one.id, now=here.now)
    assert (waiting(one).next_at, waiting(one).attempts, waiting(one).trouble) == (here.now, 0, "")


def test_there_is_no_doubt_to_settle_in_a_folder(here: Place) -> None:
    one = put(state=State.VERIFIED, due=False)
    with pytest.raises(AupkeepError) as refused:
        settle(here.installation, one.id, sent=True, now=here.now)
    assert code(refused) == "no-doubt"


def test_what_the_hand_puts_off_does_not_undo_what_a_person_asked_for(here: Place) -> None:
    one = put()
    here.work()
    seen = waiting(one).sanction
    approving.lift(one.id, "ann", "over", release=False, now=here.now)
    with unit():
        sanctions.put_waiting(seen, next_at=None, attempts=3, trouble="late")
    assert (waiting(one).next_at, waiting(one).trouble) == (here.now, "")


def test_who_is_removed_signs_in_no_more_and_may_be_let_in_again(here: Place) -> None:
    assert add_person("eve", ("jasmo",), now=here.now)
    unused = make_link("eve", now=here.now)
    remove_person("eve", ("jasmo",), now=here.now)
    assert sign_in(unused, now=here.now) is None
    for refused in (lambda: make_link("eve", now=here.now), lambda: gone("eve", here.now)):
        with pytest.raises(MisuseError) as nobody:
            refused()
        assert code(nobody) == "no-such-person"
    assert add_person("eve", ("jasmo",), now=here.now)
    assert sign_in(make_link("eve", now=here.now), now=here.now) == "eve"
    entered = [json.loads(line)["act"] for line in chain.entries_about("eve")]
    assert entered == ["person_added", "person_removed", "person_added"]


def gone(name: str, now: int) -> None:
    remove_person(name, ("jasmo",), now=now)
