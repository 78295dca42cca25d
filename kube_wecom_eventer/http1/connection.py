"""One connection: bytes out, whatever has arrived in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import httpx

from kube_wecom_eventer.http1.messages import NO_HTTP

_ENOUGH = 256 * 1024
"""Bytes that may wait to be read; then the peer has to wait."""

_LONGEST_HEAD = 64 * 1024
"""Bytes."""

_HEAD_END = re.compile(rb"\n\r?\n")
"""Some servers leave out the carriage returns."""


class Connection(asyncio.Protocol):
    """Its errors are httpx's. ``timeout``: seconds; None waits for ever."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._arrived: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None
        self._transport: asyncio.Transport
        self.idle_since = 0.0

    @property
    def fresh(self) -> bool:
        """Whether another request may be sent: the peer has neither left nor said anything that nobody asked for, and
        has taken all of the last one."""
        wire = self._transport
        return not (self._ended or self._received or wire.is_closing() or wire.get_write_buffer_size())

    def write(self, data: bytes) -> None:
        """Send."""
        self._transport.write(data)

    async def head(self, timeout: float | None) -> bytes:
        """Return what has come up to the first empty line, without it."""
        while not (end := _HEAD_END.search(self._received)):
            if len(self._received) > _LONGEST_HEAD:
                raise httpx.RemoteProtocolError(NO_HTTP)
            if not await self._more(timeout):
                raise httpx.RemoteProtocolError("the peer closed the connection without an answer")
        head = bytes(self._received[: end.start()]).removesuffix(b"\r")
        del self._received[: end.end()]
        return head

    async def read(self, timeout: float | None) -> bytes:
        """Return what has come since, at least a byte; nothing at the end."""
        while not self._received and await self._more(timeout):
            pass
        data = bytes(self._received)
        self._received.clear()
        if not self._ended:
            self._transport.resume_reading()
        return data

    def give_back(self, data: bytes) -> None:
        """Take back what was read too much."""
        self._received[:0] = data

    def close(self) -> None:
        """End it at once: nothing more is wanted, and TLS would wait for the peer's word."""
        self._transport.abort()

    async def _more(self, timeout: float | None) -> bool:
        """Wait for more; return False at the end. What has come before the connection broke counts."""
        with httpx_errors(httpx.ReadError, httpx.ReadTimeout):
            if self._error:
                raise self._error
            if self._ended:
                return False
            self._arrived = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(timeout):
                await self._arrived
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._received += data
        if len(self._received) > _ENOUGH:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._arrived and not self._arrived.done():
            self._arrived.set_result(None)


@contextmanager
def httpx_errors(broken: type[httpx.NetworkError], late: type[httpx.TimeoutException]) -> Iterator[None]:
    """Raise what asyncio raises as httpx's errors."""
    try:
        yield
    except TimeoutError:
        raise late("") from None
    except OSError as error:
        raise broken(str(error)) from None
