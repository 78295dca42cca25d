"""httpx's transport over connections of our own, which are used again while they are young."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from urllib.request import getproxies

import httpx

from kube_wecom_eventer.http1.connection import Connection, httpx_errors
from kube_wecom_eventer.http1.messages import Chunks, Headers, answer_head, chunked, length, request_head

_KEPT_FOR = 5.0
"""Seconds for which a connection waits for another request, as with httpx: servers close those that wait longer."""

_MOST_KEPT = 8
"""Connections that wait."""

SocketOption = tuple[int, int, int]

_Origin = tuple[str, str, int, str]


def proxied() -> bool:
    """Return whether the environment names a proxy for anything."""
    return any(getproxies().get(scheme) for scheme in ("http", "https", "all"))


class DirectTransport(httpx.AsyncBaseTransport):
    """``tls``: for https. ``socket_options``: set on each connection."""

    def __init__(self, *, tls: ssl.SSLContext | None, socket_options: Sequence[SocketOption] = ()) -> None:
        self._tls = tls
        self._socket_options = socket_options
        self._kept: list[tuple[_Origin, Connection]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body can be read as it comes."""
        timeouts = request.extensions.get("timeout", {})
        url = request.url
        head = request_head(request.method.encode(), url.raw_path, request.headers.raw)
        host = url.raw_host.decode("ascii")
        name = request.extensions.get("sni_hostname") or host
        origin = url.scheme, host, url.port or (443 if url.scheme == "https" else 80), name
        body = await request.aread()
        connection = self._kept_one(origin) or await self._connect(origin, timeouts.get("connect"))
        try:
            connection.write(head + body)
            while True:
                status, headers, stays = answer_head(await connection.head(timeouts.get("read")))
                if status >= 200:
                    break

            def done(clean: bool) -> None:
                self._done(origin, connection, clean=clean and stays)

            empty = request.method == "HEAD" or status in (204, 304)
            stream = _Body(connection, headers, timeouts.get("read"), empty=empty, done=done)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(status, headers=headers, stream=stream)

    async def aclose(self) -> None:
        """Close the connections that wait; those in use are closed with their answers."""
        for _, connection in self._kept:
            connection.close()
        self._kept.clear()

    def _kept_one(self, origin: _Origin) -> Connection | None:
        self._let_old_go()
        for kept in self._kept:
            if kept[0] == origin:
                self._kept.remove(kept)
                return kept[1]
        return None

    def _let_old_go(self) -> None:
        """Close what has waited long enough, or can't be used any more. A waiting TLS connection holds 256 KB."""
        oldest = asyncio.get_running_loop().time() - _KEPT_FOR
        for kept in list(self._kept):
            if not kept[1].fresh or kept[1].idle_since <= oldest:
                self._kept.remove(kept)
                kept[1].close()

    def _done(self, origin: _Origin, connection: Connection, *, clean: bool) -> None:
        if not (clean and connection.fresh and len(self._kept) < _MOST_KEPT):
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._kept.append((origin, connection))
        loop.call_later(_KEPT_FOR, self._let_old_go)

    async def _connect(self, origin: _Origin, timeout: float | None) -> Connection:
        scheme, host, port, name = origin
        tls = self._tls if scheme == "https" else None
        with httpx_errors(httpx.ConnectError, httpx.ConnectTimeout):
            try:
                async with asyncio.timeout(timeout):
                    transport, connection = await asyncio.get_running_loop().create_connection(
                        Connection,
                        host,
                        port,
                        ssl=tls,
                        server_hostname=name if tls else None,
                        happy_eyeballs_delay=0.25,
                    )
            except (UnicodeError, OverflowError, IndexError):
                # A label of a name that is empty or too long, a port beyond 65535.
                raise httpx.ConnectError("no host has such a name or port") from None
            for option in self._socket_options:
                transport.get_extra_info("socket").setsockopt(*option)
        return connection


class _Body(httpx.AsyncByteStream):
    """An answer's body, in as large pieces as there are. ``done`` hears whether all of it was read, and no more."""

    def __init__(
        self,
        connection: Connection,
        headers: Headers,
        timeout: float | None,
        *,
        empty: bool,
        done: Callable[[bool], None],
    ) -> None:
        self._connection = connection
        self._timeout = timeout
        self._done: Callable[[bool], None] | None = done
        self._chunked, said = chunked(headers), length(headers)
        self._left = 0 if empty else None if self._chunked else said
        self._clean = self._left == 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._left is not None:
            pieces = self._of_length(self._left)
        else:
            pieces = self._in_chunks() if self._chunked else self._to_the_end()
        async for piece in pieces:
            yield piece

    async def _of_length(self, left: int) -> AsyncIterator[bytes]:
        while left:
            data = await self._read()
            if len(data) > left:
                self._connection.give_back(data[left:])
                data = data[:left]
            left -= len(data)
            yield data
        self._clean = True

    async def _in_chunks(self) -> AsyncIterator[bytes]:
        chunks = Chunks()
        while not chunks.complete:
            if part := chunks.feed(await self._read()):
                yield part
        self._clean = chunks.clean

    async def _to_the_end(self) -> AsyncIterator[bytes]:
        while data := await self._connection.read(self._timeout):
            yield data

    async def _read(self) -> bytes:
        data = await self._connection.read(self._timeout)
        if not data:
            raise httpx.RemoteProtocolError("the peer closed the connection in the middle of an answer")
        return data

    async def aclose(self) -> None:
        """Let go of the connection."""
        if self._done:
            self._done(self._clean)
            self._done = None
