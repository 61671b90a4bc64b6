"""Access maps of a real Postfix, and of none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aupkeep.outlets.postfix_hold.power import PostfixHold, main_cf_lines
from power_worlds.world import Kind, Shared, World
from private_postfix import Postfix, missing, private_postfix

FOREIGN = "# by hand\nceo@store.example REJECT left\n"
TARGET, NEIGHBOUR = "shop@store.example", "ann@store.example"
_HOSTILE = ('"a b"@store.example', "<x>@store.example")


@contextmanager
def _started() -> Iterator[Postfix]:
    with private_postfix() as instance:
        power = PostfixHold(map=instance.root / "maps" / "contract", config=instance.config)
        power.prepare()
        instance.configure(*main_cf_lines(power.map))
        yield instance


@contextmanager
def _real(shared: Shared, folder: Path) -> Iterator[World]:
    postfix: Postfix = shared.once("postfix for the contract", _started)
    power = PostfixHold(
        map=postfix.root / "maps" / "contract", config=postfix.config, patience=60.0
    )
    power.map.write_text(FOREIGN)
    postfix.run("postmap", f"lmdb:{power.map}")

    def answer(login: str) -> str:
        return postfix.run("postmap", "-q", login, f"lmdb:{power.map}").stdout

    def stopped() -> bool:
        assert answer(NEIGHBOUR) == ""
        return answer(TARGET).startswith("HOLD")

    yield World(
        power=power,
        scope="mailbox",
        target=TARGET,
        neighbour=NEIGHBOUR,
        state=lambda: (power.map.read_bytes(), answer(TARGET), answer("ceo@store.example")),
        stopped=stopped,
        broken=[(PostfixHold(map=folder / "held", config=folder), True)],
        hostile=_HOSTILE,
    )
    power.map.write_bytes(b"")
    postfix.run("postmap", f"lmdb:{power.map}")


@contextmanager
def _text_alone(shared: Shared, folder: Path) -> Iterator[World]:  # noqa: ARG001
    power = PostfixHold(map=folder / "held")
    power.prepare()
    power.map.write_text(FOREIGN)

    def person() -> None:
        with power.map.open("a") as written:
            written.write("boss@store.example OK\n")

    yield World(
        power=power,
        scope="mailbox",
        target=TARGET,
        neighbour=NEIGHBOUR,
        state=power.map.read_bytes,
        stopped=lambda: f"{TARGET}\tHOLD" in power.map.read_text(),
        person=person,
        broken=[(PostfixHold(map=folder / "nosuch" / "held"), False)],
        hostile=_HOSTILE,
    )


KINDS = {
    "a server": Kind(missing=missing, make=_real),
    "text alone": Kind(missing=lambda: "", make=_text_alone),
}
