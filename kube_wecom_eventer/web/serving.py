"""An ASGI application on a TCP port, inside the running loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from kube_wecom_eventer.web.endpoints import Application


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals to the program that we are a part of."""
        yield


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
async def serve(application: Application, *, host: str, port: int, grace: int = 1) -> AsyncIterator[Served]:
    """Serve until the block is left; open requests then get ``grace`` seconds.

    Raises:
        OSError: the address can't be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            server_header=False,
            timeout_graceful_shutdown=grace,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
        try:
            bound = listener.getsockname()
            yield Served(bound[0], bound[1])
        finally:
            server.should_exit = True
            await task
