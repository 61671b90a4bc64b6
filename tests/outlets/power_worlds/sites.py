"""A real nginx with two sites on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from private_nginx import Nginx, missing, private_nginx

from aupkeep.outlets.nginx_site.power import NginxSite
from power_worlds.world import Kind, Shared, World


@contextmanager
def _sites(shared: Shared, folder: Path, *, page: bool) -> Iterator[World]:
    own: Nginx = shared.once("nginx", private_nginx)
    power = own.power()
    ending = "/offer.html" if page else ""

    def stopped() -> bool:
        assert own.get("blog.example", "/offer.html")[0] == 200
        assert not page or own.get("shop.example", "/")[0] == 200
        return own.get("shop.example", "/offer.html")[0] == 503

    def state() -> object:
        hosts = ("shop.example", "blog.example")
        answers = [own.get(host, path) for host in hosts for path in ("/", "/offer.html")]
        return answers, sorted((path.name, path.read_bytes()) for path in own.locks.glob("[!.]*"))

    def person() -> None:
        (own.locks / "hand.site").write_text('"hand.example" "ours";\n')

    alone = NginxSite(folder=power.folder, config=folder / "nosuch.conf", ask="http://127.0.0.1:9")
    yield World(
        power=power,
        scope="path" if page else "site",
        target=f"http://shop.example{ending}" if page else "shop.example",
        neighbour=f"http://blog.example{ending}" if page else "blog.example",
        state=state,
        stopped=stopped,
        person=person,
        broken=[(alone, True)],
        hostile=(
            'shop.example"; }', "shop.example;", "*.example", "~shop", "default", "shop", "$host",
            "http://shop.example/a b", 'http://shop.example/"', "http://shop.example/%22;",
            "http://shop.example/$x", "ftp://shop.example/x", "http://shop.example/../x",
            "http://shop.example/%0a", "http://[/", "localhost/x", "shared.example",
        ),
    )  # fmt: skip
    for path in own.locks.iterdir():
        path.unlink()
    own.run("-s", "reload")
    own.wait(lambda: own.get("shop.example", "/offer.html")[0] == 200)
    own.wait(lambda: own.get("blog.example", "/offer.html")[0] == 200)


KINDS = {
    "a site": Kind(missing=missing, make=partial(_sites, page=False)),
    "a page": Kind(missing=missing, make=partial(_sites, page=True)),
}
