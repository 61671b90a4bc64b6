"""What people let wait: one sanction, one clause, everything; and the sign that nothing stands."""

from __future__ import annotations

import fcntl
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from handwork import NOW, SETTINGS, Place, acts, put, state_of, waiting

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import answering, approving, pausing, postponing
from aupkeep.flow.beating import beat, overdue
from aupkeep.policy.model import Measure
from aupkeep.sanctions.notice import QUESTION, notice_id
from aupkeep.sanctions.sanction import State
from aupkeep.store import alarms, arming, heartbeats, sanctions
from aupkeep.store.database import unit

Placed = Callable[..., AbstractContextManager[Place]]


def test_a_paused_clause_waits_and_goes_on(here: Place) -> None:
    pausing.pause("jasmo", "spam", "a bad rule", now=NOW, by="ann", kind=pausing.CLAUSE)
    held = put()
    here.work()
    assert state_of(held) is State.APPROVED
    assert waiting(held).trouble == "`spam` is paused"
    assert [one.kind for one in alarms.alarms()] == ["paused"]
    pausing.go_on("jasmo", "spam", "ann", "mended", now=NOW, kind=pausing.CLAUSE)
    here.work()
    assert state_of(held) is State.ANNOUNCED
    assert acts("spam") == ["paused", "resumed"]


def test_all_waits_while_anything_is_lifted(here: Place) -> None:
    standing = put(1)
    here.work()
    pausing.pause("jasmo", "", "something is wrong", now=NOW, kind=pausing.ALL)
    waits = put(2, target="bob@c.example")
    approving.lift(standing.id, "ann", "not them", release=False, now=NOW)
    here.work()
    assert state_of(standing) is State.LIFTED
    assert state_of(waits) is State.APPROVED
    assert waiting(waits).trouble == "`everything` is paused"
    with pytest.raises(AupkeepError, match="is not paused"):
        pausing.go_on("jasmo", "spam", "ann", "other", now=NOW, kind=pausing.CLAUSE)
    pausing.go_on("jasmo", "", "ann", "all is well", now=NOW, kind=pausing.ALL)
    here.work()
    assert state_of(waits) is State.ANNOUNCED


def test_what_one_resumes_the_other_still_keeps(here: Place) -> None:
    pausing.pause("jasmo", "hold_mail", "one", now=NOW)
    pausing.pause("jasmo", "", "all", now=NOW, kind=pausing.ALL)
    held = put()
    here.work()
    pausing.go_on("jasmo", "hold_mail", "ann", "well", now=NOW)
    here.work()
    assert state_of(held) is State.APPROVED
    assert [(one.kind, one.called) for one in arming.paused()] == [("all", "everything")]


def test_a_pause_needs_a_reason(here: Place) -> None:
    with pytest.raises(AupkeepError, match="a reason is needed"):
        pausing.pause("jasmo", "", " ", now=here.now, kind=pausing.ALL)


@pytest.mark.usefixtures("here")
def test_a_proposal_that_is_put_off_comes_back() -> None:
    held = put(state=State.PROPOSED, people=1)
    postponing.postpone(held.id, "ann", "after the weekend", NOW + 2 * DAY, now=NOW)
    with pytest.raises(AupkeepError, match="ann put this off until 2026-03-04"):
        approving.approve(held.id, "bob", now=NOW + DAY)
    approving.approve(held.id, "bob", now=NOW + 2 * DAY)
    assert state_of(held) is State.APPROVED
    assert acts(held.id) == ["proposed", "postponed", "approved"]


def test_what_was_approved_and_put_off_begins_by_itself(here: Place) -> None:
    held = put()
    postponing.postpone(held.id, "ann", "their launch is today", NOW + HOUR, now=NOW)
    here.work()
    assert state_of(held) is State.APPROVED
    here.later(HOUR)
    assert state_of(held) is State.ANNOUNCED


@pytest.mark.parametrize(
    ("until", "reason", "said"),
    [
        (NOW, "why", "is not within the next 90 days"),
        (NOW + 91 * DAY, "why", "is not within the next 90 days"),
        (NOW + DAY, "", "a reason is needed"),
    ],
)
def test_nothing_is_put_off_for_ever_or_for_nothing(
    here: Place, until: int, reason: str, said: str
) -> None:
    held = put(state=State.PROPOSED, people=1)
    with pytest.raises(AupkeepError, match=said):
        postponing.postpone(held.id, "ann", reason, until, now=here.now)


def test_what_has_begun_is_not_put_off(here: Place) -> None:
    held = put()
    here.work()
    with pytest.raises(AupkeepError, match="is announced cannot be put off"):
        postponing.postpone(held.id, "ann", "why", NOW + DAY, now=NOW)


def test_the_customer_is_asked_and_the_answer_ends_the_waiting(here: Place) -> None:
    held = put(state=State.PROPOSED, people=1)
    asked = "Did you send this?"
    postponing.ask(here.installation, held.id, "ann", asked, NOW + DAY, now=NOW)
    here.work()
    assert state_of(held) is State.PROPOSED
    [left] = here.letters()
    assert "Did you send this?" in left.text
    with pytest.raises(AupkeepError, match="put this off"):
        approving.approve(held.id, "bob", now=NOW + HOUR)
    notice = notice_id(held.id, QUESTION, asked)
    answering.answer(notice, "No, I was hacked.", now=NOW + HOUR)
    approving.approve(held.id, "bob", now=NOW + HOUR)
    assert state_of(held) is State.APPROVED
    assert acts(held.id) == ["proposed", "postponed", "postponed", "approved"]
    assert acts(held.case) == ["customer_asked", "customer_answered", "case_moved"]


def test_silence_ends_the_waiting_too(here: Place) -> None:
    held = put(state=State.PROPOSED, people=1)
    postponing.ask(here.installation, held.id, "ann", "Was it you?", NOW + DAY, now=NOW)
    approving.approve(held.id, "bob", now=NOW + DAY)
    assert state_of(held) is State.APPROVED


def test_nobody_is_asked_where_no_letter_could_leave(here: Place) -> None:
    held = put(state=State.PROPOSED, people=1)
    word = put(2, measure=Measure.WARN, state=State.PROPOSED, people=1)
    with pytest.raises(AupkeepError, match="itself a question"):
        postponing.ask(here.installation, word.id, "ann", "Who?", NOW + DAY, now=NOW)
    with unit():
        arming.disarm("jasmo", "power", "warn")
    with pytest.raises(AupkeepError, match="no letter can leave"):
        postponing.ask(here.installation, held.id, "ann", "Who?", NOW + DAY, now=NOW)
    assert len(sanctions.all_sanctions()) == 2


@contextmanager
def at_work(folder: Path, *names: str) -> Iterator[None]:
    """Hold the locks of processes, as they do."""
    files = [(folder / f"{name}.lock").open("w") for name in names]
    for one in files:
        fcntl.flock(one, fcntl.LOCK_EX)
    try:
        yield
    finally:
        for one in files:
            one.close()


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """Take calls on a port; yields it and what was said."""
    said: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                call, _ = server.accept()
            except OSError:
                return
            with call:
                call.settimeout(5)
                heard = b""
                while b"}" not in heard:
                    more = call.recv(65536)
                    if not more:
                        break
                    heard += more
                if heard:
                    said.append(heard)
                    call.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], said
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def test_a_heartbeat_is_sent_only_while_all_are_at_work(placed: Placed, tmp_path: Path) -> None:
    with listening() as (port, said):
        words = SETTINGS.replace(
            'repeat = "15m"',
            'repeat = "15m"\nheartbeat = "5m"\n'
            f'heartbeat_url = "http://127.0.0.1:{port}/beat"\nheartbeat_mail = ["ops@j.example"]\n'
            f'\n[desk]\nlisten = "127.0.0.1:{port}"',
        )
        with placed(tmp_path / "beating", settings=words) as here:
            announcer = here.hand().enforcer.announcer
            data = here.installation.data

            def sent(now: int) -> int | None:
                return beat(announcer, "jasmo", now=now)

            assert sent(NOW) == NOW + MINUTE
            assert said == []
            assert "engine is not at work" in heartbeats.heartbeat().trouble
            assert overdue(here.installation, NOW) != []
            with at_work(data, "engine", "hand"):
                assert sent(NOW + MINUTE) == NOW + 6 * MINUTE
                assert sent(NOW + 2 * MINUTE) == NOW + 6 * MINUTE
                assert sent(NOW + 6 * MINUTE) == NOW + 11 * MINUTE
            assert overdue(here.installation, NOW + 7 * MINUTE) == []
            assert len(said) == 2
            assert json.loads(said[0].partition(b"\r\n\r\n")[2])["at"] == NOW + MINUTE
            mails = [one.subject for one in here.channel.left.values()]
            assert mails == ["[aupkeep] heartbeat"] * 2
            # The engine stands still now, and nobody hears anything any more.
            with at_work(data, "hand"):
                sent(NOW + 11 * MINUTE)
            assert len(said) == 2
            [told] = overdue(here.installation, NOW + 30 * MINUTE)
            assert "2026-03-02T08:06:00Z: engine is not at work" in told
            assert len(said) == 2


def test_without_the_setting_nothing_beats(here: Place) -> None:
    assert beat(here.hand().enforcer.announcer, "jasmo", now=NOW) is None
    assert overdue(here.installation, NOW) == []
