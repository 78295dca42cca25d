"""Who connects and then says nothing, or does not fetch an answer, holds nothing for long."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.web.serving import Served, serve

SHORT = 0.3
"""Seconds of patience."""

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def answering(body: bytes) -> Callable[..., Awaitable[None]]:
    """Return an application that answers each request with the same."""

    async def application(_scope: Any, _receive: Any, send: Send) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection, and close it in the end."""
    reader, writer = await asyncio.open_connection(served.host, served.port, limit=1024)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Return whether the server ends the connection, within a few seconds."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(5.0):
            while await reader.read(65_536):
                pass
    return True


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nX:",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nX:",
    ],
)
async def test_a_request_that_does_not_come_ends_its_connection(said: bytes) -> None:
    """Nothing, half a head, half a head behind a whole request."""
    async with (
        serve(answering(b"ok"), host="127.0.0.1", port=0, patience=SHORT) as served,
        connected(served) as (reader, writer),
    ):
        writer.write(said)
        assert await ended(reader)


async def test_a_request_that_trickles_ends_its_connection() -> None:
    """Whoever sends a byte now and then gets no more time by that."""
    async with (
        serve(answering(b"ok"), host="127.0.0.1", port=0, patience=SHORT) as served,
        connected(served) as (reader, writer),
    ):

        async def trickle() -> None:
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while True:
                writer.write(b"x")
                await asyncio.sleep(SHORT / 10)

        trickling = asyncio.create_task(trickle())
        assert await ended(reader)
        trickling.cancel()


async def test_an_answer_that_nobody_fetches_ends_its_connection() -> None:
    """It would stay in the memory, as often as somebody asks for it."""
    long = 20_000_000
    async with (
        serve(answering(b"x" * long), host="127.0.0.1", port=0, patience=SHORT) as served,
        connected(served) as (reader, writer),
    ):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(2 * SHORT)
        fetched = 0
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65_536):
                fetched += len(part)
        assert fetched < long


async def test_a_probe_is_answered_however_many_connections_wait() -> None:
    """Those that have waited longest make room."""
    async with serve(answering(b"ok"), host="127.0.0.1", port=0) as served, contextlib.AsyncExitStack() as stack:
        readers = [(await stack.enter_async_context(connected(served)))[0] for _ in range(300)]
        async with httpx.AsyncClient() as client:
            assert (await client.get(served.url)).text == "ok"
        assert all([await ended(reader) for reader in readers[:40]])
        assert not readers[-1].at_eof()


async def test_a_connection_that_is_used_stays() -> None:
    """Each answer gives time for another one."""
    async with (
        serve(answering(b"ok"), host="127.0.0.1", port=0, patience=SHORT) as served,
        connected(served) as (reader, writer),
    ):
        for _ in range(6):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b"ok")
            await asyncio.sleep(SHORT / 3)
