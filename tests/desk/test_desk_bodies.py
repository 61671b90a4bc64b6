"""A request that brings too much is answered before anything of it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from aupkeep.desk.bodies import LARGEST, LARGEST_FILE, limited

Messages = list[Mapping[str, Any]]


def _call(parts: Iterable[bytes], *, largest: int) -> tuple[Messages, list[bytes]]:
    """Return what was sent back, and the bodies that reached the application."""
    listed = list(parts)
    waiting = [
        {"type": "http.request", "body": part, "more_body": number < len(listed)}
        for number, part in enumerate(listed, 1)
    ]
    sent: Messages = []
    reached: list[bytes] = []

    async def app(_: Any, receive: Any, send: Any) -> None:
        first = await receive()
        reached.append(first["body"])
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(limited(app, largest)({"type": "http"}, receive, send))
    return sent, reached


@pytest.mark.parametrize("parts", [[b""], [b"abc"], [b"ab", b"", b"cde"], [b"12345"]])
def test_what_is_short_enough_arrives_whole(parts: list[bytes]) -> None:
    sent, reached = _call(parts, largest=5)
    assert reached == [b"".join(parts)]
    assert sent[0]["status"] == 200


@pytest.mark.parametrize("parts", [[b"123456"], [b"12345", b"6"], [b"1"] * 6])
def test_what_is_too_long_does_not(parts: list[bytes]) -> None:
    sent, reached = _call(parts, largest=5)
    assert reached == []
    assert sent[0]["status"] == 413
    assert b"nothing was taken" in sent[1]["body"]


def test_other_talk_passes() -> None:
    passed = []

    async def app(scope: Any, *_: Any) -> None:
        passed.append(scope["type"])

    async def silent(*_: Any) -> Any:
        raise AssertionError

    asyncio.run(limited(app)({"type": "lifespan"}, silent, silent))
    assert passed == ["lifespan"]


def test_only_the_address_that_takes_files_takes_more() -> None:
    def status(path: str, size: int) -> int:
        sent: list[Any] = []

        async def app(_: Any, __: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200})

        async def receive() -> Any:
            return {"type": "http.request", "body": b"x" * size}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(limited(app)({"type": "http", "path": path}, receive, send))
        return int(sent[0]["status"])

    assert status("/notice/abc.def/attach", LARGEST + 1) == 200
    assert status("/notice/abc.def/attach", LARGEST_FILE + 1) == 413
    for path in ("/notice/abc.def", "/notice/abc.def/attach/x", "/x/notice/a/attach", "/"):
        assert status(path, LARGEST + 1) == 413
