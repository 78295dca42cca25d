"""An ASGI application on a TCP port, inside the running loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from kube_wecom_eventer.web.endpoints import Application


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
async def serve(application: Application, *, host: str, port: int, grace: float = 1.0) -> AsyncIterator[Served]:
    """Serve until the block is left; answers in flight then get ``grace`` seconds, and no connection is left.

    Raises:
        OSError: the address can't be bound.
    """
    listener = listen(host, port)
    config = uvicorn.Config(application, lifespan="off", log_config=None, access_log=False, http="h11", ws="none")
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
