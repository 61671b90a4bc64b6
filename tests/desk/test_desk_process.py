"""`aupkeep web` as a process: it listens, answers many at once, and ends when it should."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from aupkeep.desk.serving import application, web_settings
from aupkeep.desk.site import site
from aupkeep.flow import keys
from aupkeep.store import intake
from aupkeep.store.database import close_store, unit
from desk_stage import PATIENCE, Stage, eventually, free_port


def _listen_on(folder: Path, port: int) -> None:
    path = folder / "aupkeep.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", text), encoding="utf-8")


def _start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aupkeep", "web", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def served(stage: Stage) -> Iterator[tuple[Stage, str, subprocess.Popen[str]]]:
    folder, port = stage.installation.folder, free_port()
    _listen_on(folder, port)
    process = _start(folder)
    assert process.stdout is not None
    assert process.stdout.readline() == f"the desk listens on http://127.0.0.1:{port}\n"
    yield stage, f"http://127.0.0.1:{port}", process
    process.terminate()
    process.communicate(timeout=PATIENCE)


def test_it_answers_and_ends_in_good_order(served: Any) -> None:
    _, base, process = served
    assert httpx.get(f"{base}/policy/jasmo/").status_code == 200
    assert httpx.get(f"{base}/").status_code == 401
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_stylesheet_may_be_kept_and_its_address_changes_with_it(served: Any) -> None:
    _, base, _ = served
    page = httpx.get(f"{base}/").text
    address = re.search(r'href="(/static/desk/desk\.css\?\w+)"', page)
    assert address
    style = httpx.get(base + address[1])
    assert style.status_code == 200
    assert style.headers["content-type"].startswith("text/css")
    assert "max-age=2592000" in style.headers["cache-control"]
    etag = {"if-modified-since": style.headers["last-modified"]}
    assert httpx.get(base + address[1], headers=etag).status_code == 304
    assert httpx.get(f"{base}/static/desk/../serving.py").status_code == 404
    assert httpx.get(f"{base}/static/desk/%2e%2e/serving.py").status_code == 404


def test_a_port_that_is_taken_is_said_in_plain_words(stage: Stage) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        _listen_on(stage.installation.folder, door.getsockname()[1])
        process = _start(stage.installation.folder)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert "the desk cannot listen on 127.0.0.1:" in err
    assert "Traceback" not in err


def test_it_ends_with_whoever_started_it(stage: Stage) -> None:
    folder, port = stage.installation.folder, free_port()
    _listen_on(folder, port)
    starts = f"""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-m", "aupkeep", "web", {str(folder)!r}])
        print(child.pid, flush=True)
        sys.stdin.read()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(starts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert "listens" in parent.stdout.readline()
    parent.kill()
    parent.communicate(timeout=PATIENCE)

    def gone() -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", port)) != 0

    eventually(gone)
    assert not _alive(child)


def _alive(process: int) -> bool:
    """Whether a process is there and no zombie that its new parent has still to bury."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] not in ("Z", "X")


def test_a_body_that_is_too_long_is_refused_before_it_is_kept(served: Any) -> None:
    stage, base, _ = served
    answer = httpx.post(f"{base}{stage.link()}", content=b"x" * 1_000_000)
    assert answer.status_code == 413
    assert httpx.get(f"{base}/policy/jasmo/").status_code == 200


def test_a_fault_is_written_down_without_the_link(served: Any) -> None:
    stage, base, process = served
    link = stage.link()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE people_signinlink RENAME TO gone")
    answer = httpx.get(base + link)
    assert answer.status_code == 503
    process.terminate()
    _, err = process.communicate(timeout=PATIENCE)
    assert "the desk cannot show a page" in err
    assert link.rpartition("/")[2] not in err


def test_many_read_while_somebody_writes(served: Any) -> None:
    stage, base, _ = served
    for number in range(20):
        stage.case(stage.finding(f"u{number}@shop.example", customer=f"c-{number}"))
    cookies = _signed_in(base, stage.link())

    def read(_: int) -> int:
        return httpx.get(f"{base}/", cookies=cookies, timeout=PATIENCE).status_code

    with ThreadPoolExecutor(max_workers=8) as threads:
        reading = [threads.submit(read, number) for number in range(60)]
        for number in range(60):
            with unit():
                intake.put_commit(intake.Committed(number, "x.state", stage.now, stage.now))
        assert {item.result() for item in reading} == {200}


def test_many_people_act_at_once_and_each_act_is_done_once(served: Any) -> None:
    stage, base, _ = served
    stage.arm()
    case = stage.case(protected=True)
    sanction = stage.sanction(case)
    people = [_signed_in(base, stage.link(name)) for name in ("ann", "ben")]
    form = httpx.get(f"{base}/case/{case.id}", cookies=people[0]).text
    assert f"/case/{case.id}/{sanction.id}/approve" in form

    def approve(number: int) -> int:
        with httpx.Client(base_url=base, cookies=people[number % 2], timeout=PATIENCE) as person:
            page = person.get("/")
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            assert token
            answer = person.post(
                f"/case/{case.id}/{sanction.id}/approve",
                data={"csrfmiddlewaretoken": token[1]},
            )
            return answer.status_code

    with ThreadPoolExecutor(max_workers=8) as threads:
        codes = list(threads.map(approve, range(8)))
    assert set(codes) <= {302, 409}
    assert 302 in codes
    assert len(stage.sanction(case).approved_by) == 1


def _signed_in(base: str, link: str) -> httpx.Cookies:
    with httpx.Client(base_url=base, timeout=PATIENCE) as person:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', person.get(link).text)
        assert token
        answer = person.post(link, data={"csrfmiddlewaretoken": token[1]})
        assert answer.status_code == 302
        return person.cookies


def test_two_desks_of_one_machine_do_not_share_cookies(stage: Stage) -> None:
    names = set()
    for secret in (keys.secret(stage.installation), b"another secret"):
        application(stage.installation, secret, stage.clock)
        said = web_settings(site())
        names |= {said["SESSION_COOKIE_NAME"], said["CSRF_COOKIE_NAME"]}
    assert len(names) == 4
    close_store()


def test_children_do_not_inherit_the_door(served: Any) -> None:
    _, _, process = served
    listening = [
        item.name
        for item in Path(f"/proc/{process.pid}/fd").iterdir()
        if "socket:" in str(item.readlink())
    ]
    assert listening
    for name in listening:
        flags = Path(f"/proc/{process.pid}/fdinfo/{name}").read_text(encoding="ascii")
        mode = int(re.search(r"flags:\s+(\d+)", flags)[1], 8)  # type: ignore[index]  # always there
        assert mode & os.O_CLOEXEC
