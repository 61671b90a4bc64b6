"""A limit on what a request may bring, kept before anything of it is stored.

In: an ASGI application. Out: the same one behind the limit. Django itself would write a body of any
size to the disk before it looks at it, and the page of a notice is open to strangers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

#: Bytes: the longest answer in the widest letters, as a form encodes them, and room beside it.
LARGEST = 200_000

#: Bytes of a request that brings a file: the file, and what a form puts around it.
LARGEST_FILE = 2_100_000
#: The one address that takes files.
_FILES = re.compile(r"/notice/[^/]+/attach")

_TEXT = b"This is too long: nothing was taken.\n"


def limited(app: App, largest: int = LARGEST) -> App:
    """Return `app` behind the limit: a longer body is answered with 413."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        file = _FILES.fullmatch(str(scope.get("path", "")))
        body = await _whole(receive, max(largest, LARGEST_FILE) if file else largest)
        if body is None:
            await _refuse(send)
            return
        await app(scope, _again(body, receive), send)

    return answer


async def _whole(receive: Receive, largest: int) -> bytes | None:
    """Return the body, or None where it is too long; what is too long is read no further."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body in one message, then what else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Mapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TEXT})
