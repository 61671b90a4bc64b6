"""The signed webhook before a receiver that checks every signature, and in all of its moods."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aupkeep.base.clock import DAY
from aupkeep.outlets.remit import SCOPES
from aupkeep.outlets.signed_webhook.signing import signer
from aupkeep.sanctions.power import PowerFault
from moody import ACTED, MOODS, certify
from orders import NOW
from receiver import private_key, secret_key, verified, world


@pytest.mark.parametrize("key", [secret_key(), private_key()], ids=["shared secret", "Ed25519"])
@pytest.mark.parametrize("measure", [one for one in SCOPES if one != "terminate"])
def test_there_and_back(tmp_path: Path, measure: str, key: str) -> None:
    with world(tmp_path, measure=measure, key=key) as one:
        power, asked = one.power, one.order()
        assert power.plan(asked) == ""
        assert not power.look(asked).in_force
        power.apply(asked)
        power.apply(asked)
        assert power.look(asked).in_force
        assert [(mark.sanction, mark.target) for mark in power.marks()] == [
            (asked.sanction, asked.target)
        ]
        power.undo(asked)
        power.undo(asked)
        assert not power.look(asked).in_force
        assert one.receiver.effects == [("apply", asked.sanction), ("undo", asked.sanction)]
        assert power.troubles() == []
        assert all(verified(request) for request in one.server.heard)


def test_what_is_sent(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.power.apply(one.order())
        one.power.apply(one.order())
    first, again = one.server.heard
    assert json.loads(first.body) == {
        "act": "apply",
        "sanction": f"{1:032x}",
        "provider": "jasmo",
        "customer": "c-1",
        "case": "case-1",
        "measure": "suspend_service",
        "scope": "mailbox",
        "target": "ann-1@c.example",
        "until": "2026-03-03T08:00:00Z",
        "release": False,
    }
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == f"{1:032x}-apply"
    assert first.headers["webhook-timestamp"] == str(NOW // 1_000_000)
    assert first.body == again.body


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the standard's own libraries.
    sign = signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert sign(signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("act", ["apply", "undo"])
def test_every_mood_ends_well_at_the_next_try(tmp_path: Path, act: str, mood: str) -> None:
    with world(tmp_path) as one:
        asked = one.order()
        if act == "undo":
            one.power.apply(asked)
        one.server.moods = [mood]
        call = getattr(one.power, act)
        if mood == "twice":
            call(asked)
        else:
            with pytest.raises(PowerFault, match=r"the webhook at 127\.0\.0\.1") as fault:
                call(asked)
            assert fault.value.retry == (mood != "redirect")
            assert "secret" not in str(fault.value)
        happened = (act == "apply") == (asked.sanction in one.standing())
        assert happened == (mood in ACTED)
        call(asked)
        assert one.power.look(asked).in_force == (act == "apply")
        assert one.receiver.effects.count((act, asked.sanction)) == 1
        assert one.server.elsewhere == []


@pytest.mark.parametrize("mood", [*MOODS, "empty", "lie"])
@pytest.mark.parametrize("call", ["look", "marks"])
def test_nothing_is_in_force_but_what_is_stated(tmp_path: Path, call: str, mood: str) -> None:
    with world(tmp_path) as one:
        asked = one.order()
        one.power.apply(asked)
        one.server.moods = [mood]
        look = (lambda: one.power.look(asked)) if call == "look" else one.power.marks
        if mood == "twice":
            assert look()
            return
        with pytest.raises(PowerFault):
            look()


@pytest.mark.parametrize(
    "answer",
    [
        {"in_force": True},
        {"in_force": True, "sanction": "another"},
        {"in_force": "true", "sanction": f"{1:032x}"},
        {"in_force": 1, "sanction": f"{1:032x}"},
        {"sanction": f"{1:032x}", "status": "ok"},
        {"in_force": True, "sanction": f"{1:032x}", "error": "but"},
        [True],
        "in force",
    ],
)
def test_an_answer_that_does_not_say_it_of_this_sanction(tmp_path: Path, answer: object) -> None:
    with world(tmp_path) as one:
        one.server.do = lambda _: json.dumps(answer).encode()
        with pytest.raises(PowerFault):
            one.power.look(one.order())


@pytest.mark.parametrize(
    "marks", [None, {}, [1], [{"sanction": 1, "target": "x"}], [{"sanction": "x"}]]
)
def test_a_list_that_is_none(tmp_path: Path, marks: object) -> None:
    with world(tmp_path) as one:
        one.server.do = lambda _: json.dumps({"marks": marks}).encode()
        with pytest.raises(PowerFault):
            one.power.marks()


def test_a_lie_is_seen(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.server.moods = ["lie"]
        one.power.apply(one.order())
        assert not one.power.look(one.order()).in_force


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    identity = certify(tmp_path / "identity")
    with world(tmp_path, identity=identity) as one:
        with pytest.raises(PowerFault, match="certificate") as fault:
            one.power.apply(one.order())
        assert not fault.value.retry
    assert one.receiver.effects == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_an_authority_that_the_settings_name(tmp_path: Path, host: str) -> None:
    identity = certify(tmp_path / "identity", host=host)
    with world(tmp_path, identity=identity, trusted=identity / "cert.pem") as one:
        if host == "127.0.0.1":
            one.power.apply(one.order())
            assert one.power.look(one.order()).in_force
            return
        with pytest.raises(PowerFault, match="mismatch"):
            one.power.apply(one.order())


def test_a_file_of_authorities_that_is_none(tmp_path: Path) -> None:
    identity = certify(tmp_path / "identity")
    with world(tmp_path, identity=identity, trusted=tmp_path / "nothing.pem") as one:
        with pytest.raises(PowerFault, match="holds no certificates"):
            one.power.apply(one.order())
        assert any("no certificates" in why for why in one.power.troubles())


def test_the_end_of_a_contract_waits_and_has_no_way_back(tmp_path: Path) -> None:
    with world(tmp_path, measure="terminate", delay=DAY) as one:
        asked = one.order(agreed_at=NOW - DAY + 1)
        assert not one.power.reversible
        assert one.power.delay == DAY
        with pytest.raises(PowerFault, match="may not be done before 2026-03-02T08:00:00") as fault:
            one.power.apply(asked)
        assert fault.value.retry
        with pytest.raises(PowerFault, match="when people agreed is not known"):
            one.power.apply(one.order(agreed_at=None))
        assert one.server.heard == []
        one.clock.now += 1
        one.power.apply(asked)
        one.power.undo(asked)
        assert one.power.look(asked).in_force
        assert one.receiver.effects == [("apply", asked.sanction)]


@pytest.mark.parametrize("target", ["", " ", "a b", "a\nb", "-rf", "a\0", "x" * 1025, "\u2028"])
def test_targets_that_are_not_handed_on(tmp_path: Path, target: str) -> None:
    with world(tmp_path) as one:
        assert one.power.carries("service", target)
        for act in (one.power.plan, one.power.apply, one.power.look, one.power.undo):
            with pytest.raises(PowerFault):
                act(one.order(target=target, scope="service"))
        assert one.server.heard == []


def test_scopes_and_measures_that_are_not_its_own(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        assert "mailbox, user, site, service; not on: account" in one.power.carries(
            "account", "c-1"
        )
        with pytest.raises(PowerFault, match="carries out `suspend_service`"):
            one.power.apply(one.order(measure="terminate"))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "begins with whsec_ or whsk_"),
        ("whsec_!!!", "Base64"),
        ("whsec_YWJj", "24 to 64 bytes"),
        ("whsk_YWJj", "32 or 64 bytes"),
        ("whsec_\u00e4", "is no key"),
    ],
)
def test_keys_that_are_none(tmp_path: Path, key: str, said: str) -> None:
    with world(tmp_path) as one:
        one.power.key.write_text(key)
        with pytest.raises(PowerFault, match=said):
            one.power.apply(one.order())
        assert said in one.power.troubles()[0]


def test_a_key_that_others_can_read_or_that_is_not_there(tmp_path: Path) -> None:
    with world(tmp_path) as one:
        one.power.key.chmod(0o644)
        assert "everybody on this machine can read the key" in one.power.troubles()[0]
        one.power.key.unlink()
        assert "cannot be read" in one.power.troubles()[0]
