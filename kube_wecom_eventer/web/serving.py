"""An ASGI application on a TCP port, inside the running loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from kube_wecom_eventer.web.endpoints import Application

PATIENCE = 30.0
"""Seconds from one answer to the end of the next one: for a request to come, and for the answer to be fetched."""

_MOST_CONNECTIONS = 256
"""Of one server; of more the one goes that has waited longest."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where the application answers: the bound address, so that port 0 can be asked for."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the base URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@asynccontextmanager
async def serve(
    application: Application, *, host: str, port: int, grace: float = 1.0, patience: float | None = PATIENCE
) -> AsyncIterator[Served]:
    """Serve until the block is left; answers in flight then get ``grace`` seconds, and no connection is left.

    ``patience``: seconds for an exchange; None: for ever, for answers that are streams.

    Raises:
        OSError: the address can't be bound.
    """
    listener = listen(host, port)
    protocol = cast("type[asyncio.Protocol]", partial(_Connection, patience=patience) if patience else H11Protocol)
    config = uvicorn.Config(application, lifespan="off", log_config=None, access_log=False, http=protocol, ws="none")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not Server.serve(): it takes over the process's signals, and wakes ten times a second to look for its end.
    await server.startup(sockets=[listener])
    try:
        bound = listener.getsockname()
        yield Served(bound[0], bound[1])
    finally:
        for listening in server.servers:
            listening.close()
        if server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks, timeout=grace)
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await server.shutdown(sockets=[listener])


class _Connection(H11Protocol):
    """uvicorn's, which waits for ever for a request's head, and for an answer to be fetched: whoever opens connections
    and says nothing would take all files that the process may open, and its memory."""

    def __init__(self, *args: Any, patience: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience = patience
        self._limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._begin()
        if len(self.connections) > _MOST_CONNECTIONS:
            oldest = min((each for each in self.connections if isinstance(each, _Connection)), key=_Connection.due)
            self.connections.discard(oldest)
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._end()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next one, and for this one to be fetched."""
        self._begin()
        super().on_response_complete()

    def due(self) -> float:
        """Return when it is ended, on the loop's clock."""
        return self._limit.when() if self._limit else 0.0

    def _begin(self) -> None:
        self._end()
        self._limit = self.loop.call_later(self._patience, self.transport.abort)

    def _end(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises OSError."""
    # Not socket.create_server: it leaves the protocol 0, and asyncio sets TCP_NODELAY only where it reads TCP.
    # With Nagle's algorithm a line of a stream waits 40 ms for the acknowledgement of the one before.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener
