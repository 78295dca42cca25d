"""Serves the demo's ASGI apps on loopback, inside the running loop, and lets them break their connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kube_wecom_eventer import web
from kube_wecom_eventer.demo.asgi import HANG_UP, RESET, Application, Receive, Scope, Send

GRACE = 0.2  # seconds that answers in flight get to end by themselves
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST instead of FIN


@asynccontextmanager
async def serve(app: Application, *, port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` on 127.0.0.1 and give its base URL; at the end no connection is left.

    ``port`` 0 takes a free one. Raises OSError when the port is in use.
    """
    async with web.serve(
        _WithBrokenConnections(app), host="127.0.0.1", port=port, grace=GRACE, patience=None
    ) as served:
        try:
            yield served.url
        finally:
            app.shut_down()


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
