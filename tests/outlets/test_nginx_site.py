"""The lock of sites beyond the contract, against a real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from power_worlds.world import UNTIL
from private_nginx import Nginx, missing, private_nginx

from aupkeep.outlets.nginx_site.text import page
from aupkeep.sanctions.power import Order, PowerFault

if missing():
    pytest.skip(missing(), allow_module_level=True)


@pytest.fixture(scope="module")
def nginx() -> Iterator[Nginx]:
    with private_nginx() as own:
        yield own


def order(target: str, sanction: str = "s1") -> Order:
    return Order(
        sanction=sanction, provider="jasmo", case="c1", measure="lock_site",
        scope="path" if "/" in target else "site", target=target, until=UNTIL, before="",
    )  # fmt: skip


def test_a_visitor_is_told_and_the_neighbour_is_served(nginx: Nginx) -> None:
    power, told = nginx.power(), order("Shop.Example.", "0123456789abcdef")
    power.apply(told)
    status, kind, said = nginx.get("shop.example", "/deep/../offer.html")
    assert (status, kind) == (503, "text/plain")
    assert said == "This page is locked by its provider. Reference 0123456789ab.\n"
    assert nginx.get("blog.example")[0] == 200
    power.undo(told)
    assert nginx.get("shop.example") == (200, "text/html", "shop\n")


def test_a_site_without_our_line_is_not_said_to_be_locked(nginx: Nginx) -> None:
    power, told = replace(nginx.power(), patience=1.0), order("plain.example")
    power.apply(told)
    seen = power.look(told)
    assert not seen.in_force
    assert "does not include" in seen.how
    power.undo(told)
    assert power.marks() == []


def test_a_503_of_the_sites_own_is_no_lock(nginx: Nginx) -> None:
    extra = nginx.root / "extra" / "own.conf"
    extra.write_text(
        f"server {{ listen 127.0.0.1:{nginx.port}; server_name down.example;"
        ' return 503 "This page is down.\\n"; }\n'
    )
    power, told = replace(nginx.power(), patience=2.0), order("down.example")
    nginx.run("-s", "reload")
    nginx.wait(lambda: nginx.get("down.example")[0] == 503)
    power.apply(told)
    assert not power.look(told).in_force
    power.undo(told)
    extra.unlink()


def test_over_tls_it_is_asked_by_its_name(nginx: Nginx) -> None:
    power = replace(nginx.power(), ask=f"https://127.0.0.1:{nginx.secure}")
    told = order("https://shop.example/offer.html")
    assert not power.look(told).in_force
    power.apply(told)
    assert power.look(told).in_force
    power.undo(told)
    assert not power.look(told).in_force


def test_a_configuration_that_fails_its_test_is_put_back(nginx: Nginx) -> None:
    power = nginx.power()
    broken = nginx.root / "extra" / "broken.conf"
    power.apply(order("blog.example", "s0"))
    broken.write_text("nonsense;\n")
    before = {path: path.read_bytes() for path in nginx.locks.iterdir()}
    for act, told in (
        (power.apply, order("shop.example")),
        (power.undo, order("blog.example", "s0")),
    ):
        with pytest.raises(PowerFault, match=r"put back: .*unknown directive") as fault:
            act(told)
        assert fault.value.retry
        assert {path: path.read_bytes() for path in nginx.locks.iterdir()} == before
    assert "unknown directive" in power.troubles()[0]
    assert nginx.get("shop.example")[0] == 200
    assert nginx.get("blog.example")[0] == 503
    broken.unlink()
    power.undo(order("blog.example", "s0"))
    assert nginx.get("blog.example")[0] == 200


def test_a_person_locked_the_same_site(nginx: Nginx) -> None:
    power, theirs = nginx.power(), nginx.locks / "shop.example.site"
    theirs.write_text('"shop.example" "by hand";\n')
    with pytest.raises(PowerFault, match="written by a person") as fault:
        power.apply(order("shop.example"))
    assert not fault.value.retry
    assert theirs.read_text() == '"shop.example" "by hand";\n'
    theirs.unlink()
    # The same key in another of their files: nginx itself refuses two.
    other = nginx.locks / "z.site"
    other.write_text('"shop.example" "by hand";\n')
    with pytest.raises(PowerFault, match="conflicting parameter"):
        power.apply(order("shop.example"))
    assert not theirs.exists()
    other.unlink()


def test_with_nginx_stopped_nothing_is_said_to_be_locked(nginx: Nginx) -> None:
    power, told = nginx.power(), order("shop.example")
    nginx.stop()
    try:
        for act in (power.apply, power.look):
            with pytest.raises(
                PowerFault, match=r"nginx does not answer|invalid PID number"
            ) as fault:
                act(told)
            assert fault.value.retry
    finally:
        nginx.start()
    power.apply(told)
    assert power.look(told).in_force
    power.undo(told)


def test_pages_are_one_key_each() -> None:
    assert page("path", "https://Shop.Example/a%20b?x#y".replace("%20", "%C3%A9")).key == (
        "shop.example/aéb"
    )
    assert page("path", "shop.example").key == "shop.example/"
    assert page("site", "shop.example").key == "shop.example"
