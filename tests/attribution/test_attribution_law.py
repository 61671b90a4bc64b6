"""The indexed attribution agrees with one that asks every holding about every row."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.attribution.ground import Ground, attribute
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile
from aupkeep.base.clock import DAY
from aupkeep.events.schema import ATTRIBUTED, columns

PRIVATE = [
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]
INSTANTS = [0, 1, 2, 3, DAY, 13 * DAY, 14 * DAY, 14 * DAY + 1, 15 * DAY, 30 * DAY]

Answer = str | Holding


def valid(item: Holding | Profile, at: int) -> bool:
    return item.since <= at and (item.until is None or at < item.until)


def merge(hits: Sequence[Holding]) -> Answer:
    if len({(hit.provider, hit.customer) for hit in hits}) > 1:
        return "ambiguous"
    services, plans = {hit.service for hit in hits}, {hit.plan for hit in hits}
    return Holding(
        provider=hits[0].provider,
        kind="",
        value="",
        customer=hits[0].customer,
        service=services.pop() if len(services) == 1 else "",
        plan=plans.pop() if len(plans) == 1 else "",
        since=0,
        recorded_at=0,
    )


def owner(answer: Answer) -> object:
    return (answer.provider, answer.customer) if isinstance(answer, Holding) else answer


def address(text: str | None) -> Any:
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def travels(holding: Holding) -> bool:
    if holding.kind in {"ip", "prefix"}:
        network: Any = ipaddress.ip_network(holding.value)
        return not any(network.version == p.version and network.overlaps(p) for p in PRIVATE)
    short = holding.kind == "login" and "@" not in holding.value
    return holding.kind != "user" and not short and not holding.value.startswith("/")


@dataclass
class Books:
    """Everything by scanning; one method a question."""

    holdings: list[Holding]
    profiles: list[Profile]
    networks: dict[str, tuple[str, ...]]
    provider: str | None

    def groups(self) -> Iterable[list[Holding]]:
        yield [h for h in self.holdings if h.provider == self.provider]
        yield [h for h in self.holdings if h.provider != self.provider and travels(h)]

    def inside(self, ip: Any) -> bool:
        seen = [h.value for group in self.groups() for h in group if h.kind in {"ip", "prefix"}]
        seen += ["127.0.0.0/8", "::1/128"]
        for name, networks in self.networks.items():
            for text in networks:
                network: Any = ipaddress.ip_network(text)
                private = any(network.version == p.version and network.overlaps(p) for p in PRIVATE)
                if name == self.provider or not private:
                    seen.append(text)
        return any(ip in ipaddress.ip_network(text) for text in seen)

    def knows(self) -> bool:
        own = any(h.provider == self.provider and h.kind in {"ip", "prefix"} for h in self.holdings)
        return own or bool(self.networks.get(self.provider or ""))

    def by_address(self, text: str | None, port: int | None, at: int) -> Answer:
        ip = address(text)
        if ip is None:
            return "unknown"
        if not self.inside(ip):
            return "outsider" if self.knows() else "unknown"
        for group in self.groups():
            answer = self.one_book([h for h in group if valid(h, at)], ip, port)
            if answer != "unknown":
                return answer
        return "unknown"

    @staticmethod
    def one_book(group: list[Holding], ip: Any, port: int | None) -> Answer:
        mine = [
            h for h in group if h.kind in {"ip", "prefix"} and ip in ipaddress.ip_network(h.value)
        ]
        single = [h for h in mine if h.kind == "ip"]
        ranged = [h for h in single if h.port_from is not None]
        whole = [h for h in single if h.port_from is None]
        if port is None or not 0 <= port < 65536:
            if single:
                return merge(single) if whole else "ambiguous"
        else:
            exact = [h for h in ranged if (h.port_from or 0) <= port <= (h.port_to or 0)]
            if exact or whole:
                return merge(exact or whole)
        prefixes = [h for h in mine if h.kind == "prefix"]
        lengths = [ipaddress.ip_network(h.value).prefixlen for h in prefixes]
        longest = [h for h, length in zip(prefixes, lengths, strict=True) if length == max(lengths)]
        return merge(longest) if longest else "unknown"

    def by_value(self, kind: str, value: str, at: int) -> Answer:
        for group in self.groups():
            hits = [h for h in group if (h.kind, h.value) == (kind, value) and valid(h, at)]
            if hits:
                return merge(hits)
        return "unknown"

    def changed(self, ask: Callable[[int], Answer], at: int) -> bool:
        edges = {h.since for h in self.holdings} | {h.until for h in self.holdings}
        window = [at - 14 * DAY, *(e for e in edges if e is not None and at - 14 * DAY < e <= at)]
        return len({owner(ask(instant)) for instant in window}) > 1

    def by_names(self, names: Iterable[tuple[str, str]], at: int, *, untimed: bool = False) -> Any:
        """Return the answer and the kind that gave it."""
        shaky = False
        for kind, value in names:

            def ask(when: int, kind: str = kind, value: str = value) -> Answer:
                return self.by_value(kind, value, when)

            shaky |= untimed and self.changed(ask, at)
            answer = ask(at)
            if answer != "unknown":
                return ("ambiguous" if shaky else answer), kind
        return ("ambiguous" if shaky else "unknown"), ""

    def plan(self, holding: Holding, at: int) -> str | None:
        if holding.plan:
            return holding.plan
        for service in (holding.service, ""):
            said = self.said(holding.provider, holding.customer, service, at)
            if said:
                return said
        return None

    def said(self, provider: str, customer: str, service: str, at: int) -> str | None:
        hits = [
            p
            for p in self.profiles
            if (p.provider, p.customer, p.service, p.name) == (provider, customer, service, "plan")
            and valid(p, at)
        ]
        last = max(hits, key=lambda p: (p.recorded_at, p.since, p.value), default=None)
        return last.value if last else None

    def plans(self, holding: Holding, at: int) -> str | None:
        who = (holding.provider, holding.customer)
        held = {h.plan for h in self.holdings if (h.provider, h.customer) == who and valid(h, at)}
        services = {p.service for p in self.profiles}
        held |= {self.said(*who, service, at) or "" for service in services}
        return "|".join(sorted(held - {""})) or None


def domains(host: str | None) -> list[tuple[str, str]]:
    parts = (host or "").split(".")
    return [("domain", ".".join(parts[index:])) for index in range(len(parts))]


def mailbox(text: str) -> list[tuple[str, str]]:
    return [("mailbox", text), *domains(text.split("@")[1])] if "@" in text else []


def naive_mail(books: Books, row: dict[str, Any]) -> dict[str, Any]:
    at, ip = row["event_time"], row["client_ip"]
    local = ip in {"127.0.0.1", "::1"} or (not ip and row["client_name"] == "localhost")
    if row["login"]:
        names = [("login", row["login"]), *mailbox(row["login"])]
        return {"answer": books.by_names(names, at)[0], "actor": "login:" + row["login"]}
    if row["system_user"]:
        user, host = row["system_user"], row["host"]
        names = [("user", f"{user}@{host}")] if host else []
        return {
            "answer": books.by_names([*names, ("user", user)], at)[0],
            "actor": "user:" + user,
        }
    message = f"mail:{row['host'] or '-'}/{row['queue_id'] or '-'}"
    if local:
        domain = row["sender_domain"]
        return {
            "answer": books.by_names(mailbox(row["sender"] or ""), at)[0],
            "actor": "domain:" + domain if domain else message,
            "forgeable": True,
        }
    return {"answer": books.by_address(ip, None, at), "actor": "ip:" + ip if ip else message}


def naive_login(books: Books, row: dict[str, Any]) -> dict[str, Any]:
    ip, host = row["client_ip"], row["client_host"]
    return {
        "answer": books.by_address(ip, row["client_port"], row["event_time"]),
        "actor": f"ip:{ip}" if ip else f"host:{host or '-'}",
        "forgeable": not ip,
    }


def naive_flow(books: Books, row: dict[str, Any]) -> dict[str, Any]:
    source, target = address(row["src_ip"]), address(row["dst_ip"])
    src_in = source is not None and books.inside(source)
    dst_in = target is not None and books.inside(target)
    acting = bool(row["initiated"]) and src_in
    opener = row["src_ip"] if row["initiated"] or not src_in else row["dst_ip"]
    answer: Answer = "unknown"
    if acting:
        answer = books.by_address(row["src_ip"], row["src_port"], row["event_time"])
    elif address(opener) is not None and not books.inside(address(opener)) and books.knows():
        answer = "outsider"
    return {
        "answer": answer,
        "actor": f"ip:{opener or '-'}",
        "forgeable": not row["handshake"] and not row["guarded"],
        "direction": [["transit", "inbound"], ["outbound", "internal"]][src_in][dst_in],
        "actor_ip": row["src_ip"] if acting else None,
        "peer_ip": row["dst_ip"] if acting else None,
    }


def naive_report(books: Books, row: dict[str, Any]) -> dict[str, Any]:
    untimed = row["acted_at"] is None
    at = row["event_time"] if untimed else row["acted_at"]
    ip, host, url = row["accused_ip"], row["accused_host"], row["accused_url"]
    path = "/" + url.partition("//")[2].partition("/")[2] if url else ""
    host = url.partition("//")[2].partition("/")[0] if url else host
    if address(host) is not None:
        ip, host = ip or str(address(host)), None
    parts = [part for part in path.split("/") if part]
    paths = [
        ("path", f"{host}/{'/'.join(parts[:end])}") for end in range(len(parts), 0, -1) if host
    ]

    def ask(when: int) -> Answer:
        return books.by_address(ip, row["accused_port"], when)

    placed = ask(at)
    if untimed and books.changed(ask, at):
        placed = "ambiguous"
    named, kind = books.by_names([*paths, *domains(host)], at, untimed=untimed)
    content = row["category"] in {"content", "copyright"}
    found = named != "unknown"
    resolved = isinstance(named, Holding)
    by_name = (found and (content or placed == "unknown")) or (resolved and placed == "ambiguous")
    if by_name:
        actor = f"url:{url}" if kind == "path" else f"domain:{host}"
    elif ip or host:
        actor = f"ip:{ip}" if ip else f"domain:{host}"
    else:
        actor = f"url:{url}" if url else f"report:{row['stream']}.{row['part']}"
    return {"answer": named if by_name else placed, "actor": actor}


NAIVE = {
    "mail": naive_mail,
    "login": naive_login,
    "flow": naive_flow,
    "report": naive_report,
}


def expected(kind: str, books: Books, row: dict[str, Any]) -> dict[str, Any]:
    found = NAIVE[kind](books, row)
    answer = found.pop("answer")
    at = row["acted_at"] if row.get("acted_at") is not None else row["event_time"]
    named = {"forgeable": False, **found, "provider": row["provider"], "attribution": answer}
    if not isinstance(answer, Holding):
        return named | dict.fromkeys(("customer", "service", "plan", "plans"))
    return named | {
        "attribution": "attributed",
        "provider": answer.provider,
        "customer": answer.customer,
        "service": answer.service or None,
        "plan": books.plan(answer, at),
        "plans": books.plans(answer, at),
    }


instants = st.sampled_from(INSTANTS)
ADDRESSES = ["192.0.2.1", "192.0.2.130", "10.0.0.1", "2001:db8::1", "2001:db8:1::5", "8.8.8.8"]
PREFIXES = ["192.0.2.0/24", "192.0.2.128/25", "192.0.2.1/32", "10.0.0.0/8", "0.0.0.0/0"]
PREFIXES += ["2001:db8::/32", "2001:db8:1::/48", "::/0"]
VALUES = {
    "ip": ADDRESSES,
    "prefix": PREFIXES,
    "domain": ["shop.example", "mail.shop.example", "example"],
    "mailbox": ["a@shop.example", "b@mail.shop.example"],
    "login": ["a@shop.example", "a"],
    "user": ["33", "33@web1", "1001"],
    "path": ["shop.example/~a", "shop.example/~a/b", "/home/a"],
}


@st.composite
def spans(draw: st.DrawFn) -> dict[str, int | None]:
    since, until = draw(instants), draw(st.none() | instants)
    late = until is not None and until <= since
    return {"since": since, "until": since + 1 if late else until}


@st.composite
def held(draw: st.DrawFn, kinds: Sequence[str]) -> Holding:
    kind = draw(st.sampled_from(kinds))
    ports: tuple[int | None, int | None] = (None, None)
    if kind == "ip" and draw(st.booleans()):
        ports = draw(st.sampled_from([(0, 1023), (1024, 2047), (2000, 3000), (2048, 65535)]))
    return Holding(
        provider=draw(st.sampled_from(["jasmo", "injazat"])),
        kind=kind,
        value=draw(st.sampled_from(VALUES[kind])),
        port_from=ports[0],
        port_to=ports[1],
        customer=draw(st.sampled_from(["c1", "c2"])),
        service=draw(st.sampled_from(["", "s1", "s2"])),
        plan=draw(st.sampled_from(["", "basic", "pro"])),
        recorded_at=0,
        **draw(spans()),  # type: ignore[arg-type]  # since is an int, which a mapping cannot say
    )


profiles = st.builds(
    lambda span, **rest: Profile(**span, **rest),
    spans(),
    provider=st.just("jasmo"),
    customer=st.sampled_from(["c1", "c2"]),
    service=st.sampled_from(["", "s1"]),
    name=st.sampled_from(["plan", "plan", "status"]),
    value=st.sampled_from(["gold", "tin"]),
    recorded_at=st.sampled_from([0, 1]),
)
NETWORKS: list[dict[str, tuple[str, ...]]] = [
    {},
    {"jasmo": ("192.0.2.0/24",)},
    {"jasmo": ("10.0.0.0/8", "2001:db8::/32"), "injazat": ("198.51.100.0/24",)},
    {"injazat": ("10.0.0.0/8", "8.8.8.0/24")},
]

networks = st.sampled_from(NETWORKS)
texts = st.sampled_from([*ADDRESSES, "127.0.0.1", "::1", "::ffff:192.0.2.1", "nonsense", None])
flags = st.sampled_from([True, False, None])
ports = st.sampled_from([None, -1, 0, 1023, 1024, 2000, 2048, 3000, 3001, 65535, 65536])
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "event_time": instants,
    "stream": st.just(7),
    "part": st.sampled_from([0, 1]),
    "provider": st.sampled_from(["jasmo", "injazat", "other", None]),
}
ROWS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "mail": {
        "host": st.sampled_from(["web1", None]),
        "queue_id": st.sampled_from(["Q1", None]),
        "client_ip": texts,
        "client_name": st.sampled_from(["localhost", "unknown", None]),
        "login": st.sampled_from([None, "", "a", "a@shop.example", "b@mail.shop.example", "x@y"]),
        "system_user": st.sampled_from([None, "", "33", "1001", "5"]),
        "sender": st.sampled_from([None, "", "a@shop.example", "z@other.example"]),
        "sender_domain": st.sampled_from([None, "shop.example"]),
    },
    "login": {
        "client_ip": texts,
        "client_host": st.sampled_from([None, "h.example"]),
        "client_port": ports,
    },
    "flow": {
        "src_ip": texts,
        "dst_ip": texts,
        "src_port": ports,
        "initiated": flags,
        "handshake": flags,
        "guarded": flags,
    },
    "report": {
        "acted_at": st.none() | instants,
        "category": st.sampled_from([None, "content", "messaging", "copyright"]),
        "accused_ip": texts,
        "accused_port": ports,
        "accused_host": st.sampled_from([None, "www.shop.example", "192.0.2.1", "nowhere.test"]),
        "accused_url": st.sampled_from(
            [None, "http://shop.example/~a/b/c", "https://a.mail.shop.example/", "http://10.0.0.1/"]
        ),
    },
}
KINDS_OF = {
    "mail": ["ip", "prefix", "domain", "mailbox", "login", "user"],
    "login": ["ip", "prefix"],
    "flow": ["ip", "prefix"],
    "report": ["ip", "prefix", "domain", "path"],
}


def check(kind: str, data: st.DataObject) -> None:
    holdings = data.draw(st.lists(held(KINDS_OF[kind]), max_size=9))
    stated = data.draw(st.lists(profiles, max_size=3))
    routed = data.draw(networks)
    shape = st.fixed_dictionaries({**COMMON, **ROWS[kind]})
    rows = data.draw(st.lists(shape, min_size=1, max_size=8))
    frame = pl.DataFrame(
        [{**dict.fromkeys(columns(kind)), **row} for row in rows], schema=columns(kind)
    )
    ground = Ground(holdings, stated, routed)
    got = attribute(kind, frame, ground)
    assert got.schema == {**columns(kind), **ATTRIBUTED}
    for row, found in zip(rows, got.iter_rows(named=True), strict=True):
        books = Books(holdings, stated, routed, row["provider"])
        want = expected(kind, books, row)
        assert {name: found[name] for name in want} == want
    for name in columns(kind):
        if name not in {"provider", "direction", "actor_ip", "peer_ip"}:
            assert got[name].equals(frame[name])


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_mail_rows_agree_with_the_naive_books(data: st.DataObject) -> None:
    check("mail", data)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_login_rows_agree_with_the_naive_books(data: st.DataObject) -> None:
    check("login", data)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_flow_rows_agree_with_the_naive_books(data: st.DataObject) -> None:
    check("flow", data)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_report_rows_agree_with_the_naive_books(data: st.DataObject) -> None:
    check("report", data)
