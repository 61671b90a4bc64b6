"""A customer erased from the record: for good, unless held, and again after any restore."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import erasing, forgetting, holding
from aupkeep.flow.forgetting import Forgotten, forget
from aupkeep.flow.founding import found
from aupkeep.flow.installation import Installation, open_installation
from aupkeep.flow.recording import Recording
from aupkeep.store import chain, keyring
from aupkeep.store.archive.standing import Hold
from aupkeep.store.database import close_store, unit
from aupkeep.store.keyring import SERVES
from aupkeep.store.rows import to_text

NOW = 1_772_438_400_000_000
SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[record]
keep_personal = "365d"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    folder = tmp_path / "installation"
    found(folder, SETTINGS, policies=("jasmo",), now=NOW)
    installation = open_installation(folder)
    for number, customer in enumerate(("ann", "bob", "ann")):
        enter(customer, f"case{number}")
    yield installation
    keyring.close()
    close_store()


def enter(customer: str, case: str, *, at: int = NOW) -> None:
    with unit():
        recording = Recording()
        body = {"case": case, "customer": customer, "target": f"{customer}@shop.example"}
        recording.enter("jasmo", "sanction_proposed", case, body, at=at)
        recording.keep()


def asked(customer: str = "ann", at: int = NOW + DAY) -> Forgotten:
    return Forgotten(
        keys_before=at, provider="jasmo", customer=customer, reason="asked", by="root", at=at
    )


def states() -> list[str]:
    return [said.state for line, said in chain.opened() if "sanction_proposed" in line]


def entered(act: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in chain.lines("jasmo")]
    return [line["body"] for line in lines if line["act"] == act]


def hold(installation: Installation, **what: object) -> Hold:
    wanted = Hold(id="", provider="jasmo", reason="court", by="law", at=NOW, **what)  # type: ignore[arg-type]  # by name
    return holding.place(installation, wanted)


def test_one_customer_is_erased_and_nobody_else(place: Installation) -> None:
    assert forget(place, asked()) == 2
    assert states() == ["erased", "open", "erased"]
    (body,) = entered("record_erased")
    assert (body["by"], body["keys"]) == ("root", 2)
    assert "ann" not in "".join(line.decode() for line in chain.lines("jasmo"))
    assert forget(place, asked(at=NOW + 2 * DAY)) == 0
    enter("ann", "case9", at=NOW + 3 * DAY)
    assert states() == ["erased", "open", "erased", "open"], "a case of later is another matter"


def test_a_legal_hold_beats_erasure(place: Installation) -> None:
    held = hold(place, customer="ann")
    with pytest.raises(AupkeepError, match=r"2 cases or acts is under hold .* court"):
        forget(place, asked())
    assert states() == ["open"] * 3
    assert not (place.folder / erasing.LIST).exists()
    assert forget(place, asked("bob")) == 1
    holding.release(place, held.id, now=NOW, by="law")
    assert forget(place, asked()) == 2


@pytest.mark.parametrize(
    "what", [{"customer": "bob"}, {"kind": "mail", "customer": "ann"}, {"until": NOW - DAY}]
)
def test_a_hold_on_something_else_does_not(place: Installation, what: dict[str, object]) -> None:
    hold(place, **what)
    assert forget(place, asked()) == 2


def test_an_older_copy_of_the_keys_goes_through_it_again(place: Installation) -> None:
    keyring.backup(place.folder / "copy")
    forget(place, asked())
    (place.folder / "copy").replace(place.envelopes)
    assert states() == ["open"] * 3, "nobody has opened the installation yet"
    forgetting.apply(place.folder)
    assert states() == ["erased", "open", "erased"]


def test_older_keys_and_an_older_database_go_through_it_again(place: Installation) -> None:
    close_store()
    keyring.close()
    for name in ("data", "envelopes"):
        shutil.copytree(place.folder / name, place.folder / "backup" / name)
    again = open_installation(place.folder)
    forget(again, asked())
    close_store()
    keyring.close()
    for name in ("data", "envelopes"):
        shutil.rmtree(place.folder / name)
        shutil.copytree(place.folder / "backup" / name, place.folder / name)
    restored = open_installation(place.folder)
    assert entered("record_erased") == []
    forgetting.replay(restored, NOW + 3 * DAY)
    assert states() == ["erased", "open", "erased"]
    (body,) = entered("record_erased")
    assert body["again"] is True
    forgetting.replay(restored, NOW + 4 * DAY)
    assert len(entered("record_erased")) == 1


def test_a_crash_after_the_list_was_written_is_carried_out_at_the_next_start(
    place: Installation,
) -> None:
    line = to_text(asked()).replace('"name":""', '"name":"e1"')
    erasing.put_on_list(place, line)
    with (place.folder / erasing.LIST).open("a") as cut_off:
        cut_off.write('{"keys_before":17')
    forgetting.replay(place, NOW)
    assert states() == ["erased", "open", "erased"]
    assert len(entered("record_erased")) == 1


def test_the_lists_of_events_and_of_the_record_are_one_file(place: Installation) -> None:
    forget(place, asked())
    erasing.replay(place, NOW)
    assert entered("archive_erased") == []


def test_retention_takes_keys_whose_time_is_over(place: Installation) -> None:
    enter("cid", "case7", at=NOW + 40 * DAY)
    hold(place, customer="bob")
    end = NOW + 365 * DAY + SERVES
    assert forgetting.sweep(place, end) == 0
    assert forgetting.sweep(place, end + 1) == 2
    assert states() == ["erased", "open", "erased", "open"], "bob is held, cid is younger"
    assert entered("record_swept") == [{"keys": 2}]
