"""The way from our API client to an API server under test, on which a test may lose answers and cut in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl

import httpx

from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from tests.support.api_servers import Server


class _Stream(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_raw():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to ``server`` with all rights; ``api`` is our client at its near end.

    ``lose``: so many of the next writes have their effect, and their answer is lost. ``cut_in`` is awaited before
    each write. ``broken``: no request gets through. ``queries`` are those of the GETs that got through.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.lose = 0
        self.cut_in: Callable[[], Awaitable[object]] | None = None
        self.broken = False
        self.queries: list[dict[str, str]] = []
        self.api = ApiClient(
            connection=Connection(server=str(server.client.base_url), described="a test"), transport=self
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        if self.broken:
            raise httpx.ConnectError("refused")
        if request.method == "GET":
            self.queries.append(dict(parse_qsl(request.url.query.decode())))
            return await self._streamed(request)
        if self.cut_in:
            await self.cut_in()
        answer = await self._server.client.request(
            request.method,
            request.url.raw_path.decode(),
            content=await request.aread(),
            headers={"Content-Type": "application/json"},
        )
        if self.lose:
            self.lose -= 1
            raise httpx.ReadError("reset")
        return httpx.Response(
            answer.status_code, content=answer.content, headers=[("Content-Type", "application/json")]
        )

    async def _streamed(self, request: httpx.Request) -> httpx.Response:
        client = self._server.client
        timeout = httpx.Timeout(**request.extensions["timeout"])
        sent = client.build_request("GET", request.url.raw_path.decode(), timeout=timeout)
        answer = await client.send(sent, stream=True)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=_Stream(answer))
