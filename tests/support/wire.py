"""The way from our API client to an API server under test, on which a test may lose answers and cut in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from tests.support.api_servers import Server


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to ``server`` with all rights; ``api`` is our client at its near end.

    ``lose``: so many of the next writes have their effect, and their answer is lost. ``cut_in`` is awaited before
    each write.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.lose = 0
        self.cut_in: Callable[[], Awaitable[object]] | None = None
        self.api = ApiClient(
            connection=Connection(server=str(server.client.base_url), described="a test"), transport=self
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        writes = request.method != "GET"
        if writes and self.cut_in:
            await self.cut_in()
        answer = await self._server.client.request(
            request.method,
            request.url.raw_path.decode(),
            content=await request.aread(),
            headers={"Content-Type": "application/json"},
        )
        if writes and self.lose:
            self.lose -= 1
            raise httpx.ReadError("reset")
        return httpx.Response(
            answer.status_code, content=answer.content, headers=[("Content-Type", "application/json")]
        )
