"""Serves an ASGI app with uvicorn on loopback, inside the running loop.

Owns sockets and their end. Unlike ``uvicorn.run`` it takes no signals, logs nothing, and is gone within
moments, whatever is still open.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from kube_wecom_eventer.demo.asgi import HANG_UP, RESET, Application, Receive, Scope, Send

GRACE = 0.2  # seconds that answers in flight get to end by themselves
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST instead of FIN


@asynccontextmanager
async def serve(app: Application, *, port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` on 127.0.0.1 and give its base URL; at the end no connection is left.

    ``port`` 0 takes a free one. Raises OSError when the port is in use.
    """
    listener = _listen(port)
    config = uvicorn.Config(
        _WithBrokenConnections(app), lifespan="off", log_config=None, access_log=False, http="h11", ws="none"
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not Server.serve(): it takes over the process's signal handlers and looks for its end every 100 ms.
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        app.shut_down()
        await _end(server)
        await server.shutdown(sockets=[listener])


def _listen(port: int) -> socket.socket:
    # Not socket.create_server: it leaves the protocol 0, and asyncio sets TCP_NODELAY for TCP only.
    # With Nagle's algorithm a watch line waits 40 ms for the acknowledgement of the one before.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener


async def _end(server: uvicorn.Server) -> None:
    for listening in server.servers:
        listening.close()
    if server.server_state.tasks:
        await asyncio.wait(server.server_state.tasks, timeout=GRACE)
    for connection in list(server.server_state.connections):
        connection.transport.abort()


class _WithBrokenConnections:
    """Lets the app break its connection, which ASGI itself has no word for."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's send is a method of its request cycle, which holds the transport.
        transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]

        def reset() -> None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            transport.abort()

        scope["extensions"] = {**scope.get("extensions", {}), RESET: reset, HANG_UP: transport.close}
        await self._app(scope, receive, send)
