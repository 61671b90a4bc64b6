"""Whom letters reach: bounces, held mailboxes, second addresses, several letters in one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from handwork import (
    NOW,
    Place,
    Ready,
    acts,
    broken,
    put,
    state_of,
    waiting,
)

from aupkeep.attribution.profiles import Profile
from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import answering, attaching, bouncing
from aupkeep.flow.rules import Ruled
from aupkeep.policy.model import Measure
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import dialogue, ground
from aupkeep.store.database import unit
from bounces import report


def told(here: Place, **changes: object) -> tuple[Sanction, str]:
    one = put(**changes)
    here.work()
    return one, notice_id(one.id, OF_MEASURE)


def contacts(**said: str) -> None:
    with unit():
        ground.put_profiles(
            [
                Profile(
                    provider="jasmo", customer="c-1", since=0, recorded_at=0, name=name, value=value
                )
                for name, value in said.items()
            ]
        )


def alarms(here: Place) -> list[str]:
    return sorted(letter.subject.rpartition(": ")[2] for letter in here.alarms())


def test_silence_counts_from_the_delivery_until_something_is_said(here: Place) -> None:
    one, name = told(here, measure=Measure.WARN)
    assert dialogue.silent_since(one.case) == NOW
    answering.answer(name, "It was me.", now=NOW + HOUR)
    assert dialogue.silent_since(one.case) is None
    here.now += 2 * HOUR

    put(2, measure=Measure.WARN)
    assert dialogue.silent_since("case-2") is None


def test_what_is_mended_is_a_claim_and_ends_the_silence(here: Place) -> None:
    one, name = told(here)
    answering.fixed(name, "The password is new.", now=here.now + 1)
    answering.fixed(name, "The password is new.", now=here.now + 2)
    (claim,) = dialogue.claims()
    assert (claim.kind, claim.case, claim.text) == ("fixed", one.case, "The password is new.")
    assert dialogue.silent_since(one.case) is None
    assert acts(one.case)[-1:] == ["customer_fixed"]


def test_a_bounce_ends_what_silence_means_and_raises_an_alarm_once(here: Place) -> None:
    one, name = told(here)
    for _ in range(3):
        found, marked = bouncing.take(report(name=name), now=here.now + HOUR)
        assert found is not None
    assert marked == []
    assert dialogue.silent_since(one.case) is None
    kept = dialogue.sent(name)
    assert kept is not None
    assert kept.bounced_at == here.now + HOUR
    assert "owner@c.example" in kept.bounce
    here.later(HOUR)
    assert alarms(here) == ["bounced"]
    assert acts(one.case).count("notice_bounced") == 1
    answering.read(name, now=here.now)
    answering.read(name, now=here.now + 5)
    assert dialogue.silent_since(one.case) == here.now
    assert acts(one.case).count("notice_seen") == 1


@pytest.mark.parametrize(
    "message", [report(name="f" * 32), report(action="delayed", status="4.0.0"), b"nothing"]
)
def test_what_names_nothing_of_ours_changes_nothing(here: Place, message: bytes) -> None:
    one, _ = told(here)
    assert bouncing.take(message, now=here.now)[1] == []
    assert dialogue.silent_since(one.case) == NOW


def test_a_maildir_is_read_once(here: Place, tmp_path: Path) -> None:
    _, name = told(here)
    fresh = tmp_path / "maildir" / "new"
    fresh.mkdir(parents=True)
    (fresh / "1.x").write_bytes(report(name=name))
    (fresh / "2.y").write_bytes(b"Subject: hello\n\nhello\n")
    assert bouncing.sweep(tmp_path / "maildir", now=here.now)
    assert not bouncing.sweep(tmp_path / "maildir", now=here.now)
    assert len(list((tmp_path / "maildir" / "cur").iterdir())) == 2
    kept = dialogue.sent(name)
    assert kept is not None
    assert kept.delivered_at is None


def test_the_owner_of_a_held_mailbox_is_written_to_elsewhere_too(here: Place) -> None:
    contacts(contact="ann@c.example", second_contact="home@else.example")
    one, name = told(here)
    assert [letter.recipient for letter in here.letters()] == ["home@else.example", "ann@c.example"]
    assert [letter.id for letter in here.letters()] == [f"{name}-2", name]
    assert dialogue.silent_since(one.case) == NOW
    assert alarms(here) == []
    bouncing.take(report(name=name), now=here.now)
    assert dialogue.silent_since(one.case) == NOW
    bouncing.take(report(name=f"{name}-2"), now=here.now)
    assert dialogue.silent_since(one.case) is None


def test_where_there_is_no_other_address_people_are_told(here: Place) -> None:
    contacts(contact="ann@c.example")
    one, _ = told(here)
    assert [letter.recipient for letter in here.letters()] == ["ann@c.example"]
    assert state_of(one) is State.ANNOUNCED
    assert dialogue.silent_since(one.case) is None
    here.work()
    assert alarms(here) == ["held-contact"]


def test_killed_between_two_letters_each_leaves_once(here: Place) -> None:
    contacts(contact="ann@c.example", second_contact="home@else.example")
    one = put()
    here.die_at_each_point()
    here.later(HOUR)
    assert state_of(one) is State.ANNOUNCED
    assert len(here.letters()) == 2


class Gathering(Ready):  # type: ignore[misc]  # found by pytest alone
    """An installation whose policy gathers letters that only ask."""

    def policies(self) -> dict[str, list[Ruled]]:
        """Return what is published, with a digest."""
        listed = super().policies()["jasmo"]
        return {"jasmo": [replace(one, policy=replace(one.policy, digest=DAY)) for one in listed]}


@pytest.fixture
def gathering(here: Place) -> Place:
    here.installation = Gathering(here.installation.folder, here.installation.settings)
    return here


def test_letters_that_only_ask_are_gathered(gathering: Place) -> None:
    here = gathering
    first, _ = told(here, measure=Measure.WARN)
    assert len(here.letters()) == 1
    others = [
        put(number, measure=Measure.WARN, target=f"{number}@c.example") for number in (2, 3, 4)
    ]
    here.later(HOUR)
    assert len(here.letters()) == 1
    assert {state_of(one) for one in others} == {State.APPROVED}
    assert "one letter with others" in waiting(others[0]).trouble
    held, _ = told(here, number=9)
    assert state_of(held) is State.ANNOUNCED
    assert len(here.letters()) == 2
    here.later(DAY)
    assert {state_of(one) for one in others} == {State.ANNOUNCED}
    (letter,) = here.letters()[2:3]
    assert letter.subject.endswith(", and 2 more")
    for one in others:
        assert one.target in letter.text
    assert len([one for one in here.letters() if "and 2 more" in one.subject]) == 1
    assert dialogue.silent_since(others[2].case) == here.now
    bouncing.take(report(name=letter.id), now=here.now)
    assert [dialogue.silent_since(one.case) for one in others] == [None] * 3
    assert dialogue.silent_since(first.case) == NOW


def test_killed_anywhere_what_is_gathered_leaves_once(gathering: Place) -> None:
    here = gathering
    told(here, measure=Measure.WARN)
    others = [put(number, measure=Measure.WARN, target=f"{number}@c.example") for number in (2, 3)]
    here.later(HOUR)
    here.now += DAY
    here.channel.faults = [broken("away")]
    here.die_at_each_point()
    here.later(HOUR)
    assert {state_of(one) for one in others} == {State.ANNOUNCED}
    texts = "".join(letter.text for letter in here.letters())
    for one in others:
        assert texts.count(f"about {one.target} looks as if") == 1
    assert len({letter.id for letter in here.letters()}) == len(here.letters())


def test_a_file_is_kept_apart_and_its_hash_entered(here: Place) -> None:
    one, name = told(here)
    data = b"%PDF-1.7 <script>alert(1)</script>"
    for _ in range(2):
        kept = attaching.attach(here.installation, name, "../../x\r\n.pdf", data, now=here.now)
    place = attaching.place(here.installation, kept)
    assert place.read_bytes() == data
    assert place.parent == here.installation.data / "attachments"
    assert place.stat().st_mode & 0o777 == 0o640
    assert kept.name == "x  .pdf"
    assert acts(one.case).count("customer_attached") == 1
    assert len(list(place.parent.iterdir())) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"x" * (attaching.LARGEST + 1), "large-file"),
        (b"MZ\x90\x00\x03\xff", "file-kind"),
        (b"PK\x03\x04\xff\x00", "file-kind"),
    ],
)
def test_files_that_are_not_taken(here: Place, data: bytes, code: str) -> None:
    _, name = told(here)
    with pytest.raises(AupkeepError) as error:
        attaching.attach(here.installation, name, "a", data, now=here.now)
    assert error.value.faults[0].code == code
    assert not (here.installation.data / "attachments").exists()
    with pytest.raises(AupkeepError):
        attaching.attach(here.installation, "0" * 32, "a", b"x", now=here.now)


def test_so_many_files_and_no_more(here: Place) -> None:
    _, name = told(here)
    for number in range(attaching.MOST):
        attaching.attach(here.installation, name, "a", f"{number}".encode(), now=here.now)
    with pytest.raises(AupkeepError) as error:
        attaching.attach(here.installation, name, "a", b"one more", now=here.now)
    assert error.value.faults[0].code == "many-files"
