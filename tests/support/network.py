"""The way from one machine to an ASGI app, in process, for the virtual clock: it may be slow, cut, or lose answers.

Unlike httpx's own ASGI transport it streams, so a watch works.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

import httpx

from kube_wecom_eventer.demo.asgi import Application

Message = MutableMapping[str, Any]


class Link(httpx.AsyncBaseTransport):
    """``delay`` is asked for the seconds of each way. ``cut`` stops all packets both ways, ``mend`` lets them go on.

    A request is on its way even when its sender has given up waiting, as on a real network. ``loses`` tells of which
    requests the answer is lost, after they had their effect.
    """

    def __init__(self, app: Application, *, delay: Callable[[], float] = lambda: 0.0) -> None:
        self._app = app
        self._delay = delay
        self._up = asyncio.Event()
        self._up.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.loses: Callable[[httpx.Request], bool] = lambda _request: False
        self.requests: list[httpx.Request] = []

    def cut(self) -> None:
        self._up.clear()

    def mend(self) -> None:
        self._up.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        body = await request.aread()
        answer: asyncio.Queue[Message | Exception] = asyncio.Queue()
        gone = asyncio.Event()
        task = asyncio.create_task(self._carry(request, body, answer, gone))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            head = await answer.get()
        except BaseException:
            gone.set()
            raise
        if isinstance(head, Exception):
            raise head
        return httpx.Response(head["status"], headers=head["headers"], stream=_Body(answer, gone))

    async def aclose(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(
        self, request: httpx.Request, body: bytes, answer: asyncio.Queue[Message | Exception], gone: asyncio.Event
    ) -> None:
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            await self._travel()
            answer.put_nowait(httpx.ReadError("the answer is lost") if self.loses(request) else message)

        await self._travel()
        try:
            await self._app(_scope(request), receive, send)
        except ConnectionResetError:
            answer.put_nowait(httpx.ReadError("reset"))

    async def _travel(self) -> None:
        await asyncio.sleep(self._delay())
        await self._up.wait()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: asyncio.Queue[Message | Exception], gone: asyncio.Event) -> None:
        self._answer = answer
        self._gone = gone

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            part = await self._answer.get()
            if isinstance(part, Exception):
                raise part
            yield part.get("body", b"")
            more = part.get("more_body", False)

    async def aclose(self) -> None:
        self._gone.set()


def _scope(request: httpx.Request) -> Message:
    return {
        "type": "http",
        "method": request.method,
        "path": request.url.path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }
