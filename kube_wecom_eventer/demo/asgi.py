"""The few ASGI helpers that the API server and the WeCom group share.

Owns reading a request, answering it whole, and the ways in which an answer can fail to come.
Knows nothing of Kubernetes, WeCom or the HTTP server underneath.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# What an HTTP server may put into scope["extensions"]: a callable without arguments that ends the connection.
RESET = "demo.reset"
HANG_UP = "demo.hang_up"

BODY_LIMIT = 3 << 20  # bytes; the real API server's own limit for a request body


class Application(Protocol):
    """An ASGI app that can end what it has open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

    def shut_down(self) -> None:
        """End all answers that would not end by themselves."""


class BodyTooLarge(Exception):
    """The request's body is over BODY_LIMIT. ``exchange`` can answer it; its request's body is empty."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"the body is over {BODY_LIMIT} bytes")
        self.exchange = exchange


class ClientGone(Exception):
    """The client went away before its request was complete."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request, read whole. Header names are in lower case; of a repeated name the last one holds."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """One request and the means to answer it, or not to."""

    def __init__(self, *, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = request
        self._scope = scope
        self._receive = receive
        self._send = send

    async def respond(
        self,
        status: int,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send one whole answer."""
        length = {"content-length": str(len(body))}
        await self.start(status, content_type=content_type, headers={**length, **(headers or {})})
        await self.finish(body)

    async def start(
        self, status: int, *, content_type: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the status line and the headers; ``write`` and ``finish`` follow."""
        pairs = {"content-type": content_type, **(headers or {})}
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, part: bytes) -> None:
        """Send a part of the body, now."""
        await self._send({"type": "http.response.body", "body": part, "more_body": True})

    async def finish(self, part: bytes = b"") -> None:
        """Send the last part of the body."""
        await self._send({"type": "http.response.body", "body": part, "more_body": False})

    async def disconnected(self) -> None:
        """Return when the client, or the HTTP server that hosts us, has ended the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def reset(self) -> None:
        """Break the connection as a crashed peer does (TCP RST)."""
        await self._break(RESET)

    async def hang_up(self) -> None:
        """Close the connection after what has been sent, without completing the answer."""
        await self._break(HANG_UP)

    async def _break(self, way: str) -> None:
        end = self._scope.get("extensions", {}).get(way)
        if end is None:  # an in-process transport: its own way to say that the peer is gone
            raise ConnectionResetError("the demo server broke the connection")
        end()
        await self.disconnected()


async def read_exchange(scope: Scope, receive: Receive, send: Send) -> Exchange:
    """Read the request; raise BodyTooLarge or ClientGone."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge(Exchange(request=_request(scope, b""), scope=scope, receive=receive, send=send))
    return Exchange(request=_request(scope, bytes(body)), scope=scope, receive=receive, send=send)


def _request(scope: Scope, body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )
